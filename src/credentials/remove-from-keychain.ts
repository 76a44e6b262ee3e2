// The keychain's part of a logout: the copy of a token that it holds, shows or hides.
import type {StoreName, Credential} from '../backends/backend.js'
import {StorageError} from '../errors.js'
import {notRemovable} from '../backends/secret-tool.js'
import {assertNotHidden} from './guard.js'
import type {GuardedKeychain} from './guarded-keychain.js'
import {readLoginState} from './login-files.js'
import {changeLoginState} from './login-writer.js'
import {accountAt, isEnded, isStoredIn, type LoginState, tokenEnded, tokenValidAgain} from './login-state.js'
import {isOf, recordOf, recordOfAccount} from './token-record.js'
import type {FoundCredential, CredentialStores} from './stores.js'

/** The result of removing the copies of a token. */
export interface Removal {
  /** The stores that held a copy and hold none now. */
  removedFrom: string[]
  /** Other Heroku tokens that were found and left. */
  left: {source: StoreName; location: string; account?: string}[]
  /** The stores that may still hold a copy, and why. */
  failures: {location: string; error: StorageError}[]
  /** Whether only the record of the removal failed: no store holds a copy any more. */
  isOnlyRecord?: true
  /** The keychain, if it was not queried: there is no record that it ever held this token. */
  notQueried?: string
}

/** One removal of a token: its input, and its result so far. */
export interface Task {
  found: FoundCredential
  /** The login state when the token was found. */
  asOf: LoginState
  /** Whether the server has ended the token. */
  revoked: boolean
  removal: Removal
  /** Throws if the lock was lost to another process. */
  assertHeld: () => void
}

/** Whether our record says that this very token went to `.netrc`, because there was no keychain, or it failed. */
export const isInNetrcAlone = ({context}: CredentialStores, {source, token}: FoundCredential) =>
  source === 'netrc' &&
  readLoginState(context.dataDir).tokens.some((record) => record.savedIn === 'netrc' && isOf(record, token))

/** Whether a keychain that cannot be reached from here may be passed over: no file says that it ever held a token. */
export function isNowhere({context}: CredentialStores, {problem}: StorageError): boolean {
  const {loginJsonAccount, tokens} = readLoginState(context.dataDir)
  return problem === 'unavailable' && loginJsonAccount === undefined && tokens.every(({savedIn}) => savedIn === 'netrc')
}

export async function removeFromKeychain(
  stores: CredentialStores,
  keychain: GuardedKeychain,
  task: Task,
): Promise<void> {
  const {asOf, found, removal} = task
  const {dataDir, endpoints} = stores.context
  const isOfLaterLogin = (held: Credential) => !recordOf(held, asOf) && recordOf(held, readLoginState(dataDir))
  // A .netrc entry may name no account; then any account's item can be a copy of it.
  const {account: known} = found
  try {
    const accounts = known === undefined ? await accountsOf(found, keychain, asOf) : [known]
    for (const account of accounts) {
      const held = await heldNow(keychain, account, found, readLoginState(dataDir))
      if (held === LOCKED) removal.notQueried = keychain.title
      else if (held === found.token) {
        await removeItem(stores, keychain, {account, token: held}, task)
        removal.removedFrom.push(keychain.title)
      } else if (held !== undefined && found.source === keychain.name && !isOfLaterLogin({account, token: held})) {
        // The keychain contradicted itself: don't report success.
        throw new StorageError('failed', `${keychain.title} gave another token of this account a moment ago`)
      } else if (held !== undefined) removal.left.push({source: keychain.name, location: keychain.title, account})
      else if (isAbout(readLoginState(dataDir), account, found, endpoints.api))
        assertNotHidden(readLoginState(dataDir), account, keychain)
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    passOver(stores, keychain, task, error)
  }
}

/** @throws {StorageError} the same error, if the keychain may hold a copy */
function passOver(stores: CredentialStores, keychain: GuardedKeychain, {found, removal}: Task, error: StorageError) {
  const {savedIn} = recordOfAccount(readLoginState(stores.context.dataDir), found.account) ?? {}
  if (found.source === 'netrc' && isNowhere(stores, error)) removal.notQueried = keychain.title
  else if (!isPassedOver(error, savedIn, keychain)) throw error
}

/** Whether a keychain that is not there may be ignored: the account's token is on record in another one. */
export const isPassedOver = (
  {problem}: StorageError,
  savedIn: StoreName | undefined,
  {name}: Pick<GuardedKeychain, 'name'>,
) => problem === 'unavailable' && savedIn !== undefined && savedIn !== 'netrc' && savedIn !== name

/** An item that cannot be read without a prompt, and that no file says to be of a login. */
const LOCKED = Symbol('locked')

/**
 * The account's token, read again. No prompt is shown for what this process has just read (where each access asks the
 * user, as KeePassXC does by default, a removal cannot ask), nor for an item that no login stored, as far as we know.
 */
async function heldNow(keychain: GuardedKeychain, account: string, {source}: FoundCredential, state: LoginState) {
  const peek = await keychain.peek(account)
  if (peek === 'locked' && source === keychain.name) throw notRemovable()
  if (peek !== 'locked' && peek.token !== undefined) return peek.token
  // Nothing shown is no proof of nothing there, where a login stored one.
  if (isStoredIn(keychain.name, state, account)) return keychain.get(account)
  return peek === 'locked' ? LOCKED : undefined
}

/** The accounts that a token without a name can be of: those that the keychain shows, and one that it may hide. */
async function accountsOf(
  {token}: FoundCredential,
  keychain: GuardedKeychain,
  {tokens}: LoginState,
): Promise<Set<string>> {
  const recorded = tokens.filter((record) => isOf(record, token)).map(({account}) => account)
  return new Set([...(await keychain.accounts()), ...recorded])
}

/** Whether a removal is about what is recorded of an account: it ends that login, or the record is this token's. */
const isAbout = (state: LoginState, account: string, {token}: FoundCredential, apiHost: string) =>
  accountAt(state, apiHost) === account || isOf(recordOfAccount(state, account), token)

/**
 * Removes an account's token from the keychain. It is marked as ended before, so that a removal that is killed leaves no
 * record of a token that looks hidden.
 */
export async function removeItem(
  stores: CredentialStores,
  keychain: GuardedKeychain,
  {account, token}: Credential,
  {assertHeld, revoked}: Pick<Task, 'assertHeld' | 'revoked'>,
): Promise<void> {
  const wasEnded = isEnded(readLoginState(stores.context.dataDir), token)
  await markEnded(stores, token, assertHeld)
  try {
    assertHeld()
    await keychain.removeHeld({account, token})
  } catch (error) {
    if (!revoked && !wasEnded && isStillThere(error)) await markEnded(stores, token, assertHeld, false)
    throw error
  }
}

/** Whether a removal failed for certain. After any other failure the token may be gone, and must not look hidden. */
const isStillThere = (error: unknown) =>
  !(error instanceof StorageError) || error.problem === 'denied' || error.problem === 'locked'

/**
 * Records that a token must not be used again, or that it may be. A failure is ignored: the token is removed all the same,
 * and its removal, which cannot be recorded either, reports the failure.
 */
export async function markEnded(
  {context, netrcOnly}: CredentialStores,
  token: string,
  assertHeld: () => void,
  isOver = true,
) {
  const change = (state: LoginState) => {
    // Nothing is recorded of what HEROKU_NETRC_WRITE is about, unless a copy of it was stored elsewhere.
    if (netrcOnly && !state.tokens.some((record) => isOf(record, token))) return state
    return isOver ? tokenEnded(state, token) : tokenValidAgain(state, token)
  }
  await changeLoginState(context, change, {assertHeld}).catch(() => undefined)
}

/** Runs one part of a removal; its failure is reported with the others. */
export async function attempt(location: string, removal: Removal, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    removal.failures.push({location, error})
  }
}
