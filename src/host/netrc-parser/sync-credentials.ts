// The four tiers, as the overlay of netrc-parser needs them: asked at most once a process, and kept up to date by what
// is saved in it.
import type {Endpoints} from '../../heroku/endpoints.js'
import {UserError} from '../../errors.js'
import {askKeyring, askWorker, workerLimitMs} from './blocking.js'
import {openHostStores} from '../host-stores.js'
import type {Answer, Changes, Reply, Request, Failure} from './requests.js'

export interface SyncCredentials {
  /** The two machines that a Heroku login has. */
  readonly hosts: Pick<Endpoints, 'api' | 'git'>
  /** Whether `.netrc` is all there is, because HEROKU_NETRC_WRITE says so. */
  readonly netrcOnly: boolean
  /** Whether there is anything to ask beyond what a reader finds in `.netrc` by itself. */
  readonly asks: boolean
  /** Whether the answer is known already. */
  readonly isKnown: () => boolean
  /**
   * What the four tiers say. Blocks the first time.
   * @throws {Error} for the host to print, if there is no answer
   */
  readonly find: () => Answer
  /** @throws {Error} for the host to print, if not all of it was done */
  readonly save: (changes: Changes) => Promise<void>
  /** The same; blocks. */
  readonly saveSync: (changes: Changes) => void
}

/**
 * Opens them for this process. Nothing is asked, read or started yet.
 * @param config the host's; `bin` begins what the user is told
 * @param options.worker the worker process's program; default: the one that this package was built with
 * @param options.keyringMs how long the keyring may take before the worker starts, in milliseconds
 */
export function openSyncCredentials(
  {bin, dataDir}: {bin: string; dataDir: string},
  {worker, keyringMs}: {worker?: URL; keyringMs?: number} = {},
): SyncCredentials {
  const open = () => openHostStores({bin, dataDir})
  const stores = open()
  const {apiKey, context, keychain, netrcOnly} = stores
  const asks = apiKey === undefined && keychain !== undefined
  let answer: Answer | undefined

  const block = (request: Request): Reply => askWorker({request, bin, dataDir}, workerLimitMs(context), worker)
  const find = (): Reply => {
    const found = asks ? askKeyring(stores, keyringMs) : undefined
    return found ? {ok: {kind: 'found', found}} : block({verb: 'find'})
  }
  const remember = (replied: Reply) => {
    if ('ok' in replied) return (answer = replied.ok ?? answer)
    // Some of it may have been done: what was known is known no longer.
    answer = undefined
    throw errorOf(replied.failed)
  }

  return {
    hosts: context.endpoints,
    netrcOnly,
    asks,
    isKnown: () => answer !== undefined,
    find: () => answer ?? remember(find()) ?? {kind: 'nothing'},
    async save(changes) {
      const {reply} = await import('./requests.js')
      remember(await reply(open(), {verb: 'save', changes}))
    },
    saveSync(changes) {
      remember(block({verb: 'save', changes}))
    },
  }
}

export const errorOf = ({exitCode, hint, message}: Failure): Error => new UserError(message, hint, exitCode)
