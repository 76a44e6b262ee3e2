// git's credential helper protocol: https://git-scm.com/docs/gitcredentials#_custom_helpers
import {FORWARDING} from '../backends/git-credential.js'
import {findCredential} from '../credentials/find.js'
import {describeSelection} from '../credentials/selected-account.js'
import {isAddress} from '../credentials/selection.js'
import type {CredentialStores, FoundCredential} from '../credentials/stores.js'
import type {Endpoints} from '../heroku/endpoints.js'
import {UserError} from '../errors.js'
import {printable} from '../ui/printable.js'
import {configuredHosts} from './configured-hosts.js'

/** The attributes of git's request that we use; it may have others. */
export interface Request {
  protocol: string | undefined
  host: string | undefined
  /** From the remote's URL, or `credential.<url>.username`. */
  username: string | undefined
  /** Whether git (2.46 and later) accepts a complete Authorization header. */
  authtype: boolean
}

/** Ends git's search: git asks no other helper and shows no prompt. */
export const QUIT = 'quit=1\n'

/** Parses `name=value` lines up to an empty one. Never throws. */
export function parseRequest(input: string): Request {
  const attributes = new Map<string, string>()
  let capabilities: string[] = []
  for (const line of input.split(/\r?\n/u)) {
    if (line === '') break
    const equals = line.indexOf('=')
    if (equals <= 0) continue
    const [name, value] = [line.slice(0, equals), line.slice(equals + 1)]
    attributes.set(name, value)
    // An empty value clears the list (git-credential(1), "Attributes ending in []").
    if (name === 'capability[]') capabilities = value === '' ? [] : [...capabilities, value]
  }

  return {
    protocol: attributes.get('protocol'),
    host: attributes.get('host'),
    username: attributes.get('username'),
    authtype: capabilities.includes('authtype'),
  }
}

/**
 * Whether a request is for the Heroku git host.
 * @param gitHost with its port, if any
 */
export function isFor(gitHost: string, {host, protocol}: Pick<Request, 'host' | 'protocol'>): boolean {
  return (
    protocol === 'https' && host?.toLowerCase().replace(/:443$/u, '') === gitHost.toLowerCase().replace(/:443$/u, '')
  )
}

/**
 * Formats the answer; empty for a token that would add lines to it.
 *
 * After a success git passes a username and password to every configured helper, even to one that writes them to a file. It
 * passes an ephemeral credential only to helpers that support these, and they must not store it.
 * @param token any text
 * @param request whether git supports ephemeral credentials, and the username that it asked for
 * @param expiresAt ISO 8601: git 2.40 and later does not use the token after that
 */
export function formatAnswer(
  token: string,
  {authtype, username: asked}: Pick<Request, 'authtype' | 'username'>,
  expiresAt = '',
): string {
  // eslint-disable-next-line no-control-regex -- the protocol's separators
  if (/[\n\r\u0000]/u.test(token)) return ''
  // Heroku accepts any. A colon would end it (RFC 7617, section 2).
  const username = !asked || asked.includes(':') ? 'heroku' : asked
  const end = Math.floor(Date.parse(expiresAt) / 1000)
  const expiry = Number.isNaN(end) ? '' : `password_expiry_utc=${end}\n`
  if (!authtype) return `username=${username}\npassword=${token}\n${expiry}`
  const credential = Buffer.from(`${username}:${token}`).toString('base64')
  return `capability[]=authtype\nauthtype=Basic\ncredential=${credential}\nephemeral=1\n${expiry}`
}

/** The answer to git on stdout, and a message to the user on stderr; both may be empty. */
export interface Reply {
  stdout: string
  stderr: string
}

const NOTHING: Reply = {stdout: '', stderr: ''}

/**
 * Answers git, which asks the next helper if stdout is empty and ignores exit statuses.
 * @param operation `get`; any other is ignored: a failed push must not end a login
 * @param input git's request
 * @param env the environment of the shell that runs git
 * @param endpoints the endpoints that this environment names
 * @param open opens the stores for the endpoints that git asks about
 */
export async function answer(
  operation: string | undefined,
  input: string,
  {
    env,
    endpoints,
    open,
  }: {env: NodeJS.ProcessEnv; endpoints: Endpoints; open: (endpoints: Endpoints) => CredentialStores},
): Promise<Reply> {
  // If a command of ours asked git, it asks the helpers after this one.
  if (operation !== 'get' || env[FORWARDING] !== undefined) return NOTHING
  const request = parseRequest(input)
  if (isFor(endpoints.git, request)) return reply(open(endpoints), request)
  // git may be configured for another HEROKU_HOST than this environment's, for example in a graphical git client.
  const configured = configuredHosts(env).find(({git}) => isFor(git, request))
  if (!configured) return NOTHING
  const stores = open({...endpoints, api: configured.api, git: configured.git})
  // HEROKU_API_KEY belongs to the environment's HEROKU_HOST.
  return stores.apiKey === undefined ? reply(stores, request) : NOTHING
}

async function reply(stores: CredentialStores, request: Request): Promise<Reply> {
  try {
    const lookup = await findCredential(stores, {username: request.username})
    if (lookup.outcome === 'found') {
      const {credential} = lookup
      const {expiresAt, token} = credential
      return {stdout: formatAnswer(token, request, expiresAt), stderr: noticeOf(credential, request)}
    }
    if (lookup.outcome === 'failed') return unreadable(lookup.error)
    const {because} = lookup
    return {
      stdout: '',
      stderr: line(because === undefined ? 'not logged in' : `not logged in: ${because}`, 'heroku login'),
    }
  } catch (error) {
    if (error instanceof UserError) return unreadable(error)
    throw error
  }
}

/** Tells the user which account a push uses, if it need not be the current one. */
function noticeOf({account = '', selected, source}: FoundCredential, {username = ''}: Request): string {
  if (selected) return line(`using account ${printable(account)} (${describeSelection(selected)})`)
  return source === 'HEROKU_API_KEY' && isAddress(username)
    ? line(`using HEROKU_API_KEY, and not account ${printable(username)} (the remote's URL)`)
    : ''
}

/** Reported once: the next helper would wait and report the same failure, and git would prompt for a password. */
const unreadable = ({hint, message}: {message: string; hint?: string | undefined}): Reply => ({
  stdout: QUIT,
  stderr: line(message, hint),
})

const line = (message: string, hint?: string) =>
  `heroku: ${message}${hint === undefined ? '' : `; try this: ${hint}`}\n`
