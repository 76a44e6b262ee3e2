// Looks a token up in one store: the keychain, or `.netrc`. find.ts decides which of them counts.
import {defined} from '../defined.js'
import {isToken} from '../backends/credential-rules.js'
import {isMemoryOnly, NETRC} from '../backends/store-choice.js'
import type {Credential} from '../backends/backend.js'
import {notLoggedIn, StorageError, UserError} from '../errors.js'
import {printable} from '../ui/printable.js'
import {assertNotHidden} from './guard.js'
import type {GuardedKeychain} from './guarded-keychain.js'
import {readLoginState} from './login-files.js'
import {currentAccount, currentOnRecord, isEnded, type LoginState} from './login-state.js'
import type {SelectedAccount} from './selected-account.js'
import type {CredentialStores, FoundCredential} from './stores.js'
import {hostInKeychain, isOf, recordFor, recordOf, recordOfAccount, type TokenRecord} from './token-record.js'

export type Lookup =
  | {outcome: 'found'; credential: FoundCredential}
  /** `because`: the reason, unless it is simply that the user is not logged in. */
  | Absent
  /** The keychain may hold the token, and cannot be read. */
  | Failed

export interface Absent {
  outcome: 'absent'
  because?: string
}

export interface Failed {
  outcome: 'failed'
  error: StorageError
}

/**
 * The credential of a lookup, for a command that needs one.
 * @param account the account that the command names, for the message
 * @throws {UserError} if there is none, or it cannot be read
 */
export function credentialOf(lookup: Lookup, account?: string): FoundCredential {
  switch (lookup.outcome) {
    case 'found':
      return lookup.credential
    case 'absent':
      throw notLoggedIn(lookup.because, undefined, account)
    case 'failed':
      throw new UserError(lookup.error.message, lookup.error.hint)
  }
}

export const ABSENT: Absent = {outcome: 'absent'}

export interface FindOptions {
  /** Change nothing, and print nothing but the notice while waiting. */
  lookOnly?: boolean
  /** Also find tokens that a logout revoked, or began to remove; only for the next logout. */
  endedToo?: boolean
}

/** The input of one lookup. */
export interface Search extends Required<FindOptions> {
  /** The account that the user has selected, if any; `account` then is the same. */
  selected: SelectedAccount | undefined
  stores: CredentialStores
  state: LoginState
  /** The account on record for this API host. */
  account: string | undefined
  /** The record of its token. */
  record: TokenRecord | undefined
}

/** Looks in the keychain, if there is one. */
export async function findInKeychain(search: Search): Promise<Lookup> {
  const {account, stores, record} = search
  const resolved = stores.keychainFor(account)
  const keychain = stores.guard(resolved)
  try {
    if (keychain) return await readKeychain(search, keychain)
    if (resolved.name !== undefined || account === undefined || record?.savedIn === 'netrc') return ABSENT
    throw new StorageError('unavailable', resolved.because, resolved.hint)
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    // According to the record, it holds nothing.
    if (error.problem === 'unavailable' && record?.savedIn === 'netrc') return ABSENT
    // No login is on record, and the next one would go to another keychain.
    if (error.problem === 'unavailable' && account === undefined && stores.hasOtherKeychains)
      return absent(error.message)
    return {outcome: 'failed', error}
  }
}

async function readKeychain(search: Search, first: GuardedKeychain): Promise<Lookup> {
  const {endedToo, stores, state} = search
  const {dataDir, endpoints} = stores.context
  const onRecord = currentOnRecord(state)
  if (onRecord && search.account === undefined)
    return anotherHosts(onRecord.account, recordOfAccount(state, onRecord.account)?.apiHost, endpoints.api)
  if (!onRecord && state.loggedOut) return ABSENT
  const current = currentAccount(onRecord ? [] : await first.accounts(), state)
  if (current === 'several') return absent(`${first.title} holds several accounts, and none of them is current`)
  if (current === undefined) return ABSENT
  const {account} = current
  // Another account's keychain may be another one.
  const keychain = stores.keychainOf(account) ?? first
  const token = await keychain.get(account)
  if (token === undefined) {
    assertNotHidden(readLoginState(dataDir), account, keychain)
    // A logout has nothing to remove then.
    return endedToo ? ABSENT : whyAbsent(stores, keychain, account)
  }
  const lookup = checkToken(search, keychain, {account, token})
  if (lookup.outcome === 'found') await recordFound(search, keychain, {account, token})
  return lookup
}

/** Why a keychain that answers does not have a token that a login has stored. */
function whyAbsent(stores: CredentialStores, keychain: GuardedKeychain, account: string): Absent {
  if (isMemoryOnly(keychain.helper ?? ''))
    return absent(`the login of ${printable(account)} was kept in memory and is gone`)
  const {chosenKeychain: chosen} = stores
  const onRecord = stores.keychainOnRecord(account)
  if (!chosen || onRecord.name === undefined || stores.guard(onRecord) === keychain) return ABSENT
  return absent(
    `the token of ${printable(account)} was stored in ${onRecord.title}, and ${chosen.from} asks for ${chosen.text}; ` +
      `to move it: heroku auth:migrate --to '${chosen.text}'`,
  )
}

/** Adds what the record lacks of a login that was found. A forwarded one is recorded on the machine that stores it. */
async function recordFound(
  {lookOnly, selected, state, stores}: Search,
  keychain: GuardedKeychain,
  {account, token}: Credential,
): Promise<void> {
  if (lookOnly || selected || keychain.name === 'git-forwarded') return
  if (state.loginJsonAccount !== undefined && recordOfAccount(state, account)) return
  const {dataDir, endpoints} = stores.context
  const {recordLoginFound} = await import('./login-writer.js')
  await recordLoginFound(dataDir, recordFor({account, token}, endpoints.api, keychain))
}

/** Whether a token from the keychain may be used here. */
export function checkToken(
  {endedToo, stores, state}: Search,
  keychain: GuardedKeychain,
  {account, token}: Credential,
): Lookup {
  const {name, title} = keychain
  if (!isToken(token)) throw new StorageError('failed', `${title} gave something that is no token`)
  const {api} = stores.context.endpoints
  const known = recordOfAccount(state, account)
  // A token is sent to no other host than the one that issued it.
  if (known && hostInKeychain(known) !== api) return anotherHosts(account, hostInKeychain(known), api)
  if (!endedToo && isEnded(state, token))
    return absent(`a logout revoked the token of ${printable(account)} that is still in ${title}`)
  const credential: FoundCredential = {token, account, source: name, location: title}
  // Hashing a token takes a tenth of the git helper's time, so only if the record has more to add.
  return found({...credential, ...lifetimeOf(known?.expiresAt === undefined ? undefined : recordOf(credential, state))})
}

const anotherHosts = (account: string, host: string | undefined, api: string) =>
  absent(`${printable(account)} is logged in to ${printable(host ?? 'another host')}, not to ${api}`)

export async function findInNetrc({endedToo, stores, record, state}: Search): Promise<Exclude<Lookup, Failed>> {
  const netrc = await stores.netrc()
  const entry = (await netrc.entries()).find(({host}) => host === stores.context.endpoints.api)
  if (!entry?.token || (!endedToo && isEnded(state, entry.token))) return ABSENT
  const {account, token} = entry
  const credential: FoundCredential = {token, ...defined({account}), source: 'netrc', location: netrc.path}
  const known = isOf(record, token) ? record : recordOf(credential, state)
  const isFallback =
    known?.plainTextWarnedOn !== undefined && !stores.netrcOnly && stores.context.chosen?.store !== NETRC
  return found({...credential, ...lifetimeOf(known), ...(isFallback && {isFallback})})
}

export const found = (credential: FoundCredential) => ({outcome: 'found', credential}) as const

const absent = (because: string): Absent => ({outcome: 'absent', because})

const lifetimeOf = ({expiresAt, recordedAt}: Partial<TokenRecord> = {}) =>
  expiresAt === undefined ? {} : {expiresAt, ...defined({recordedAt})}
