// Which token is used. An empty keychain falls through to `.netrc` silently. One that failed, or that does not show a token that
// we stored there, falls through with a warning. Neither falls through to another account than the one on record.
import type {Credential} from '../backends/backend.js'
import {isToken} from '../backends/credential-rules.js'
import {StorageError} from '../errors.js'
import {expiresSoon, isExpired, localDay} from '../ui/expiry.js'
import {printable} from '../ui/printable.js'
import {
  ABSENT,
  type Absent,
  checkToken,
  type Failed,
  findInKeychain,
  findInNetrc,
  type FindOptions,
  found,
  type Lookup,
  type Search,
} from './find-in-store.js'
import {assertSameAccount} from './guard.js'
import {readLoginState} from './login-files.js'
import {accountAt, currentOnRecord, type LoginState} from './login-state.js'
import {describeSelection, type SelectedAccount, selectedNotLoggedIn} from './selected-account.js'
import {isAddress, type Named, selectAccount, selectionHere} from './selection.js'
import type {CredentialStores, FoundCredential} from './stores.js'
import {isOfEntry, recordOfAccount} from './token-record.js'

export {credentialOf, type Lookup} from './find-in-store.js'

/**
 * HEROKU_API_KEY, else only `.netrc` if HEROKU_NETRC_WRITE is true, else the keychain, else `.netrc`: of the account that is
 * selected (see {@link selectAccount}), else of the current one.
 * @param options.account the account that a command names; it comes before HEROKU_API_KEY, whose account is unknown
 * @throws {UserError} if the selected account is not logged in, or `.netrc` holds the token of another account than the one
 *   on record; or if the token is known to be expired, unless `lookOnly` or `endedToo` is set
 * @throws {StorageError} if `.netrc` is needed and cannot be read
 */
export async function findCredential(stores: CredentialStores, options: FindOptions & Named = {}): Promise<Lookup> {
  const {apiKey, context} = stores
  if (apiKey !== undefined && options.account === undefined)
    return found({token: apiKey, source: 'HEROKU_API_KEY', location: 'HEROKU_API_KEY'})
  const selected = await selectAccount(stores, options)
  const state = readLoginState(context.dataDir)
  if (!selected) return unlessExpired(await findInTiers(searchFor(stores, state, options)), options)
  const lookup = await findInTiers(searchFor(stores, stateAs(selected, state), options, selected))
  switch (lookup.outcome) {
    case 'found':
      return unlessExpired(found({...lookup.credential, selected}), options)
    case 'absent':
      throw selectedNotLoggedIn(selected, lookup.because)
    case 'failed': {
      const {hint, message, problem} = lookup.error
      return {
        outcome: 'failed',
        error: new StorageError(
          problem,
          `${message} (needed for ${printable(selected.account)}, selected by ${describeSelection(selected)})`,
          hint,
        ),
      }
    }
  }
}

/** An expired token is not sent: the API would only answer that it is invalid. It can still be looked at and removed. */
async function unlessExpired(lookup: Lookup, {endedToo, lookOnly}: FindOptions = {}): Promise<Lookup> {
  if (lookup.outcome !== 'found' || endedToo || lookOnly || !isExpired(lookup.credential)) return lookup
  const {loginExpired} = await import('./login-expiry.js')
  throw loginExpired(lookup.credential)
}

/** The state in which a selected account is the current one. */
const stateAs = ({account}: {account: string}, state: LoginState): LoginState => ({...state, loginJsonAccount: account})

async function findInTiers(search: Search): Promise<Lookup> {
  const lookup = search.stores.netrcOnly ? await findInNetrcAlone(search) : await findInLastTiers(search)
  if (!search.lookOnly) search.stores.warnOfChoice(lookup.outcome === 'found' && lookup.credential.source === 'netrc')
  return lookup
}

async function findInLastTiers(search: Search): Promise<Lookup> {
  // Where the last login put it: then no keychain is called, which may have failed at that login.
  const recorded = await findWhereRecorded(search)
  if (recorded) return recorded
  const inKeychain = await findInKeychain(search)
  switch (inKeychain.outcome) {
    case 'found':
      return inKeychain
    case 'absent':
      return orElseNetrc(search, inKeychain)
    case 'failed':
      return fallBack(search, inKeychain)
  }
}

/** With HEROKU_NETRC_WRITE, whatever account `.netrc` holds is the current one; but it is not another that was selected. */
async function findInNetrcAlone(search: Search): Promise<Lookup> {
  const lookup = await findInNetrc(search)
  if (search.selected && lookup.outcome === 'found') assertSameAccount(search, lookup.credential, undefined, undefined)
  return lookup
}

/** The keychain does not have it: `.netrc` may, of the same account. */
async function orElseNetrc(search: Search, inKeychain: Absent): Promise<Lookup> {
  const inNetrc = await findInNetrc(search)
  if (inNetrc.outcome === 'absent') return inKeychain
  assertSameAccount(search, inNetrc.credential, undefined, search.stores.keychainOf(search.account)?.title)
  return inNetrc
}

/** The keychain failed: `.netrc` may have it, of the same account; with a warning. */
async function fallBack(search: Search, inKeychain: Failed): Promise<Lookup> {
  const keychain = search.stores.keychainOf(search.account)
  const {hint, message} = inKeychain.error
  const inNetrc = await findInNetrc(search).catch((error: unknown) => {
    // The keychain's failure is the one to report.
    if (error instanceof StorageError) return ABSENT
    throw error
  })
  if (inNetrc.outcome === 'absent') return inKeychain
  const {credential} = inNetrc
  assertSameAccount(search, credential, inKeychain.error, keychain?.title)
  if (!search.lookOnly)
    keychain?.warnOnce(`${message}; using ${credential.location} instead${hint ? ` (${hint})` : ''}`)
  return inNetrc
}

/**
 * The account whose token {@link findCredential} would look for in the keychain.
 * @returns undefined if the login is not in `login.json`, the selection is an alias, or the token is in `.netrc`
 * @throws {UserError} if git cannot say what it selects
 */
export function accountAtOnce(stores: CredentialStores): string | undefined {
  const selection = selectionHere(stores)
  const state = readLoginState(stores.context.dataDir)
  const account = selection ? selection.name : state.loginJsonAccount
  const isAlias = selection !== undefined && !isAddress(selection.name)
  return isAlias || recordOfAccount(state, account)?.savedIn === 'netrc' ? undefined : account
}

/**
 * The result of {@link findCredential}, if a credential that was read from the keychain already decides it.
 * @param credential of {@link accountAtOnce}
 * @returns undefined if there is more to read or to record, or something to tell the user: that the token has expired, or
 *   expires soon
 */
export function findAtOnce(stores: CredentialStores, credential: Credential): FoundCredential | undefined {
  const {apiKey, context} = stores
  const keychain = stores.keychainOf(credential.account)
  const search = searchFor(stores, stateAs(credential, readLoginState(context.dataDir)), {})
  const {record} = search
  if (apiKey !== undefined || !keychain) return undefined
  if (!record || record.savedIn === 'netrc' || !isToken(credential.token)) return undefined
  const lookup = checkToken(search, keychain, credential)
  if (lookup.outcome !== 'found' || isExpired(lookup.credential)) return undefined
  if (expiresSoon(lookup.credential) && record.warnedOn !== localDay(new Date())) return undefined
  return lookup.credential
}

/**
 * Looks up the token of an account that need not be the current one, in the last two tiers.
 * @throws {UserError} if the token is known to be expired
 * @throws {StorageError} if `.netrc` is needed and cannot be read
 */
export async function findAccountCredential(stores: CredentialStores, account: string): Promise<Lookup> {
  return unlessExpired(await findOfAccount(stores, account))
}

async function findOfAccount(stores: CredentialStores, account: string): Promise<Lookup> {
  const search = searchFor(stores, {...readLoginState(stores.context.dataDir), loginJsonAccount: account}, {})
  const recorded = stores.netrcOnly ? undefined : await findWhereRecorded(search)
  if (recorded) return recorded
  const inKeychain = stores.netrcOnly ? ABSENT : await findInKeychain(search)
  if (inKeychain.outcome === 'found') return inKeychain
  if (inKeychain.outcome === 'absent' && inKeychain.because !== undefined) return inKeychain
  const inNetrc = await findInNetrc(search)
  return inNetrc.outcome === 'found' && inNetrc.credential.account === account ? inNetrc : inKeychain
}

function searchFor(
  stores: CredentialStores,
  state: LoginState,
  {endedToo = false, lookOnly = false}: FindOptions,
  selected?: SelectedAccount,
): Search {
  const account = currentOnRecord(state) && accountAt(state, stores.context.endpoints.api)
  return {stores, state, account, record: recordOfAccount(state, account), endedToo, lookOnly, selected}
}

/** The current account's token, if our record says that it is in `.netrc`, and it is. */
async function findWhereRecorded(search: Search): Promise<Lookup | undefined> {
  if (search.record?.savedIn !== 'netrc') return undefined
  const inNetrc = await findInNetrc(search)
  return inNetrc.outcome === 'found' && isOfEntry(search.record, inNetrc.credential) ? inNetrc : undefined
}
