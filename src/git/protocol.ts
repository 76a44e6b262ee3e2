// git's credential helper protocol: https://git-scm.com/docs/gitcredentials#_custom_helpers

/** What git asks for; attributes that we do not know are nobody's business here. */
export interface Request {
  protocol: string | undefined
  host: string | undefined
}

/** Reads what git writes: `name=value` lines up to an empty one. Never throws: there is nothing that git may not send. */
export function parseRequest(input: string): Request {
  const attributes = new Map<string, string>()
  for (const line of input.split(/\r?\n/u)) {
    if (line === '') break
    const equals = line.indexOf('=')
    if (equals > 0) attributes.set(line.slice(0, equals), line.slice(equals + 1))
  }

  return {protocol: attributes.get('protocol'), host: attributes.get('host')}
}

/**
 * Whether it is for us to answer.
 * @param gitHost the Heroku git host, with a port if there is one
 */
export function isFor(gitHost: string, {host, protocol}: Request): boolean {
  return (
    protocol === 'https' && host?.toLowerCase().replace(/:443$/u, '') === gitHost.toLowerCase().replace(/:443$/u, '')
  )
}

/**
 * Writes the answer. Nothing, for a token that would add lines to it.
 * @param token may be anything
 */
export function formatAnswer(token: string): string {
  // eslint-disable-next-line no-control-regex -- these three are what the protocol is made of
  return /[\n\r\u0000]/u.test(token) ? '' : `username=heroku\npassword=${token}\n`
}
