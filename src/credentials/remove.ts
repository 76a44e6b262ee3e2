// What a logout takes away: every stored copy of one token, and nothing else.
import {defined} from '../defined.js'
import {StorageError, UserError} from '../errors.js'
import {findCredential} from './find.js'
import {readLoginState} from './login-files.js'
import {cannotRecordRemoval, changeLoginState, withLoginLock} from './login-writer.js'
import {accountAt, accountOnRecord, loggedOut, type LoginState, tokenRemoved} from './login-state.js'
import {recordOf, recordOfAccount} from './token-record.js'
import type {FoundCredential, CredentialStores} from './stores.js'
import {
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
 * @returns undefined only if nobody is logged in, as far as anybody can tell
 * @throws {UserError | StorageError} if there may be one that cannot be read, or that another logout is about
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
 * Says where copies may be left.
 * @param revoked whether the server has ended the token, so that no copy is used again
 */
export function stillThere({failures}: Removal, revoked = false): UserError {
  const stores = failures.map(({error, location: place}) => `${place} (${error.message})`).join(' and ')
  const hints = failures.flatMap(({error}) => error.hint ?? [])
  const what = revoked ? 'the token was revoked and is not used again, but a copy of it' : 'the token'
  const next = revoked
    ? "then log out again; or delete the entry 'Heroku CLI' there by hand; or heroku login, which replaces it"
    : 'then log out again'
  return new UserError(`${what} may still be in ${stores}`, [...hints, next].join('; '))
}

/**
 * Removes every stored copy of a token. Who is logged in is forgotten only once no copy is left, so that a second try
 * finds it again. With HEROKU_NETRC_WRITE it is about `.netrc` alone.
 * @param asOf who was logged in when the token was found: whoever logs in after that stays
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
    inTurnIfAny(stores, async (assertHeld) => {
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
  else if (keychain) await attempt(keychain.title, removal, () => removeFromKeychain(stores, keychain, task))
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
  if (removal.failures.length === 0)
    await attempt(context.dataDir, removal, () => forget(stores, task.asOf, found, assertHeld))
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
  // Loaded here, since whoever stands still for an older client's logout hardly ever has one.
  const {readAliases, stripAlias} = await import('../backends/account-aliases.js')
  for (const alias of await readAliases(context.env, () => undefined)) {
    if (alias.token === token && (await stripAlias(alias.path, token, account))) removal.removedFrom.push(alias.path)
  }
}

/**
 * Forgets who is logged in, where there is no token that it could be about.
 * @param asOf who was logged in when none was found
 * @throws {StorageError} if the files that say so cannot be written
 */
export async function forgetLogin(
  stores: CredentialStores,
  asOf = readLoginState(stores.context.dataDir),
): Promise<void> {
  await inTurnIfAny(stores, (assertHeld) => forget(stores, asOf, undefined, assertHeld))
}

async function forget(
  {context, netrcOnly}: CredentialStores,
  asOf: LoginState,
  found: FoundCredential | undefined,
  assertHeld: () => void,
): Promise<void> {
  if (netrcOnly) return
  const {api} = context.endpoints
  const isOver = !found || isCurrent(found, asOf, api)
  const account = found ? found.account : accountAt(asOf, api)
  const change = (state: LoginState) => {
    if (isOver && isSameLogin(asOf, state)) return loggedOut(state, account)
    return found ? tokenRemoved(state, found) : state
  }
  await changeLoginState(context, change, {assertHeld, failure: cannotRecordRemoval('nobody is logged in')})
}

/** Whether a token may be the one that the current account is logged in by; that of anybody else ends no login. */
function isCurrent({account, token}: FoundCredential, asOf: LoginState, api: string): boolean {
  const current = accountOnRecord(asOf)
  if (current === undefined) return true
  const record = recordOfAccount(asOf, current)
  if (record && record.apiHost !== api) return false
  return account === undefined ? !record || recordOf({account: current, token}, asOf) === record : account === current
}

/** Whether nobody has logged in or out in between. `login.json` may have come back, by whoever missed it. */
const isSameLogin = (one: LoginState, other: LoginState) =>
  accountOnRecord(one) === accountOnRecord(other) &&
  one.loggedOut === other.loggedOut &&
  JSON.stringify(one.tokens) === JSON.stringify(other.tokens)

/**
 * Does something in turn with logins and other logouts. Where no turn can be had for any other reason than that somebody
 * else has it, there is no folder in which a login could be recorded either, and nobody to wait for.
 * @throws {StorageError} 'timed-out' if somebody else has it for too long
 */
export async function inTurnIfAny(
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

/** Does one part of it; trouble is told with all the rest. */
export async function attempt(place: string, removal: Removal, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    removal.failures.push({location: place, error})
  }
}
