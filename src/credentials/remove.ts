// What a logout takes away: every stored copy of one token, and nothing else.
import {defined} from '../defined.js'
import {StorageError, UserError} from '../errors.js'
import {findCredential} from './find.js'
import {readLoginState} from './login-files.js'
import {cannotRecordRemoval, changeLoginState, withLoginLock} from './login-writer.js'
import {accountAt, accountOnRecord, loggedOut, type LoginState, tokenRemoved} from './login-state.js'
import {recordOf, recordOfAccount, type TokenRecord} from './token-record.js'
import type {FoundCredential, CredentialStores} from './stores.js'
import {
  attempt,
  isInNetrcAlone,
  isNowhere,
  markEnded,
  type Removal,
  removeFromKeychain,
  type Task,
} from './remove-from-keychain.js'

export type {Removal} from './remove-from-keychain.js'

/**
 * Finds the token that a logout is about.
 * @returns undefined only if no store holds one
 * @throws {UserError | StorageError} if there may be one that cannot be read, or that another logout is for
 */
export async function findToRemove(stores: CredentialStores): Promise<FoundCredential | undefined> {
  const lookup = await findCredential(stores, {endedToo: true})
  if (lookup.outcome === 'found') return lookup.credential
  if (lookup.outcome === 'failed' && !isNowhere(stores, lookup.error))
    throw new UserError(`cannot log out: ${lookup.error.message}`, lookup.error.hint)
  const leftover = await findLeftover(stores)
  if (!leftover && lookup.outcome === 'absent' && lookup.because !== undefined)
    throw new UserError(`cannot log out: ${lookup.because}`, 'heroku auth:status says who is logged in, and where')
  return leftover
}

/** A token of Heroku's in `.netrc` that no tier looks at, such as one for the git host alone. */
async function findLeftover(stores: CredentialStores): Promise<FoundCredential | undefined> {
  const netrc = await stores.netrc()
  for (const {account, token} of await netrc.entries())
    if (token !== undefined) return {token, ...defined({account}), source: 'netrc', location: netrc.path}
  return undefined
}

/**
 * The error for copies that may be left, or for a removal that could not be recorded.
 * @param revoked whether the server has ended the token, so that no copy is used again
 */
export function stillThere({failures, isOnlyRecord}: Removal, revoked = false): UserError {
  const stores = failures.map(({error, location}) => `${location} (${error.message})`).join(' and ')
  const hints = failures.flatMap(({error}) => error.hint ?? [])
  if (isOnlyRecord) {
    const messages = failures.map(({error}) => error.message).join(' and ')
    return new UserError(`the token was removed; ${messages}`, [...hints, 'then log out again'].join('; '))
  }
  const what = revoked ? 'the token was revoked and is not used again, but a copy of it' : 'the token'
  const next = revoked
    ? "then log out again; or delete the entry 'Heroku CLI' there by hand; or heroku login, which replaces it"
    : 'then log out again'
  return new UserError(`${what} may still be in ${stores}`, [...hints, next].join('; '))
}

/**
 * Removes every stored copy of a token. The logout is recorded only once no copy is left, so that a second try finds the
 * token again. With HEROKU_NETRC_WRITE, only `.netrc` is changed.
 * @param asOf the login state when the token was found: a later login stays
 * @param revoked whether the server has ended the token: a copy that cannot be removed is never used again
 */
export async function removeToken(
  stores: CredentialStores,
  found: FoundCredential,
  asOf = readLoginState(stores.context.dataDir),
  {revoked = false} = {},
): Promise<Removal> {
  const removal: Removal = {removedFrom: [], left: [], failures: []}
  await attempt(found.location, removal, () =>
    withLockIfPossible(stores, async (assertHeld) => {
      const task = {found, asOf, revoked, removal, assertHeld}
      if (revoked) await markEnded(stores, found.token, assertHeld)
      await removeEverywhere(stores, task)
    }),
  )
  return removal
}

async function removeEverywhere(stores: CredentialStores, task: Task): Promise<void> {
  const {assertHeld, found, removal} = task
  const {context, keychain} = stores
  const {api, git} = context.endpoints
  if (keychain && isInNetrcAlone(stores, found)) removal.notQueried = keychain.title
  else
    for (const each of stores.keychainsToClear(found.account))
      await attempt(each.title, removal, () => removeFromKeychain(stores, each, task))
  const netrc = await stores.netrc()
  await attempt(netrc.path, removal, async () => {
    assertHeld()
    if (await netrc.removeHosts([api, git], found.token)) removal.removedFrom.push(netrc.path)
    // No copy is there, whether or not the file can be read; what else it holds is only mentioned.
    for (const {account, token} of await netrc.entries().catch(none))
      if (token !== undefined) removal.left.push({source: 'netrc', location: netrc.path, ...defined({account})})
  })
  if (!stores.netrcOnly)
    await attempt("the files of 'heroku accounts'", removal, () => removeFromAliases(stores, found, removal))
  if (removal.failures.length > 0) return
  await attempt(context.dataDir, removal, () => forget(stores, task.asOf, found, assertHeld))
  if (removal.failures.length > 0) removal.isOnlyRecord = true
}

function none(error: unknown): [] {
  if (!(error instanceof StorageError)) throw error
  return []
}

async function removeFromAliases(
  {context}: CredentialStores,
  {account, token}: FoundCredential,
  removal: Removal,
): Promise<void> {
  // Imported here: most users have no aliases, and an older client blocks during a logout.
  const {readAliases, stripAlias} = await import('../backends/account-aliases.js')
  for (const alias of await readAliases(context.env, () => undefined)) {
    if (alias.token === token && (await stripAlias(alias.path, token, account))) removal.removedFrom.push(alias.path)
  }
}

/**
 * Records a logout for which no token was found.
 * @param asOf the login state when none was found
 * @throws {StorageError} if the files that say so cannot be written
 */
export async function forgetLogin(
  stores: CredentialStores,
  asOf = readLoginState(stores.context.dataDir),
): Promise<void> {
  await withLockIfPossible(stores, (assertHeld) => forget(stores, asOf, undefined, assertHeld))
}

async function forget(
  {context, netrcOnly}: CredentialStores,
  asOf: LoginState,
  found: FoundCredential | undefined,
  assertHeld: () => void,
): Promise<void> {
  if (netrcOnly) return
  const {api} = context.endpoints
  const isLogout = !found || isCurrent(found, asOf, api)
  const account = found ? found.account : accountAt(asOf, api)
  const change = (state: LoginState) => {
    if (isLogout && isSameLogin(asOf, state)) return loggedOut(state, account)
    return found ? tokenRemoved(state, found) : state
  }
  await changeLoginState(context, change, {assertHeld, failure: cannotRecordRemoval('the account is logged out')})
}

/** Whether a token may be the current account's; the removal of another account's token is no logout. */
function isCurrent({account, token}: FoundCredential, asOf: LoginState, api: string): boolean {
  const current = accountOnRecord(asOf)
  if (current === undefined) return true
  const record = recordOfAccount(asOf, current)
  if (record && record.apiHost !== api) return false
  return account === undefined ? !record || recordOf({account: current, token}, asOf) === record : account === current
}

/** Whether there was no login or logout in between. A lookup may have restored `login.json`. */
const isSameLogin = (one: LoginState, other: LoginState) =>
  accountOnRecord(one) === accountOnRecord(other) &&
  one.loggedOut === other.loggedOut &&
  JSON.stringify(one.tokens, WHICH_TOKEN) === JSON.stringify(other.tokens, WHICH_TOKEN)

/** The fields that only a login changes. A command may have recorded in between that it warned of the expiry. */
const WHICH_TOKEN: (keyof TokenRecord)[] = ['account', 'apiHost', 'fingerprint', 'savedIn', 'keychainHost']

/**
 * Runs work under the login lock; without it if the lock cannot be created: then no login can be recorded there either.
 * @throws {StorageError} 'timed-out' if another process holds the lock for too long
 */
export async function withLockIfPossible(
  {context, netrcOnly}: CredentialStores,
  work: (assertHeld: () => void) => Promise<void>,
): Promise<void> {
  if (netrcOnly) return work(() => undefined)
  const state = {begun: false}
  try {
    await withLoginLock(context, (assertHeld) => {
      state.begun = true
      return work(assertHeld)
    })
  } catch (error) {
    if (state.begun || !(error instanceof StorageError) || error.problem === 'timed-out') throw error
    await work(() => undefined)
  }
}
