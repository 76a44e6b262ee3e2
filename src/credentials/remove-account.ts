import {StorageError} from '../errors.js'
import {assertNotHidden} from './guard.js'
import type {GuardedKeychain} from './guarded-keychain.js'
import {readLoginState} from './login-files.js'
import {cannotRecordRemoval, changeLoginState} from './login-writer.js'
import {accountRemoved} from './login-state.js'
import {recordOfAccount} from './token-record.js'
import type {CredentialStores} from './stores.js'
import {attempt, isPassedOver, type Removal, removeItem} from './remove-from-keychain.js'
import {withLockIfPossible} from './remove.js'

/**
 * Removes every stored token of an account, for a command of the CLI that names the account.
 * @param account undefined for entries of `.netrc` without a login
 */
export async function removeAccount(stores: CredentialStores, account: string | undefined): Promise<Removal> {
  const removal: Removal = {removedFrom: [], left: [], failures: []}
  await withLockIfPossible(stores, (assertHeld) => removeEverywhere(stores, account, removal, assertHeld))
  return removal
}

async function removeEverywhere(
  stores: CredentialStores,
  account: string | undefined,
  removal: Removal,
  assertHeld: () => void,
): Promise<void> {
  const {context, netrcOnly} = stores
  if (account !== undefined)
    for (const keychain of stores.keychainsToClear(account))
      await attempt(keychain.title, removal, () => removeFromKeychain(stores, keychain, account, removal, assertHeld))
  const netrc = await stores.netrc()
  await attempt(netrc.path, removal, async () => {
    const ours = async () => {
      try {
        return (await netrc.entries()).filter((entry) => entry.account === account)
      } catch (error) {
        // Throws as well, unless the account is not in it at all.
        if (error instanceof StorageError && account !== undefined) await netrc.removeAccount(account)
        else throw error
        return []
      }
    }
    for (const {host, token} of await ours())
      if (await netrc.removeHosts([host], token)) removal.removedFrom.push(netrc.path)
    if ((await ours()).length > 0) throw new StorageError('failed', 'it was written again in the meantime', 'try again')
  })
  if (removal.failures.length > 0 || netrcOnly) return
  await attempt(context.dataDir, removal, () =>
    changeLoginState(context, (state) => accountRemoved(state, account), {
      assertHeld,
      failure: cannotRecordRemoval('the token is gone'),
    }),
  )
  if (removal.failures.length > 0) removal.isOnlyRecord = true
}

async function removeFromKeychain(
  stores: CredentialStores,
  keychain: GuardedKeychain,
  account: string,
  removal: Removal,
  assertHeld: () => void,
): Promise<void> {
  const {context} = stores
  try {
    const token = await keychain.get(account)
    if (token === undefined) {
      assertNotHidden(readLoginState(context.dataDir), account, keychain)
      return
    }
    await removeItem(stores, keychain, {account, token}, {assertHeld, revoked: false})
    removal.removedFrom.push(keychain.title)
  } catch (error) {
    const {savedIn} = recordOfAccount(readLoginState(context.dataDir), account) ?? {}
    if (!(error instanceof StorageError)) throw error
    if (savedIn === 'netrc') removal.notQueried = keychain.title
    else if (!isPassedOver(error, savedIn, keychain)) throw error
  }
}
