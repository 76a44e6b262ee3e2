import {BackendError} from '../backends/backend.js'
import {assertNotHidden} from './guard.js'
import type {KeychainSession} from './keychain-session.js'
import {forgetAccount, readLoginState, recordOfAccount} from './login-state.js'
import type {Places} from './places.js'
import {recordingRemoval} from './recording.js'
import {removeItem} from './remove-from-keychain.js'
import {attempt, inTurnIfAny, type Removal} from './remove.js'

/**
 * Removes every stored token of an account, whatever it is, for a command of the CLI's that asks for it by name.
 * @param account undefined for entries of `.netrc` that name nobody
 */
export async function removeAccount(places: Places, account: string | undefined): Promise<Removal> {
  const removal: Removal = {removedFrom: [], left: [], failures: []}
  await inTurnIfAny(places, (assertHeld) => removeEverywhere(places, account, removal, assertHeld))
  return removal
}

async function removeEverywhere(
  places: Places,
  account: string | undefined,
  removal: Removal,
  assertHeld: () => void,
): Promise<void> {
  const {around, keychain, netrcOnly} = places
  if (keychain && account !== undefined)
    await attempt(keychain.title, removal, () => removeFromKeychain(places, keychain, account, removal, assertHeld))
  const netrc = await places.netrc()
  await attempt(netrc.path, removal, async () => {
    const ours = async () => {
      try {
        return (await netrc.entries()).filter((entry) => entry.account === account)
      } catch (error) {
        // Throws as well, unless the account is not in it at all.
        if (error instanceof BackendError && account !== undefined) await netrc.remove(account)
        else throw error
        return []
      }
    }
    for (const {host, token} of await ours())
      if (await netrc.removeHosts([host], token)) removal.removedFrom.push(netrc.path)
    if ((await ours()).length > 0) throw new BackendError('failed', 'it was written again in the meantime', 'try again')
  })
  if (removal.failures.length === 0 && !netrcOnly)
    await attempt(around.dataDir, removal, () =>
      recordingRemoval(around.dataDir, () => forgetAccount(around.dataDir, account, assertHeld), 'the token is gone'),
    )
}

async function removeFromKeychain(
  places: Places,
  keychain: KeychainSession,
  account: string,
  removal: Removal,
  assertHeld: () => void,
): Promise<void> {
  const {around} = places
  try {
    const token = await keychain.ask((backend) => backend.get(account))
    if (token === undefined) {
      assertNotHidden(readLoginState(around.dataDir), account, keychain)
      return
    }
    await removeItem(places, keychain, {account, token}, {assertHeld, revoked: false})
    removal.removedFrom.push(keychain.title)
  } catch (error) {
    const {savedIn} = recordOfAccount(readLoginState(around.dataDir), account) ?? {}
    if (!(error instanceof BackendError) || savedIn !== 'netrc') throw error
    removal.notQueried = keychain.title
  }
}
