// Which token the user acts with:
//
//   HEROKU_API_KEY, then .netrc alone if HEROKU_NETRC_WRITE says so, then the keychain, then .netrc.
//
// 'The keychain holds nothing' falls through in silence; 'the keychain failed' falls through aloud, and never to
// another account than the one on record.
import {type Backend, BackendError, type Credential} from '../backends/backend.js'
import {isToken} from '../backends/storable.js'
import {printable} from '../printable.js'
import {UserError} from '../user-error.js'
import {type Current, currentAmong} from './current.js'
import type {KeychainSession} from './keychain-session.js'
import {accountOnRecord, type LoginState, readLoginState, recordOf, type TokenRecord} from './login-state.js'
import type {Found, Places} from './places.js'

/** A token that was found, or why there is none, where there is more to say than that nobody logged in. */
export type Lookup = {found: Found} | {found?: undefined; because?: string; trouble?: BackendError}

export interface FindOptions {
  /** Change nothing, and tell the user nothing but what is being waited for. */
  lookOnly?: boolean
}

/** One search of the tiers: where, who is logged in, and how. */
interface Search {
  places: Places
  state: LoginState
  lookOnly: boolean
}

/**
 * Looks the token up in the four tiers.
 * @throws {UserError} if the keychain failed, and `.netrc` would have the user act as another account
 * @throws {BackendError} if `.netrc` is needed and cannot be read
 */
export async function findToken(places: Places, {lookOnly = false}: FindOptions = {}): Promise<Lookup> {
  const {apiKey, keychain} = places
  if (apiKey !== undefined) return {found: {token: apiKey, source: 'HEROKU_API_KEY', place: 'HEROKU_API_KEY'}}
  const state = readLoginState(places.around.dataDir)
  const search: Search = {places, state, lookOnly}
  if (!keychain) return findWithoutKeychain(search)

  let looked: Lookup
  try {
    looked = await findInKeychain(search, keychain)
  } catch (error) {
    if (!(error instanceof BackendError)) throw error
    return findAfterTrouble(search, keychain, error)
  }

  if (looked.found && !isSuperseded(looked.found, state)) return looked
  const inNetrc = await findInNetrc(search)
  if (!looked.found) return inNetrc.found ? inNetrc : looked
  return inNetrc.found && recordOf(inNetrc.found, state) ? inNetrc : looked
}

/**
 * The answer of the tiers, where the keychain has told the token of an account already.
 * @returns undefined if there is more to ask before they can answer
 */
export function findAtOnce(places: Places, credential: Credential): Found | undefined {
  const {apiKey, keychain} = places
  const state = readLoginState(places.around.dataDir)
  if (apiKey !== undefined || !keychain || state.named !== credential.account) return undefined
  if (!isToken(credential.token)) return undefined
  const {found} = judge(credential, {places, state, keychain})
  return found && !isSuperseded(found, state) ? found : undefined
}

/**
 * Looks up the token of an account that need not be the current one, in the last two tiers.
 * @throws {BackendError} if `.netrc` is needed and cannot be read
 */
export async function findAccountToken(places: Places, account: string): Promise<Lookup> {
  const state = {...readLoginState(places.around.dataDir), named: account}
  const search: Search = {places, state, lookOnly: false}
  const {keychain} = places
  let trouble: BackendError | undefined
  if (keychain)
    try {
      const looked = await findInKeychain(search, keychain)
      if (looked.found ? !isSuperseded(looked.found, state) : looked.because !== undefined) return looked
    } catch (error) {
      if (!(error instanceof BackendError)) throw error
      trouble = error
    }
  const inNetrc = await findInNetrc(search)
  if (inNetrc.found?.account === account) return inNetrc
  return trouble ? {because: trouble.message, trouble} : {}
}

const findInKeychain = (search: Search, keychain: KeychainSession) =>
  keychain.ask(async (backend): Promise<Lookup> => {
    const {title} = keychain
    const current = await currentAccount(search, backend)
    if (current === 'several') return {because: `${title} holds several accounts, and none of them is current`}
    if (current === undefined) return {}
    const {account} = current
    const token = await backend.get(account)
    if (token === undefined) return {}
    if (!isToken(token)) throw new BackendError('failed', `${title} gave something that is no token`)
    return judge({account, token}, {...search, keychain})
  })

/** What a keychain's token comes to. */
function judge(
  {account, token}: Credential,
  {keychain, places, state}: Pick<Search, 'places' | 'state'> & {keychain: KeychainSession},
): Lookup {
  const found: Found = {token, account, source: keychain.name, place: keychain.title}
  const {api} = places.around.hosts
  // Recognising a token takes a tenth of the git helper's time, so only where something is to be learned from it.
  const record = hasMoreToSay(state, account, api) ? recordOf(found, state) : undefined
  // One host's token is not for another's eyes.
  if (record && record.apiHost !== api)
    return {because: `${printable(account)} is logged in to ${printable(record.apiHost)}, not to ${api}`}
  return {found: {...found, ...expiryOf(record)}}
}

/** Who is logged in; `login.json` is written again, if it is missing, so that nobody has to look through a keychain. */
async function currentAccount({lookOnly, places, state}: Search, backend: Backend): Promise<Current | undefined> {
  const {loggedOut, named, remembered} = state
  if (named !== undefined || loggedOut) return currentAmong([], state)
  const current = currentAmong(await backend.accounts(), state)
  if (lookOnly || current === 'several' || current === undefined) return current
  if (remembered === undefined || remembered === current.account) {
    const {nameAgain} = await import('./name-again.js')
    await nameAgain(places.around.dataDir, current.account)
  }
  return current
}

async function findInNetrc({places, state}: Search): Promise<Lookup> {
  const netrc = await places.netrc()
  const entry = (await netrc.entries()).find(({host}) => host === places.around.hosts.api)
  if (!entry?.token) return {}
  const {account, token} = entry
  const found: Found = {token, ...(account === undefined ? {} : {account}), source: 'netrc', place: netrc.path}
  return {found: {...found, ...expiryOf(recordOf(found, state))}}
}

/** Without a keychain there is `.netrc` alone. But whoever's token is in one, and cannot be read now, is not logged out. */
async function findWithoutKeychain(search: Search): Promise<Lookup> {
  const inNetrc = await findInNetrc(search)
  const {around, netrcOnly} = search.places
  const owner = ownerInKeychain(search.state, around.hosts.api)
  if (netrcOnly || around.keychain.name !== undefined || owner === undefined) return inNetrc
  const trouble = new BackendError('unavailable', around.keychain.because, around.keychain.hint)
  if (!inNetrc.found) return {because: trouble.message, trouble}
  assertSamePerson(owner, inNetrc.found, trouble)
  return inNetrc
}

/** The current account, if its token for this host went to a keychain. */
function ownerInKeychain(state: LoginState, api: string): string | undefined {
  const current = accountOnRecord(state)
  const record = state.tokens.find(({account}) => account === current)
  return record === undefined || (record.savedIn !== 'netrc' && record.apiHost === api) ? current : undefined
}

async function findAfterTrouble(search: Search, keychain: KeychainSession, trouble: BackendError): Promise<Lookup> {
  const inNetrc = await findInNetrc(search).catch((error: unknown): Lookup => {
    // A .netrc that cannot be read is not what a user of the keychain has to repair.
    if (!(error instanceof BackendError)) throw error
    return {}
  })
  const {lookOnly, state} = search
  const {found} = inNetrc
  if (!found) return {because: trouble.message, trouble}
  assertSamePerson(accountOnRecord(state), found, trouble)
  if (!lookOnly)
    keychain.complain(`${trouble.message}; using ${found.place} instead${trouble.hint ? ` (${trouble.hint})` : ''}`)
  return inNetrc
}

/** @throws {UserError} if what `.netrc` holds is somebody else's than whom the keychain would have told */
function assertSamePerson(onRecord: string | undefined, {account, place}: Found, {hint, message}: BackendError): void {
  if (onRecord === undefined || account === onRecord) return
  const other = printable(account ?? 'an unnamed account')
  throw new UserError(
    `${message}, so the token of ${printable(onRecord)} cannot be read, and ${place} holds that of ` +
      `${other}: nobody is acted for in place of somebody else`,
    `${hint ?? 'mend the keychain'}; or set HEROKU_NETRC_WRITE=true to act as ${other}`,
  )
}

/** Whether the keychain refused the account's last login, which went to `.netrc`: what it still holds is older. */
const isSuperseded = (found: Found, state: LoginState) =>
  state.tokens.some(({account, savedIn}) => account === found.account && savedIn === 'netrc') && !recordOf(found, state)

/** Whether it is remembered of an account's token that it is for another host, or until when it is valid. */
const hasMoreToSay = ({tokens}: LoginState, account: string | undefined, apiHost: string) =>
  tokens.some((each) => each.account === account && (each.apiHost !== apiHost || each.expiresAt !== undefined))

const expiryOf = (record: TokenRecord | undefined) =>
  record?.expiresAt === undefined ? {} : {expiresAt: record.expiresAt}
