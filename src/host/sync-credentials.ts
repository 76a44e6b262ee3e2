// The four tiers, as the overlay of netrc-parser needs them: asked at most once a process, and kept up to date by what
// is saved in it.
import type {Hosts} from '../hosts.js'
import type {PolledTool} from '../polled-tool.js'
import {UserError} from '../user-error.js'
import {askAtOnce} from './ask-at-once.js'
import {askStandingStill} from './ask-standing-still.js'
import {isTerminal, openHostPlaces} from './host-places.js'
import type {Answer, Changes, Reply, Request, Trouble} from './netrc-answer.js'
import {forHost} from './refusal.js'
import {startThread} from './thread.js'

// Later than a keyring that is well answers.
const AT_ONCE_MS = 250

export interface SyncCredentials {
  /** The two machines that a Heroku login has. */
  readonly hosts: Pick<Hosts, 'api' | 'git'>
  /** Whether `.netrc` is all there is, because HEROKU_NETRC_WRITE says so. */
  readonly netrcOnly: boolean
  /** Whether there is anything to ask beyond what a reader finds in `.netrc` by itself. */
  readonly asks: boolean
  /** Whether the answer is known already. */
  readonly isKnown: () => boolean
  /**
   * What the four tiers say; waits for it standing still, the first time.
   * @throws {Error} for the host to print, if there is no answer
   */
  readonly find: () => Answer
  /** @throws {Error} for the host to print, if not all of it was done */
  readonly save: (changes: Changes) => Promise<void>
  /** The same, standing still. */
  readonly saveSync: (changes: Changes) => void
}

/**
 * Opens them for this process. Nothing is asked, read or started yet.
 * @param config the host's; `bin` begins what the user is told
 * @param start gives a thread that can be asked; default: a new one
 * @param atOnceMs how long an answer is waited for without one, in milliseconds
 */
export function openSyncCredentials(
  {bin, dataDir}: {bin: string; dataDir: string},
  {start = startThread, atOnceMs = AT_ONCE_MS} = {},
): SyncCredentials {
  const open = () => openHostPlaces({bin, dataDir})
  const places = open()
  const {apiKey, around, keychain, netrcOnly} = places
  const asks = apiKey === undefined && keychain !== undefined
  let answer: Answer | undefined

  const standingStill = (request: Request, asked?: PolledTool): Reply =>
    askStandingStill(start(), {request, bin, dataDir, terminal: isTerminal(), asked}, around)
  const find = (): Reply => {
    const question = asks ? askAtOnce(places) : undefined
    if (!question) return standingStill({verb: 'find'})
    try {
      const found = question.wait(atOnceMs)
      return found ? {ok: {kind: 'found', found}} : standingStill({verb: 'find'}, question.handOver())
    } finally {
      question.close()
    }
  }
  const remember = (replied: Reply) => {
    if ('ok' in replied) return (answer = replied.ok ?? answer)
    // Some of it may have been done: what was known is known no longer.
    answer = undefined
    throw errorOf(replied.failed)
  }

  return {
    hosts: around.hosts,
    netrcOnly,
    asks,
    isKnown: () => answer !== undefined,
    find: () => answer ?? remember(find()) ?? {kind: 'nothing'},
    async save(changes) {
      const {reply} = await import('./netrc-answer.js')
      remember(await reply(open(), {verb: 'save', changes}))
    },
    saveSync(changes) {
      remember(standingStill({verb: 'save', changes}))
    },
  }
}

export const errorOf = ({exitCode, hint, message}: Trouble): Error => forHost(new UserError(message, hint, exitCode))
