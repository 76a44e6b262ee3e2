/**
 * What stands for a token that is there and cannot be read. The Heroku CLI's client takes every error for 'not logged
 * in', forgets who was, and offers a login; this it keeps as it would a token, and whoever puts it into a request, or looks
 * at it in any other way, gets the error.
 */
export function unreadableToken(error: Error): string {
  const token = new Proxy(
    {},
    {
      get(_, key) {
        // A promise asks that of whatever it is resolved with.
        if (key === 'then') return undefined
        throw error
      },
    },
  )
  return token as string
}
