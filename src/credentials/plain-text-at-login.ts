import {defined} from '../defined.js'
import {StorageError, UserError} from '../errors.js'
import {SET_UP_PASS} from '../backends/password-store-folder.js'
import {NETRC} from '../backends/store-choice.js'
import {currentOnRecord} from './login-state.js'
import {readLoginState} from './login-files.js'
import {reachableKeychain} from './reachable-keychain.js'
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
  // The account is not known yet; that of the last login is the likely one.
  const keychains = stores.keychainsForLogin(currentOnRecord(readLoginState(dataDir))?.account)
  const reached = await reachableKeychain(keychains, env)
  if (reached instanceof StorageError) {
    const {hint, message} = reached
    if (chosen) throw new UserError(`the token cannot be stored in ${keychains[0]?.title}: ${message}`, hint)
    // The keyring's own hint leads to plain text.
    return {because: message, ...defined({hint: keychains[0]?.name === 'secret-service' ? SET_UP_PASS : hint})}
  }
  if (reached || keychain.name !== undefined) return undefined
  return {
    because: keychain.because,
    hint: [...(keychain.hint === undefined ? [] : [keychain.hint]), SET_UP_PASS].join('; or '),
  }
}
