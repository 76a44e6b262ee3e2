// Saves the token of a login in a store, and records the login.
import type {Credential} from '../backends/backend.js'
import {StorageError, UserError} from '../errors.js'
import {isEncrypted} from '../backends/netrc/gpg.js'
import {assertStorable} from '../backends/credential-rules.js'
import {causeOf} from '../files/file-error.js'
import {localDay} from '../ui/expiry.js'
import {printable} from '../ui/printable.js'
import {assertCanStore} from './chosen-store.js'
import {readLoginState} from './login-files.js'
import {assertRecordable, cannotRecordLogin, changeLoginState, withLoginLock} from './login-writer.js'
import {currentOnRecord, loggedIn, type LoginState, tokenStored} from './login-state.js'
import {selectAccount} from './selection.js'
import {type Saved, saveInFirstStore, saveInNetrc} from './save-in-store.js'
import {isOf, recordFor, recordOfAccount, type TokenRecord} from './token-record.js'
import type {CredentialStores} from './stores.js'
import {withVariableHint} from '../ui/shell-hints.js'

export type {Saved} from './save-in-store.js'

/** Whether the token went to a plain `.netrc` unasked. The command that saved it warns. */
const isPlainFallback = ({because, location}: Saved) => because !== undefined && !isEncrypted(location)

/**
 * Saves the token of a login, and records the login.
 * @param expiresAt ISO 8601, if the server sent it
 * @throws {StorageError} 'refused' for an account or token that no store may hold
 * @throws {UserError} if no store took it, or the login could not be recorded
 */
export async function saveToken(stores: CredentialStores, credential: Credential, expiresAt?: string): Promise<Saved> {
  assertStorable(credential)
  assertCanStore(stores)
  if (stores.netrcOnly) return (await saveInNetrc(stores, credential)).saved
  // Before anything is replaced: a login that cannot be recorded is undone, and its token revoked.
  assertLoginRecordable(stores)
  return withLoginLock(stores.context, async (assertHeld) => {
    const {dataDir, endpoints, notify} = stores.context
    const before = recordOfAccount(readLoginState(dataDir), credential.account)
    const {restore, saved} = await saveInFirstStore(stores, credential)
    try {
      await record(
        stores,
        {
          ...recordFor({...credential, expiresAt}, endpoints.api, {name: saved.savedIn, helper: saved.helper}),
          ...(isPlainFallback(saved) && {plainTextWarnedOn: localDay(new Date())}),
        },
        assertHeld,
      )
    } catch (error) {
      // The token of a failed login is revoked, so it must not replace a valid one.
      await restore().catch((failure: unknown) => {
        throw new UserError(
          `the login is on no record, and its token is still in ${saved.location}: ${causeOf(failure)}`,
        )
      })
      throw error
    }
    if (before) await removeFromOldStore(stores, before, saved)
    // The same token replaces nothing: `accounts:set` of CLI 10 stores it for api.heroku.com, whatever HEROKU_HOST says.
    if (before && before.apiHost !== endpoints.api && !isOf(before, credential.token))
      notify(`this replaces the login of ${printable(credential.account)} to ${printable(before.apiHost)}`)
    return saved
  })
}

const failure = cannotRecordLogin(
  'then log in',
  `log in to .netrc, in plain text: ${withVariableHint('HEROKU_NETRC_WRITE', 'true', 'heroku login')}`,
)

async function record(stores: CredentialStores, token: TokenRecord, assertHeld: () => void) {
  const {context, keychain} = stores
  const selected = await selectAccount(stores).catch(none)
  // login.json also where the keychain refused, or is not there this time (cron has another PATH): the account that it
  // named must not be back when the keychain is.
  const nameIt = ({loginJsonAccount}: LoginState) => keychain !== undefined || loginJsonAccount !== undefined
  // The login of an account that is selected here changes nothing in other terminals.
  const isElsewhere = (state: LoginState) =>
    selected?.account === token.account && (currentOnRecord(state)?.account ?? token.account) !== token.account
  const change = (state: LoginState) =>
    isElsewhere(state) ? tokenStored(state, token) : loggedIn(state, token, nameIt(state))
  await changeLoginState(context, change, {assertHeld, failure})
}

/** A selection that cannot be resolved does not keep a login from being recorded. */
function none(error: unknown): undefined {
  if (!(error instanceof UserError)) throw error
}

/** @throws {UserError} if a login could not be stored or recorded; before a token is issued that could be stored nowhere */
export function assertLoginRecordable(stores: CredentialStores): void {
  assertCanStore(stores)
  if (!stores.netrcOnly) assertRecordable(stores.context.dataDir, failure)
}

/** A login in another keychain leaves no older token of the account behind. Its failure does not undo the login. */
async function removeFromOldStore(stores: CredentialStores, before: TokenRecord, {helper, savedIn}: Saved) {
  const {account} = before
  if (savedIn === 'netrc' || before.savedIn === 'netrc') return
  if (before.savedIn === savedIn && before.helper === helper) return
  const old = stores.guard(stores.keychainNamedBy(before))
  try {
    await old?.remove(account)
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    stores.context.notify(`an older token of ${printable(account)} may still be in ${old?.title}: ${error.message}`)
  }
}
