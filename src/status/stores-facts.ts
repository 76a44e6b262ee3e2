// Which stores this machine has, and which one is asked for the token.
import type {Keychain} from '../backends/resolve.js'
import {NETRC, storeOption} from '../backends/store-choice.js'
import {readLoginState} from '../credentials/login-files.js'
import type {CredentialStores} from '../credentials/stores.js'
import {recordOfAccount, type TokenRecord} from '../credentials/token-record.js'
import {defined} from '../defined.js'
import {StorageError} from '../errors.js'
import type {KeychainFacts, StoresFacts} from './report.js'

/**
 * @param automatic the keychains that need no choice, the preferred one first
 * @param account undefined if nothing names one
 * @param inUse the state of the account's keychain, which is not called again
 */
export async function storesFacts(
  stores: CredentialStores,
  automatic: readonly Keychain[],
  account: string | undefined,
  inUse: KeychainFacts,
): Promise<StoresFacts> {
  const available = await Promise.all(automatic.map(async (each) => ((await isThere(each)) ? named(each) : [])))
  const {chosen} = stores.context
  return {...selected(stores, account), ...defined({chosen: chosen?.text}), available: available.flat()}

  async function isThere(keychain: Keychain): Promise<boolean> {
    if (keychain.name === inUse.name) return inUse.state !== 'unavailable'
    try {
      // With HEROKU_NETRC_WRITE no keychain is called.
      await stores.guard(keychain)?.assertReachable()
      return true
    } catch (error) {
      if (error instanceof StorageError) return false
      throw error
    }
  }
}

const named = (keychain: Keychain) =>
  keychain.name === undefined ? [] : [{name: keychain.name, option: storeOption(keychain)}]

const optionOf = ({helper, savedIn: name}: TokenRecord) =>
  name === 'netrc' ? NETRC : storeOption({name, ...defined({helper})})

function selected(stores: CredentialStores, account: string | undefined): Pick<StoresFacts, 'by' | 'inUse' | 'saved'> {
  if (stores.netrcOnly) return {inUse: NETRC, by: 'HEROKU_NETRC_WRITE'}
  const {chosenKeychain: chosen, context} = stores
  const record = recordOfAccount(readLoginState(context.dataDir), account)
  const saved = record && optionOf(record)
  if (chosen) {
    const {text: inUse} = chosen
    return {inUse, by: 'HEROKU_CREDENTIAL_STORE', ...(saved === inUse ? {} : defined({saved}))}
  }
  if (saved !== undefined) return {inUse: saved, by: 'record'}
  const {keychain} = context
  return {inUse: keychain.name === undefined ? NETRC : storeOption(keychain), by: 'order'}
}
