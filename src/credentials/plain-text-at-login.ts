import {defined} from '../defined.js'
import {StorageError, UserError} from '../errors.js'
import {hasSessionBus} from '../backends/session-bus.js'
import {noSession} from '../backends/secret-tool.js'
import {NETRC} from '../backends/store-choice.js'
import {currentOnRecord} from './login-state.js'
import {readLoginState} from './login-files.js'
import type {CredentialStores} from './stores.js'

/** Why no encrypted store of this machine can take a token. */
interface NoStore {
  because: string
  hint?: string
}

/**
 * Finds out before a login whether its token would be in plain text although the user did not ask for that.
 * @returns the `.netrc` that would hold it, and why; undefined if an encrypted store can take it, or the user chose `.netrc`
 * @throws {UserError} if the chosen store cannot be reached
 */
export async function plainTextAtLogin(stores: CredentialStores): Promise<(NoStore & {path: string}) | undefined> {
  const noStore = await missingStore(stores)
  if (!noStore) return undefined
  const {encrypted, path} = await stores.netrc()
  return encrypted ? undefined : {...noStore, path}
}

async function missingStore(stores: CredentialStores): Promise<NoStore | undefined> {
  const {chosen, dataDir, env, keychain} = stores.context
  if (stores.netrcOnly || chosen?.store === NETRC) return undefined
  let failure: StorageError | undefined
  // The account is not known yet; that of the last login is the likely one.
  for (const each of stores.keychainsForLogin(currentOnRecord(readLoginState(dataDir))?.account)) {
    try {
      if (each.name === 'secret-service') assertSessionBus(env)
      // The others of a platform are always there, and may prompt.
      else if (each.name !== 'macos-keychain' && each.name !== 'windows-vault') await each.assertReachable()
      return undefined
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      if (chosen) throw new UserError(`the token cannot be stored in ${each.title}: ${error.message}`, error.hint)
      failure ??= error
    }
  }
  if (failure) return {because: failure.message, ...defined({hint: failure.hint})}
  return keychain.name === undefined ? keychain : undefined
}

/** Not a call of the keyring, which may hang: a login must be able to wait for the browser before it waits for that. */
function assertSessionBus(env: NodeJS.ProcessEnv): void {
  if (!hasSessionBus(env)) throw noSession()
}
