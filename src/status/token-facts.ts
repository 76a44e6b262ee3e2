// The token in use, the tokens that it shadows, and the keychain.
import {defined} from '../defined.js'
import {NOT_LOGGED_IN_EXIT, StorageError, UserError} from '../errors.js'
import type {NetrcEntry} from '../backends/netrc/netrc-file.js'
import {findCredential} from '../credentials/find.js'
import {currentAccount, type LoginState} from '../credentials/login-state.js'
import type {FoundCredential, CredentialStores} from '../credentials/stores.js'
import {ApiError} from '../heroku/api.js'
import {InvalidToken, type Verified} from '../heroku/verify.js'
import type {ShadowedToken, KeychainFacts, NoToken, TokenFacts} from './report.js'

/** Looks up the token in use. A failure of a store is a fact too, and is not thrown. */
export async function lookUpToken(stores: CredentialStores): Promise<{found?: FoundCredential; noToken?: NoToken}> {
  try {
    const lookup = await findCredential(stores, {lookOnly: true})
    if (lookup.outcome === 'found') return {found: lookup.credential}
    if (lookup.outcome === 'failed') return {noToken: {...failureOf(lookup.error), isTrouble: true}}
    const {because} = lookup
    return because === undefined ? {} : {noToken: {because, isTrouble: false}}
  } catch (error) {
    // The selected account is not logged in.
    const isTrouble = !(error instanceof UserError) || error.exitCode !== NOT_LOGGED_IN_EXIT
    return {noToken: {...failureOf(error), isTrouble}}
  }
}

/** @param verify asks the API; omitted with --offline */
export async function tokenFacts(
  stores: CredentialStores,
  found: FoundCredential,
  verify: ((token: string) => Promise<Verified>) | undefined,
): Promise<TokenFacts> {
  const {expiresAt, location: place, recordedAt, source, token} = found
  // Our helper on another machine gives no account's name.
  const account = source === 'git-forwarded' ? undefined : found.account
  const known: Omit<TokenFacts, 'validity'> = {
    tier: tierOf(stores, found),
    source,
    place,
    masked: mask(token),
    ...defined({account, expiresAt, recordedAt}),
  }
  if (!verify) return {...known, validity: 'not checked'}
  try {
    const verified = await verify(token)
    const isOthers = account !== undefined && account !== verified.account
    return {...known, ...verified, ...(isOthers ? {filedUnder: account} : {}), validity: 'valid'}
  } catch (error) {
    return error instanceof InvalidToken
      ? {...known, validity: 'invalid'}
      : {...known, validity: 'unknown', ...failureOf(error), ...tryAgainIf(error)}
  }
}

function tierOf({netrcOnly}: CredentialStores, {source}: FoundCredential): TokenFacts['tier'] {
  if (source === 'HEROKU_API_KEY') return source
  if (source !== 'netrc') return 'keychain'
  return netrcOnly ? 'HEROKU_NETRC_WRITE' : 'netrc'
}

const tryAgainIf = (error: unknown) => (error instanceof ApiError && !error.hint ? {hint: 'see: heroku status'} : {})

/** Shows the kind of a token, but not its length or any other character. */
const mask = (token: string) => `${token.startsWith('HRKU-') ? 'HRKU-' : ''}********`

/**
 * The state of an account's keychain. A failure is a fact too, and is not thrown.
 * @param account undefined for the preferred keychain of this machine
 */
export async function keychainFacts(
  stores: CredentialStores,
  account: string | undefined,
  found: FoundCredential | undefined,
  state: LoginState,
): Promise<KeychainFacts> {
  const resolved = stores.keychainFor(account)
  const {because, name} = resolved
  if (name === undefined) return {state: 'missing', because, ...hintOf(resolved), accounts: []}
  const {title} = resolved
  const keychain = stores.guard(resolved)
  if (!keychain) return {name, title, state: 'not used', accounts: []}
  try {
    // Called also where its accounts are not known, to see whether it answers.
    const listed = await keychain.accounts()
    const accounts = name === 'git-forwarded' ? [] : listed
    const current = currentAccount(accounts, state)
    const isCurrent = (account: string) => current !== 'several' && current?.account === account
    return {
      name,
      title,
      state: found?.source === name ? 'unlocked' : 'answers',
      accounts: accounts.sort().map((account) => ({account, current: isCurrent(account)})),
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    return {name, title, state: error.problem, ...failureOf(error), accounts: []}
  }
}

/**
 * The tokens that would be used without the one in use.
 * @param entry the `.netrc` entry of the API host
 */
export function shadowedBy(
  found: FoundCredential,
  {accounts, name, title = ''}: KeychainFacts,
  entry: {place: string; entry: NetrcEntry} | undefined,
): ShadowedToken[] {
  const current = accounts.find(({current}) => current)
  const inKeychain: ShadowedToken[] =
    name === undefined || !current || found.source === name
      ? []
      : [{source: name, place: title, account: current.account}]
  const inNetrc: ShadowedToken[] =
    !entry?.entry.token || found.source === 'netrc'
      ? []
      : [{source: 'netrc', place: entry.place, ...accountOf(entry.entry), same: entry.entry.token === found.token}]
  return [...inKeychain, ...inNetrc]
}

export const accountOf = ({account}: {account?: string | undefined}) => defined({account})

const hintOf = (from: {hint?: string | undefined} | undefined) => defined({hint: from?.hint})

/** @throws the error, if it has no message for the user */
export function failureOf(error: unknown): {because: string; hint?: string} {
  if (!(error instanceof UserError)) throw error
  return {because: error.message, ...hintOf(error)}
}
