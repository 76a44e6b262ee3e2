// Reads all state that a plan depends on. Changes nothing.
import {defined} from '../defined.js'
import {readAliases} from '../backends/account-aliases.js'
import type {KeychainName, Peek} from '../backends/backend.js'
import {isToken} from '../backends/credential-rules.js'
import {printable} from '../ui/printable.js'
import {isStoredIn, type LoginState} from '../credentials/login-state.js'
import {readLoginState} from '../credentials/login-files.js'
import type {GuardedKeychain} from '../credentials/guarded-keychain.js'
import type {CredentialStores} from '../credentials/stores.js'
import {isOf, type TokenRecord} from '../credentials/token-record.js'
import {StorageError} from '../errors.js'
import type {Location} from './plan.js'

export interface Copy {
  location: Location
  /** The account, if the file names it. */
  account?: string
  token: string
}

/** The API's answer about a token: its account and expiry (ISO 8601), or that it is invalid. */
export type Verdict = {account: string; expiresAt?: string} | 'invalid'

/** Asks the API about a token; undefined to send no request. */
export type Verify = ((token: string) => Promise<Verdict>) | undefined

export interface CheckedCopy extends Copy {
  /** Undefined if the API was not asked. */
  verdict?: Verdict
}

export interface KeychainContents {
  name: KeychainName
  title: string
  accounts: string[]
  /** Tokens of the accounts that the copies belong to. */
  tokens: Map<string, string>
  /** Accounts with an item that cannot be read without a prompt, and that our records do not list. */
  locked: Set<string>
}

export interface Survey {
  copies: CheckedCopy[]
  /** Notices on tokens that were skipped. */
  notes: string[]
  keychain: KeychainContents
  state: LoginState
  /** The API host of all tokens. */
  apiHost: string
}

/** `accounts:set` writes its entry for this host, whatever HEROKU_HOST is. */
const ALIASES_API = 'api.heroku.com'

/**
 * Finds the copies, asks the API about each token once, and reads the keychain's tokens of the same accounts. Without
 * copies, no request is sent, and the keychain is read only if the user named an account.
 * @param wanted the account to make current
 * @param fromKeychains whether to move the tokens in other keychains, too
 * @throws {StorageError | UserError} if a store or the API does not answer
 */
export async function survey(
  stores: CredentialStores,
  keychain: GuardedKeychain,
  verify: Verify,
  wanted?: string,
  fromKeychains = false,
): Promise<Survey> {
  const state = readLoginState(stores.context.dataDir)
  const plain = await findPlaintextCopies(stores)
  const notes = plain.notes
  const copies = [...plain.copies, ...(fromKeychains ? await copiesInKeychains(stores, keychain, state) : [])]
  const verdicts = await verifyAll(verify, new Set(copies.map(({token}) => token)))
  const checked = copies.map((copy): CheckedCopy => {
    const verdict = verdicts.get(copy.token)
    return verdict === undefined ? copy : {...copy, verdict}
  })
  const accounts = checked.flatMap(({account, verdict}) =>
    verdict === 'invalid' ? [] : (verdict?.account ?? account ?? []),
  )
  return {
    copies: checked,
    notes,
    keychain: await readKeychain(keychain, copies.length > 0 || wanted !== undefined, accounts, state),
    state,
    apiHost: stores.context.endpoints.api,
  }
}

/**
 * Finds the copies for the API host first, then for the git host, then in alias files by name.
 * @returns the copies, and notices on tokens that were skipped
 * @throws {StorageError} if a file cannot be read
 */
async function findPlaintextCopies(stores: CredentialStores): Promise<{copies: Copy[]; notes: string[]}> {
  const {env, endpoints} = stores.context
  const notes: string[] = []
  const aliases = await readAliases(env, (path) =>
    notes.push(`${path} was left alone: it is not what an alias looks like`),
  )
  const found = [...(await copiesInNetrc(stores))]
  if (endpoints.api === ALIASES_API)
    for (const {alias, path, ...rest} of aliases) found.push({...rest, location: {in: 'alias', path, alias}})
  else if (aliases.length > 0)
    notes.push(
      `the tokens in ${aliases.map(({path}) => path).join(', ')} were left alone: they are for ${ALIASES_API}, not ${endpoints.api}`,
    )

  const copies = found.filter(({token}) => isToken(token))
  for (const {location} of found.filter((each) => !copies.includes(each)))
    notes.push(`${printable(location.path)} was left alone: what it holds is no token`)
  return {copies, notes}
}

async function copiesInNetrc(stores: CredentialStores): Promise<Copy[]> {
  const netrc = await stores.netrc()
  const copies: (Copy & {location: {in: 'netrc'; hosts: string[]}})[] = []
  for (const {account, host, token} of await netrc.entries()) {
    if (token === undefined) continue
    const same = copies.find((each) => each.token === token && each.account === account)
    if (same) same.location.hosts.push(host)
    else
      copies.push({
        location: {in: 'netrc', path: netrc.path, hosts: [host]},
        token,
        ...defined({account}),
      })
  }
  return copies
}

/** The tokens on record in keychains other than the one that they are moved to, and what a move that was killed left there. */
async function copiesInKeychains(stores: CredentialStores, to: GuardedKeychain, state: LoginState): Promise<Copy[]> {
  const {api} = stores.context.endpoints
  const copies: Copy[] = []
  for (const record of state.tokens) {
    const {account, apiHost, savedIn} = record
    if (savedIn === 'netrc' || apiHost !== api) continue
    const onRecord = stores.guard(stores.keychainNamedBy(record))
    const isMoved = onRecord === to
    for (const from of isMoved ? stores.keychainsToClear(account) : [onRecord]) {
      if (!from || from === to) continue
      const token = await (isMoved ? copyIn(from, record) : from.get(account))
      if (token === undefined || !isToken(token)) continue
      const {helper, name, title} = from
      copies.push({location: {in: 'keychain', path: title, name, ...defined({helper})}, account, token})
    }
  }
  return copies
}

/** A copy of the token on record, in a keychain that need not have one: without a prompt, and without an error. */
export async function copyIn(keychain: GuardedKeychain, record: TokenRecord): Promise<string | undefined> {
  try {
    const peek = await keychain.peek(record.account)
    return peek !== 'locked' && peek.token !== undefined && isOf(record, peek.token) ? peek.token : undefined
  } catch (error) {
    if (error instanceof StorageError) return undefined
    throw error
  }
}

async function verifyAll(verify: Verify, tokens: Set<string>): Promise<Map<string, Verdict>> {
  if (!verify) return new Map()
  return new Map(await Promise.all([...tokens].map(async (token) => [token, await verify(token)] as const)))
}

async function readKeychain(
  keychain: GuardedKeychain,
  needed: boolean,
  wanted: string[],
  state: LoginState,
): Promise<KeychainContents> {
  const tokens = new Map<string, string>()
  const locked = new Set<string>()
  const accounts = needed ? await keychain.accounts() : []
  for (const account of new Set(wanted)) {
    const held = await tokenInKeychain(keychain, account, state)
    if (held === 'locked') locked.add(account)
    else if (held.token !== undefined) tokens.set(account, held.token)
  }

  return {name: keychain.name, title: keychain.title, accounts, tokens, locked}
}

/**
 * An item that cannot be read without a prompt is read only if our records say that a login stored it; otherwise it may be a
 * stale item in an unused collection. Text that is not a token counts as absent: a process that is killed before it has passed
 * the secret to `secret-tool` leaves an empty item.
 */
export async function tokenInKeychain(keychain: GuardedKeychain, account: string, state: LoginState): Promise<Peek> {
  const peek = await keychain.peek(account)
  if (peek === 'locked' && !isStoredIn(keychain.name, state, account)) return peek
  const token = peek === 'locked' ? await keychain.get(account) : peek.token
  return token === undefined || !isToken(token) ? {} : {token}
}
