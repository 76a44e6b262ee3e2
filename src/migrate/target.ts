import type {GuardedKeychain} from '../credentials/guarded-keychain.js'
import {readLoginState} from '../credentials/login-files.js'
import {reachableKeychain} from '../credentials/reachable-keychain.js'
import type {CredentialStores} from '../credentials/stores.js'
import {recordOfAccount} from '../credentials/token-record.js'
import {StorageError} from '../errors.js'
import {NETRC} from '../backends/store-choice.js'
import {copyIn} from './survey.js'

/** The value of `--to` for the preferred keychain of this machine. */
export const PREFERRED = 'keychain'

/**
 * The keychain that a migrate moves tokens to, or from if it moves them to `.netrc`.
 * @param to the store that the user named, if any
 * @param account the account that will be current
 * @returns the account's, or the named one; else, as at a login, the first that can be reached. If none can, the first, whose
 *   failure is to be reported; undefined if this machine has none
 */
export async function keychainOfMigrate(
  stores: CredentialStores,
  to: string | undefined,
  account: string | undefined,
): Promise<GuardedKeychain | undefined> {
  if (to === NETRC) return (await withLeftCopy(stores, account)) ?? stores.keychainOf(account)
  if (to !== undefined && to !== PREFERRED) return stores.keychainOf(account)
  const keychains = stores.keychainsForLogin(to === PREFERRED ? undefined : account)
  const reached = await reachableKeychain(keychains, stores.context.env)
  return reached instanceof StorageError ? keychains[0] : reached
}

/** The keychain in which a migrate to `.netrc` that was killed or failed has left a copy. */
async function withLeftCopy(stores: CredentialStores, account: string | undefined) {
  const record = recordOfAccount(readLoginState(stores.context.dataDir), account)
  if (record?.savedIn !== 'netrc') return undefined
  for (const each of stores.keychainsToClear(account)) if ((await copyIn(each, record)) !== undefined) return each
  return undefined
}
