import {findCredential} from '../credentials/find.js'
import type {CredentialStores} from '../credentials/stores.js'
import type {Endpoints} from '../heroku/endpoints.js'
import {UserError} from '../errors.js'
import {configuredHosts} from './configured-hosts.js'
import {formatAnswer, isFor, parseRequest, QUIT, type Request} from './protocol.js'

/** What git gets on stdout, and what the user gets on stderr; both may be empty. */
export interface Reply {
  stdout: string
  stderr: string
}

const NOTHING: Reply = {stdout: '', stderr: ''}

/**
 * Answers git, which goes on to the next helper if stdout is empty, and ignores exit statuses.
 * @param operation `get`, or anything else, which is ignored: a failed push must not end a login
 * @param input what git wrote on our stdin
 * @param env the environment of the shell that runs git
 * @param hosts the Heroku that the environment names
 * @param open the places of tokens, for the Heroku that git asks about
 */
export async function answer(
  operation: string | undefined,
  input: string,
  {env, hosts, open}: {env: NodeJS.ProcessEnv; hosts: Endpoints; open: (hosts: Endpoints) => CredentialStores},
): Promise<Reply> {
  if (operation !== 'get') return NOTHING
  const request = parseRequest(input)
  if (isFor(hosts.git, request)) return reply(open(hosts), request)
  // git may be configured for another Heroku than the environment names, as in the window of a desktop program.
  const configured = configuredHosts(env).find(({git}) => isFor(git, request))
  if (!configured) return NOTHING
  const stores = open({...hosts, api: configured.api, git: configured.git})
  // HEROKU_API_KEY is for the Heroku that the environment names.
  return stores.apiKey === undefined ? reply(stores, request) : NOTHING
}

async function reply(stores: CredentialStores, {authtype}: Request): Promise<Reply> {
  try {
    const lookup = await findCredential(stores)
    if (lookup.outcome === 'found') return {stdout: formatAnswer(lookup.credential.token, authtype), stderr: ''}
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

/** Reported once: the next helper would wait and report the same, and the terminal would ask for a password. */
const unreadable = ({hint, message}: {message: string; hint?: string | undefined}): Reply => ({
  stdout: QUIT,
  stderr: line(message, hint),
})

const line = (message: string, hint: string | undefined) =>
  `heroku: ${message}${hint === undefined ? '' : `; try this: ${hint}`}\n`
