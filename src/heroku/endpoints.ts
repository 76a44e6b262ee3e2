// HEROKU_HOST and related variables -> URLs and machine names, by the rules of the Heroku CLI.

const DEFAULT_HOST = 'heroku.com'
const DOMAINS = ['heroku.com', 'herokai.com', 'herokuspace.com', 'herokudev.com']
const LOOPBACK = ['localhost', '127.0.0.1']

/** Whether a host name is this machine's. */
export const isThisMachine = (hostname: string) => LOOPBACK.includes(hostname)

export interface Endpoints {
  /** The Platform API, as a URL without a slash at the end. */
  apiUrl: string
  /** The API's machine name in `.netrc`: a host name, with the port if there is one. */
  api: string
  /** The same for git over HTTPS. */
  git: string
  /** The login host for the browser login, as a URL without a slash at the end. */
  loginUrl: string
  /** One sentence for each variable that we ignored, since we send no token to its host. */
  warnings: string[]
}

/**
 * Reads the endpoints from the environment.
 *
 * Tokens are sent only to Heroku's domains and this machine: a variable alone must not be enough to steal one.
 */
export function endpointsFrom(env: NodeJS.ProcessEnv): Endpoints {
  const warnings: string[] = []
  const allowed = (variable: string) => {
    const value = env[variable]?.replace(/(?<=[^/:])\/+$/u, '')
    if (!value) return
    const url = allowedUrl(value)
    if (!url) warnings.push(`${variable} is set to a host that is not Heroku's; it is ignored`)
    return url && {value, url}
  }

  const host = allowed('HEROKU_HOST')
  const gitHost = allowed('HEROKU_GIT_HOST')
  const loginHost = allowed('HEROKU_LOGIN_HOST')
  // An IP address has no subdomains: `https://api.127.0.0.1` is not a valid URL.
  const isUrl = host !== undefined && (hasScheme(host.value) || host.url.hostname === '127.0.0.1')
  const name = host?.url.host ?? DEFAULT_HOST
  return {
    apiUrl: isUrl ? host.url.origin : `https://api.${name}`,
    api: isUrl ? name : `api.${name}`,
    git: gitHost?.url.host ?? (isUrl ? name : `git.${name}`),
    loginUrl: loginHost?.url.origin ?? 'https://cli-auth.heroku.com',
    warnings,
  }
}

/** Whether {@link endpointsFrom} can return this machine name; for a name from a file. */
export function isAllowedHost(name: string): boolean {
  // HEROKU_HOST=localhost gives api.localhost and git.localhost.
  const bare = name.replace(/^(?:api|git)\.(?=localhost(?::\d+)?$)/u, '')
  return allowedUrl(bare)?.host === bare
}

/** Whether a variable is set to a URL that no token may be sent to. */
export const isForeignUrl = (value: string | undefined): boolean =>
  value !== undefined && value !== '' && (!hasScheme(value) || allowedUrl(value) === undefined)

const hasScheme = (value: string) => /^https?:\/\//u.test(value)

/** The value as a URL, if it is a bare host or an http(s) origin that a token may be sent to. */
function allowedUrl(value: string): URL | undefined {
  const text = hasScheme(value) ? value : `https://${value}`
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const {hostname} = url
  const bare = url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password
  const loopback = isThisMachine(hostname)
  const heroku = DOMAINS.some((domain) => hostname === domain || hostname.endsWith(`.${domain}`))
  // Never send a token over the network without TLS.
  const safe = loopback || url.protocol === 'https:'
  return bare && safe && (loopback || heroku) ? url : undefined
}
