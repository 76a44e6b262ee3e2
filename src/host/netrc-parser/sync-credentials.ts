// The credential lookup for netrc-parser's users: runs at most once per process; each save updates the result.
import {selectionHere} from '../../credentials/selection.js'
import type {CredentialStores} from '../../credentials/stores.js'
import type {Endpoints} from '../../heroku/endpoints.js'
import {UserError} from '../../errors.js'
import {askKeyring, askWorker, workerLimitMs} from './blocking.js'
import {openHostStores} from '../host-stores.js'
import type {Answer, Changes, Reply, Request, Failure} from './requests.js'

export interface SyncCredentials {
  /** The hosts of Heroku's two machine entries. */
  readonly endpoints: Pick<Endpoints, 'api' | 'git'>
  /** Whether only `.netrc` is used, because HEROKU_NETRC_WRITE is true. */
  readonly netrcOnly: boolean
  /** False if the entries in `.netrc` are already the answer. */
  readonly needsLookup: boolean
  /** Whether an account is selected, which `.netrc` need not hold; also if only the lookup can say. */
  readonly isSelected: () => boolean
  /** Whether the result of the lookup is known. */
  readonly isKnown: () => boolean
  /**
   * The result of the lookup. Blocks the first time.
   * @throws {Error} for the host to print, if the lookup failed
   */
  readonly find: () => Answer
  /** @throws {Error} for the host to print, if not all changes were saved */
  readonly save: (changes: Changes) => Promise<void>
  /** Like {@link save}; blocks. */
  readonly saveSync: (changes: Changes) => void
}

/**
 * Reads and starts nothing yet.
 * @param config the host's; each notice begins with `bin`
 * @param options.worker the worker's program. Default: the one in this package
 * @param options.keyringMs the time limit for the keyring, in milliseconds; the worker starts when it is over
 */
export function openSyncCredentials(
  {bin, dataDir}: {bin: string; dataDir: string},
  {worker, keyringMs}: {worker?: URL; keyringMs?: number} = {},
): SyncCredentials {
  const open = () => openHostStores({bin, dataDir})
  const stores = open()
  const {apiKey, context, keychain, netrcOnly} = stores
  let answer: Answer | undefined
  let needed: boolean | undefined

  const block = (request: Request): Reply => askWorker({request, bin, dataDir}, workerLimitMs(context), worker)
  const find = (): Reply => {
    const found = keychain && apiKey === undefined ? askKeyring(stores, keyringMs) : undefined
    return found ? {ok: {kind: 'found', found}} : block({verb: 'find'})
  }
  const resultOf = (replied: Reply) => {
    if ('ok' in replied) return (answer = replied.ok ?? answer)
    // Some of the changes may have been saved, so the last result may be out of date.
    answer = undefined
    throw errorOf(replied.failed)
  }

  return {
    endpoints: context.endpoints,
    netrcOnly,
    get needsLookup() {
      return (needed ??= apiKey === undefined && (keychain !== undefined || isSelected(stores)))
    },
    isSelected: () => isSelected(stores),
    isKnown: () => answer !== undefined,
    find: () => answer ?? resultOf(find()) ?? {kind: 'nothing'},
    async save(changes) {
      const {reply} = await import('./requests.js')
      resultOf(await reply(open(), {verb: 'save', changes}))
    },
    saveSync(changes) {
      resultOf(block({verb: 'save', changes}))
    },
  }
}

function isSelected(stores: CredentialStores): boolean {
  try {
    return selectionHere(stores) !== undefined
  } catch {
    return true
  }
}

export const errorOf = ({exitCode, hint, message}: Failure): Error => new UserError(message, hint, exitCode)
