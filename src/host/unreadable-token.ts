/**
 * A placeholder for a token that exists but cannot be read. The Heroku CLI's client takes every error to mean 'not logged in',
 * forgets the account and offers a login. It keeps the placeholder like a token; any use of it throws the error.
 */
export function unreadableToken(error: Error): string {
  const token = new Proxy(
    {},
    {
      get(_, key) {
        // Read by a promise that is resolved with the placeholder.
        if (key === 'then') return undefined
        throw error
      },
    },
  )
  return token as string
}
