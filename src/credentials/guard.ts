// Two checks that keep a command from running as another account than the one on record.
import type {KeychainName} from '../backends/backend.js'
import {isMemoryOnly} from '../backends/store-choice.js'
import {StorageError, UserError} from '../errors.js'
import {printable} from '../ui/printable.js'
import type {LoginState} from './login-state.js'
import {isOfEntry, recordOfAccount, type TokenRecord} from './token-record.js'
import {describeSelection, type SelectedAccount, selectedNotLoggedIn} from './selected-account.js'
import type {FoundCredential} from './stores.js'

/**
 * Tells a hidden token from a missing one, where a keychain has shown none of an account.
 *
 * KeePassXC shows nothing of a closed database, and another keyring may have taken its name on the session bus. Whether
 * the item was removed by hand instead cannot be known.
 * @throws {StorageError} 'failed' if our record says that one was stored there, and no logout ended it since
 */
export function assertNotHidden(
  state: LoginState,
  account: string,
  {helper = '', name, title}: {name: KeychainName; title: string; helper?: string | undefined},
): void {
  const record = recordOfAccount(state, account)
  if (isMemoryOnly(helper) || record?.savedIn !== name || state.ended?.includes(record.fingerprint)) return
  const unlock = name === 'secret-service' ? 'unlock it (in KeePassXC: open the database)' : 'unlock it'
  throw new StorageError(
    'failed',
    `${title} does not show the token of ${printable(account)} that was stored in it`,
    `${unlock} and try again; or, if the token was removed from it: heroku login`,
  )
}

/**
 * @param onRecord the account on record, or the selected one, and what is recorded of its token
 * @param found what `.netrc` holds
 * @param failure why the keychain failed, if it did
 * @param title the keychain's, if there is one
 * @throws {UserError} if it is another account's
 */
export function assertSameAccount(
  {account: onRecord, record, selected}: AccountOnRecord,
  found: FoundCredential,
  failure: StorageError | undefined,
  title: string | undefined,
): void {
  const {account, location} = found
  if (onRecord === undefined || account === onRecord || isOfEntry(record, found)) return
  const [ours, theirs] = [printable(onRecord), printable(account ?? 'an unnamed account')]
  const unused = `${location} holds ${theirs}'s token, which was not used`
  if (selected && !failure) throw selectedNotLoggedIn(selected, unused)
  const elsewhere = record?.savedIn === 'netrc' ? location : (title ?? 'the keychain')
  const because = failure
    ? `${failure.message}, so ${ours}'s token cannot be read${selected ? ` (selected by ${describeSelection(selected)})` : ''}`
    : `${ours} is logged in, but that account's token is not in ${elsewhere}`
  const next = failure ? (failure.hint ?? 'repair the keychain') : 'heroku login'
  throw new UserError(
    `${because}; ${unused}`,
    selected ? next : `${next}; or set HEROKU_NETRC_WRITE=true to act as ${theirs}`,
  )
}

interface AccountOnRecord {
  account: string | undefined
  record: TokenRecord | undefined
  selected: SelectedAccount | undefined
}
