// Which token the user acts with:
//
//   HEROKU_API_KEY, then .netrc alone if HEROKU_NETRC_WRITE says so, then the keychain, then .netrc.
//
// An empty keychain falls through in silence. One that failed, or that shows nothing of a token that we stored there,
// falls through with a warning. Neither falls through to another account than the one on record.
import {defined} from '../defined.js'
import type {Credential} from '../backends/backend.js'
import {StorageError} from '../errors.js'
import {isToken} from '../backends/credential-rules.js'
import {printable} from '../ui/printable.js'
import {assertNotHidden, assertSameAccount} from './guard.js'
import type {GuardedKeychain} from './guarded-keychain.js'
import {readLoginState} from './login-files.js'
import {accountAt, currentAccount, currentOnRecord, isEnded, type LoginState} from './login-state.js'
import {
  hostInKeychain,
  isOf,
  isOfEntry,
  recordFor,
  recordOf,
  recordOfAccount,
  type TokenRecord,
} from './token-record.js'
import type {FoundCredential, CredentialStores} from './stores.js'

/** A token that was found, or why there is none, where there is more to say than that nobody logged in. */
export type Lookup = {found: FoundCredential} | {found?: undefined; because?: string; failure?: StorageError}

export interface FindOptions {
  /** Change nothing, and tell the user nothing but what is being waited for. */
  lookOnly?: boolean
  /** Find tokens too that a logout revoked, or began to remove: for the next logout alone. */
  endedToo?: boolean
}

/** One search of the tiers: where, who is logged in, and how. */
interface Search extends Required<FindOptions> {
  stores: CredentialStores
  state: LoginState
  /** The account on record for this API host. */
  account: string | undefined
  /** What is recorded of its token. */
  record: TokenRecord | undefined
}

/**
 * Looks the token up in the four tiers.
 * @throws {UserError} if `.netrc` would have the user act as another account than the one on record
 * @throws {StorageError} if `.netrc` is needed and cannot be read
 */
export async function findCredential(stores: CredentialStores, options: FindOptions = {}): Promise<Lookup> {
  const {apiKey, context} = stores
  if (apiKey !== undefined) return {found: {token: apiKey, source: 'HEROKU_API_KEY', location: 'HEROKU_API_KEY'}}
  const search = searchFor(stores, readLoginState(context.dataDir), options)
  if (stores.netrcOnly) return findInNetrc(search)

  // Where the last login put it: then no keychain is queried, which may have failed at that login.
  const recorded = await findWhereRecorded(search)
  if (recorded) return recorded
  const looked = await findInKeychain(search)
  if (looked.found) return looked

  const {because, failure} = looked
  const inNetrc = await findInNetrc(search).catch((error: unknown): Lookup => {
    // What keeps the token from being read is the keychain's trouble.
    if (failure && error instanceof StorageError) return {}
    throw error
  })
  if (!inNetrc.found) return failure || because !== undefined ? looked : inNetrc
  assertSameAccount(search, inNetrc.found, failure, stores.keychain?.title)
  if (failure && stores.keychain && !search.lookOnly)
    stores.keychain.warnOnce(
      `${failure.message}; using ${inNetrc.found.location} instead${failure.hint ? ` (${failure.hint})` : ''}`,
    )
  return inNetrc
}

/**
 * The answer of the tiers, where the keychain has told the token of an account already.
 * @returns undefined if there is more to ask, or to record, before they can answer
 */
export function findAtOnce(stores: CredentialStores, credential: Credential): FoundCredential | undefined {
  const {apiKey, context, keychain} = stores
  const search = searchFor(stores, readLoginState(context.dataDir), {})
  const {record, state} = search
  if (apiKey !== undefined || !keychain || state.loginJsonAccount !== credential.account) return undefined
  if (!record || record.savedIn === 'netrc' || !isToken(credential.token)) return undefined
  return judge(search, keychain, credential).found
}

/**
 * Looks up the token of an account that need not be the current one, in the last two tiers.
 * @throws {StorageError} if `.netrc` is needed and cannot be read
 */
export async function findAccountCredential(stores: CredentialStores, account: string): Promise<Lookup> {
  const search = searchFor(stores, {...readLoginState(stores.context.dataDir), loginJsonAccount: account}, {})
  const recorded = stores.netrcOnly ? undefined : await findWhereRecorded(search)
  if (recorded) return recorded
  const looked = stores.netrcOnly ? {} : await findInKeychain(search)
  if (looked.found || (looked.because !== undefined && !looked.failure)) return looked
  const inNetrc = await findInNetrc(search)
  return inNetrc.found?.account === account ? inNetrc : looked
}

function searchFor(
  stores: CredentialStores,
  state: LoginState,
  {endedToo = false, lookOnly = false}: FindOptions,
): Search {
  const account = currentOnRecord(state) && accountAt(state, stores.context.endpoints.api)
  return {stores, state, account, record: recordOfAccount(state, account), endedToo, lookOnly}
}

/** The current account's token, if our record says that it is in `.netrc`, and it is. */
async function findWhereRecorded(search: Search): Promise<Lookup | undefined> {
  if (search.record?.savedIn !== 'netrc') return undefined
  const looked = await findInNetrc(search)
  return looked.found && isOfEntry(search.record, looked.found) ? looked : undefined
}

/** Looks in the keychain, if there is one. What is wrong with it comes back as `trouble`. */
async function findInKeychain(search: Search): Promise<Lookup> {
  const {account, stores, record} = search
  const {context, keychain} = stores
  try {
    if (keychain) return await askKeychain(search, keychain)
    if (context.keychain.name !== undefined || account === undefined || record?.savedIn === 'netrc') return {}
    throw new StorageError('unavailable', context.keychain.because, context.keychain.hint)
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    // Our record says that nothing is in it.
    if (error.problem === 'unavailable' && record?.savedIn === 'netrc') return {}
    return {because: error.message, failure: error}
  }
}

async function askKeychain(search: Search, keychain: GuardedKeychain): Promise<Lookup> {
  const {lookOnly, stores, state} = search
  const {dataDir, endpoints: hosts} = stores.context
  const onRecord = currentOnRecord(state)
  if (onRecord && search.account === undefined)
    return anotherHosts(onRecord.account, recordOfAccount(state, onRecord.account)?.apiHost, hosts.api)
  if (!onRecord && state.loggedOut) return {}
  const current = currentAccount(onRecord ? [] : await keychain.accounts(), state)
  if (current === 'several') return {because: `${keychain.title} holds several accounts, and none of them is current`}
  if (current === undefined) return {}
  const {account} = current
  const token = await keychain.get(account)
  if (token === undefined) {
    assertNotHidden(readLoginState(dataDir), account, keychain)
    return {}
  }
  const looked = judge(search, keychain, {account, token})
  if (looked.found && !lookOnly && (state.loginJsonAccount === undefined || !recordOfAccount(state, account))) {
    const {recordLoginFound} = await import('./login-writer.js')
    await recordLoginFound(dataDir, recordFor({account, token}, hosts.api, keychain.name))
  }
  return looked
}

/** What a keychain's token comes to. */
function judge({endedToo, stores, state}: Search, keychain: GuardedKeychain, {account, token}: Credential): Lookup {
  const {name, title} = keychain
  if (!isToken(token)) throw new StorageError('failed', `${title} gave something that is no token`)
  const {api} = stores.context.endpoints
  const known = recordOfAccount(state, account)
  // One host's token is not for another's eyes.
  if (known && hostInKeychain(known) !== api) return anotherHosts(account, hostInKeychain(known), api)
  if (!endedToo && isEnded(state, token))
    return {because: `a logout revoked the token of ${printable(account)} that is still in ${title}`}
  const found: FoundCredential = {token, account, source: name, location: title}
  // Recognising a token takes a tenth of the git helper's time, so only where something is to be learned from it.
  return {found: {...found, ...expiryOf(known?.expiresAt === undefined ? undefined : recordOf(found, state))}}
}

const anotherHosts = (account: string, host: string | undefined, api: string): Lookup => ({
  because: `${printable(account)} is logged in to ${printable(host ?? 'another host')}, not to ${api}`,
})

async function findInNetrc({endedToo, stores, record, state}: Search): Promise<Lookup> {
  const netrc = await stores.netrc()
  const entry = (await netrc.entries()).find(({host}) => host === stores.context.endpoints.api)
  if (!entry?.token || (!endedToo && isEnded(state, entry.token))) return {}
  const {account, token} = entry
  const found: FoundCredential = {
    token,
    ...defined({account}),
    source: 'netrc',
    location: netrc.path,
  }
  return {found: {...found, ...expiryOf(isOf(record, token) ? record : recordOf(found, state))}}
}

const expiryOf = (record: TokenRecord | undefined) => defined({expiresAt: record?.expiresAt})
