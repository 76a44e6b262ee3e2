// Who is logged in, and what a login, a logout or a removal changes in that. Pure: login-files.ts reads and writes the files.
import {defined} from '../defined.js'
import type {StoreName, Credential} from '../backends/backend.js'
import {storeOption} from '../backends/store-choice.js'
import {fingerprint, hostInKeychain, recordOf, recordOfAccount, type TokenRecord} from './token-record.js'

/** More copies than logouts leave behind; the oldest are dropped first. */
const MOST_ENDED = 50

export interface LoginState {
  /**
   * The account that `login.json` names; the CLI's `accounts:set` writes it too. A change that sets it to undefined removes
   * the file, even one that names no account.
   */
  loginJsonAccount?: string | undefined
  /** The account of the last login that we saw, which outlives a `login.json` deleted by a CLI that could not read. */
  lastAccount?: string
  /** Whether a logout was the last change that we saw: then no account is current, whatever a keychain holds. */
  loggedOut: boolean
  tokens: TokenRecord[]
  /** The stores that were ever used and that only a user's choice or the lack of a keyring selects, as `--store` names them. */
  stores?: string[]
  /** Fingerprints of tokens that a logout revoked, or began to remove: they are never used again. */
  ended?: string[]
}

/** A pure change. The changes below are all that is ever written. */
export type Change = (state: LoginState) => LoginState

/** A login: the account is current from now on. @param nameIt whether `login.json` names it too */
export const loggedIn = (state: LoginState, record: TokenRecord, nameIt: boolean): LoginState => ({
  ...tokenStored(state, record),
  ...(nameIt && {loginJsonAccount: record.account}),
  lastAccount: record.account,
  loggedOut: false,
})

/** A token that was stored without making its account current. */
export function tokenStored(state: LoginState, record: TokenRecord): LoginState {
  const {account, apiHost, savedIn} = record
  const older = hostInKeychain(recordOfAccount(state, account))
  const isOthers = savedIn === 'netrc' && older !== undefined && older !== apiHost
  const others = state.tokens.filter((each) => each.account !== account)
  const tokens = [...others, isOthers ? {...record, keychainHost: older} : record]
  return {...withoutMark(state, record.fingerprint), tokens, ...defined({stores: storesWith(state, record)})}
}

const PLATFORM_STORES: readonly StoreName[] = ['macos-keychain', 'windows-vault', 'secret-service']

/** A logout asks these stores, too; it always asks the platform's own. */
function storesWith({stores}: LoginState, {helper, savedIn}: TokenRecord): string[] | undefined {
  if (savedIn === 'netrc' || PLATFORM_STORES.includes(savedIn)) return stores
  return [...new Set([...(stores ?? []), storeOption({name: savedIn, ...defined({helper})})])]
}

/** Makes an account current whose token is stored already. */
export const switchedTo = (state: LoginState, account: string): LoginState => ({
  ...state,
  loginJsonAccount: account,
  lastAccount: account,
  loggedOut: false,
})

/** Takes over the account that `login.json` names: a CLI that cannot read the keychain once deletes that file. */
export const loginJsonSeen = (state: LoginState): LoginState =>
  state.loginJsonAccount === undefined || state.loginJsonAccount === state.lastAccount
    ? state
    : switchedTo(state, state.loginJsonAccount)

/**
 * Adds what the files lack of a login whose token is in the keychain: `login.json`, which a CLI that could not read the
 * keychain once has deleted; and the host of a token that the CLI stored, from its first use on. Changes nothing if the
 * account is not the current one any more.
 * @param record of the account that our own record names, or that is alone in the keychain
 */
export function loginFound(state: LoginState, record: TokenRecord): LoginState {
  const {account} = record
  const {loggedOut, loginJsonAccount} = state
  if ((accountOnRecord(state) ?? account) !== account || (loggedOut && loginJsonAccount === undefined)) return state
  return {...(recordOfAccount(state, account) ? state : tokenStored(state, record)), loginJsonAccount: account}
}

/** A logout: no account is current from now on. @param account undefined if it has no name */
export const loggedOut = (state: LoginState, account: string | undefined): LoginState => ({
  ...withRecords(withoutAccount(state, account)),
  loginJsonAccount: undefined,
  loggedOut: true,
})

/** Forgets an account that has no token any more: logs it out if it is the current one. @param account undefined if it has no name */
export function accountRemoved(state: LoginState, account: string | undefined): LoginState {
  if (account === undefined || account === accountOnRecord(state)) return loggedOut(state, account)
  return recordOfAccount(state, account) ? withoutAccount(state, account) : state
}

/** Forgets a token that is gone; the current account stays. */
export const tokenRemoved = (state: LoginState, credential: Partial<Credential>): LoginState =>
  recordOf(credential, state) ? withoutAccount(state, credential.account) : state

/** Records a token's expiry, which may be known only after the token is stored. */
export const expiryRecorded = (
  state: LoginState,
  credential: Credential,
  times: Pick<TokenRecord, 'expiresAt' | 'recordedAt'>,
) => withTimes(state, credential, times)

/** The fields of a record that hold the day of a warning. */
export type Warning = 'plainTextWarnedOn' | 'warnedOn'

/** Records that the user was warned about a token; the same state if that was recorded on this day. */
export const warned = (
  state: LoginState,
  credential: Partial<Credential>,
  warning: Warning,
  day: string,
): LoginState =>
  recordOf(credential, state)?.[warning] === day ? state : withTimes(state, credential, {[warning]: day})

/** The same state if another token is on record by now. */
function withTimes(state: LoginState, credential: Partial<Credential>, times: Partial<TokenRecord>): LoginState {
  const record = recordOf(credential, state)
  return record ? {...state, tokens: state.tokens.map((each) => (each === record ? {...each, ...times} : each))} : state
}

/** Marks a token that must never be used again. */
export const tokenEnded = (state: LoginState, token: string): LoginState =>
  isEnded(state, token) ? state : {...state, ended: [...(state.ended ?? []), fingerprint(token)].slice(-MOST_ENDED)}

/** The removal of the token failed, and it was not revoked. */
export const tokenValidAgain = (state: LoginState, token: string) => withoutMark(state, fingerprint(token))

function withoutAccount(state: LoginState, account: string | undefined): LoginState {
  const mark = recordOfAccount(state, account)?.fingerprint
  return {...withoutMark(state, mark), tokens: state.tokens.filter((each) => each.account !== account)}
}

function withoutMark({ended = [], ...state}: LoginState, mark: string | undefined): LoginState {
  const others = ended.filter((each) => each !== mark)
  return others.length > 0 ? {...state, ended: others} : state
}

const withRecords = ({ended, stores, tokens}: LoginState) => ({tokens, ...defined({ended, stores})})

/** The account that is logged in, according to the two files. */
export const accountOnRecord = ({
  loginJsonAccount,
  lastAccount,
}: Pick<LoginState, 'loginJsonAccount' | 'lastAccount'>) => loginJsonAccount ?? lastAccount

/** Every account that the two files name, in alphabetical order. */
export const accountsOnRecord = (state: LoginState) =>
  [...new Set([accountOnRecord(state) ?? [], ...state.tokens.map(({account}) => account)].flat())].sort()

/** The account that is logged in to an API host; undefined if its token is another host's. */
export function accountAt(state: LoginState, apiHost: string): string | undefined {
  const account = accountOnRecord(state)
  return isAt(state, account, apiHost) ? account : undefined
}

/** Whether an account's token may be used at an API host: it is not on record as another host's. */
export const isAt = (state: LoginState, account: string | undefined, apiHost: string) =>
  (recordOfAccount(state, account)?.apiHost ?? apiHost) === apiHost

export type Current = {account: string} | 'several'

/** The account that is logged in, if the files say so; undefined after a logout, or where only a keychain can say. */
export function currentOnRecord(state: LoginState): {account: string} | undefined {
  const account = accountOnRecord(state)
  return account === undefined || (state.loggedOut && state.loginJsonAccount === undefined) ? undefined : {account}
}

/**
 * The account that is logged in; 'several' if it could be any of them. An account on record stays current, whatever the
 * keychain shows: it may hide that account, and another must not take its place.
 * @param accounts those that the keychain shows
 */
export function currentAccount(accounts: readonly string[], state: LoginState): Current | undefined {
  const current = currentOnRecord(state)
  if (current || state.loggedOut) return current
  // A keychain may hide an account that we stored there.
  const stored = state.tokens.filter(({savedIn}) => savedIn !== 'netrc').map(({account}) => account)
  const [account, ...more] = new Set([...accounts, ...stored])
  if (more.length > 0) return 'several'
  return account === undefined ? undefined : {account}
}

/** Whether a logout ended this token, wherever a copy of it is left. */
export const isEnded = ({ended}: LoginState, token: string) => ended?.includes(fingerprint(token)) === true

/** Whether a keychain is where the account's token was stored, according to the files. */
export const isStoredIn = (keychain: StoreName, state: LoginState, account: string) =>
  (recordOfAccount(state, account)?.savedIn ?? (state.loginJsonAccount === account ? keychain : undefined)) === keychain
