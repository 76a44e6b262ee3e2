import {type Lookup, findToken} from '../credentials/find.js'
import type {Places} from '../credentials/places.js'
import type {Hosts} from '../hosts.js'
import {isTold} from '../user-error.js'
import {configuredHosts} from './configured.js'
import {formatAnswer, isFor, parseRequest} from './protocol.js'

/** What git gets on stdout, and what the user gets on stderr; both may be empty. */
export interface Reply {
  stdout: string
  stderr: string
}

const NOTHING: Reply = {stdout: '', stderr: ''}

/**
 * Answers git, which goes on to the next helper if stdout is empty, and ignores exit statuses.
 * @param operation `get`, or anything else, which is ignored: a failed push must log nobody out
 * @param input what git wrote on our stdin
 * @param hosts the Heroku that the environment names
 * @param open the places of tokens, for the Heroku that git asks about
 */
export async function answer(
  operation: string | undefined,
  input: string,
  {dataDir, hosts, open}: {dataDir: string; hosts: Hosts; open: (hosts: Hosts) => Places},
): Promise<Reply> {
  if (operation !== 'get') return NOTHING
  const request = parseRequest(input)
  if (isFor(hosts.git, request)) return reply(open(hosts))
  // git was configured for another Heroku than the environment names now, as a window of a desktop program may have it.
  const configured = configuredHosts(dataDir).find(({git}) => isFor(git, request))
  if (!configured) return NOTHING
  const places = open({...hosts, api: configured.api, git: configured.git})
  // HEROKU_API_KEY is for the Heroku that the environment names.
  return places.apiKey === undefined ? reply(places) : NOTHING
}

async function reply(places: Places): Promise<Reply> {
  try {
    const looked = await findToken(places)
    return looked.found ? {stdout: formatAnswer(looked.found.token), stderr: ''} : explain(looked)
  } catch (error) {
    if (isTold(error)) return trouble(error.message, error.hint)
    throw error
  }
}

function explain({because, trouble: failed}: Exclude<Lookup, {found: object}>): Reply {
  return trouble(because === undefined ? 'not logged in' : `not logged in: ${because}`, failed?.hint ?? 'heroku login')
}

const trouble = (message: string, hint: string | undefined): Reply => ({
  stdout: '',
  stderr: `heroku: ${message}${hint === undefined ? '' : `; try this: ${hint}`}\n`,
})
