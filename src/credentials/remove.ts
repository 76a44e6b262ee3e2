// What a logout takes away: every stored copy of one token, and nothing else.
import {BackendError} from '../backends/backend.js'
import {UserError} from '../user-error.js'
import {findToken} from './find.js'
import {
  accountAt,
  accountOnRecord,
  type LoginState,
  readLoginState,
  recordLogout,
  recordOf,
  recordOfAccount,
  recordRemoval,
} from './login-state.js'
import type {Found, Places} from './places.js'
import {recordingRemoval} from './recording.js'
import {
  isInNetrcAlone,
  isNowhere,
  markEnded,
  type Removal,
  removeFromKeychain,
  type Task,
} from './remove-from-keychain.js'
import {inTurn} from './turn.js'

export type {Removal} from './remove-from-keychain.js'

/**
 * Finds the token that a logout is about.
 * @returns undefined only if nobody is logged in, as far as anybody can tell
 * @throws {UserError | BackendError} if there may be one that cannot be read, or that another logout is about
 */
export async function findToRemove(places: Places): Promise<Found | undefined> {
  const looked = await findToken(places, {endedToo: true})
  if (looked.found) return looked.found
  if (looked.trouble && !isNowhere(places, looked.trouble))
    throw new UserError(`cannot log out: ${looked.trouble.message}`, looked.trouble.hint)
  const leftover = await findLeftover(places)
  if (!leftover && looked.because !== undefined && !looked.trouble)
    throw new UserError(`cannot log out: ${looked.because}`, 'heroku auth:status says who is logged in, and where')
  return leftover
}

/** A token of Heroku's in `.netrc` that no tier looks at, such as one for the git host alone. */
async function findLeftover(places: Places): Promise<Found | undefined> {
  const netrc = await places.netrc()
  for (const {account, token} of await netrc.entries())
    if (token !== undefined)
      return {token, ...(account === undefined ? {} : {account}), source: 'netrc', place: netrc.path}
  return undefined
}

/**
 * Says where copies may be left.
 * @param revoked whether the server has ended the token, so that no copy is used again
 */
export function stillThere({failures}: Removal, revoked = false): UserError {
  const places = failures.map(({error, place}) => `${place} (${error.message})`).join(' and ')
  const hints = failures.flatMap(({error}) => error.hint ?? [])
  const what = revoked ? 'the token was revoked and is not used again, but a copy of it' : 'the token'
  const next = revoked
    ? "then log out again; or delete the entry 'Heroku CLI' there by hand; or heroku login, which replaces it"
    : 'then log out again'
  return new UserError(`${what} may still be in ${places}`, [...hints, next].join('; '))
}

/**
 * Removes every stored copy of a token. Who is logged in is forgotten only once no copy is left, so that a second try
 * finds it again. With HEROKU_NETRC_WRITE it is about `.netrc` alone.
 * @param asOf who was logged in when the token was found: whoever logs in after that stays
 * @param revoked whether the server has ended the token: a copy that cannot be removed is never used again
 */
export async function removeToken(
  places: Places,
  found: Found,
  asOf = readLoginState(places.around.dataDir),
  {revoked = false} = {},
): Promise<Removal> {
  const removal: Removal = {removedFrom: [], left: [], failures: []}
  await attempt(found.place, removal, () =>
    inTurnIfAny(places, async (assertHeld) => {
      const task = {found, asOf, revoked, removal, assertHeld}
      if (revoked) await markEnded(places, found.token, assertHeld)
      await removeEverywhere(places, task)
    }),
  )
  return removal
}

async function removeEverywhere(places: Places, task: Task): Promise<void> {
  const {assertHeld, found, removal} = task
  const {around, keychain} = places
  const {api, git} = around.hosts
  if (keychain && isInNetrcAlone(places, found)) removal.notQueried = keychain.title
  else if (keychain) await attempt(keychain.title, removal, () => removeFromKeychain(places, keychain, task))
  const netrc = await places.netrc()
  await attempt(netrc.path, removal, async () => {
    assertHeld()
    if (await netrc.removeHosts([api, git], found.token)) removal.removedFrom.push(netrc.path)
    // No copy is there, whether or not the file can be read; what else it holds is only mentioned.
    for (const {account, token} of await netrc.entries().catch(none))
      if (token !== undefined)
        removal.left.push({source: 'netrc', place: netrc.path, ...(account === undefined ? {} : {account})})
  })
  if (!places.netrcOnly)
    await attempt("the files of 'heroku accounts'", removal, () => removeFromAliases(places, found, removal))
  if (removal.failures.length === 0)
    await attempt(around.dataDir, removal, () => forget(places, task.asOf, found, assertHeld))
}

function none(error: unknown): [] {
  if (!(error instanceof BackendError)) throw error
  return []
}

async function removeFromAliases({around}: Places, {account, token}: Found, removal: Removal): Promise<void> {
  // Loaded here, since whoever stands still for an older client's logout hardly ever has one.
  const {readAliases, stripAlias} = await import('./migrate/alias-files.js')
  for (const alias of await readAliases(around.env, () => undefined)) {
    if (alias.token === token && (await stripAlias(alias.path, token, account))) removal.removedFrom.push(alias.path)
  }
}

/**
 * Forgets who is logged in, where there is no token that it could be about.
 * @param asOf who was logged in when none was found
 * @throws {BackendError} if the files that say so cannot be written
 */
export async function forgetLogin(places: Places, asOf = readLoginState(places.around.dataDir)): Promise<void> {
  await inTurnIfAny(places, (assertHeld) => forget(places, asOf, undefined, assertHeld))
}

async function forget(
  {around, netrcOnly}: Places,
  asOf: LoginState,
  found: Found | undefined,
  assertHeld: () => void,
): Promise<void> {
  if (netrcOnly) return
  const {dataDir, hosts} = around
  const isOver = !found || isCurrent(found, asOf, hosts.api)
  const account = found ? found.account : accountAt(asOf, hosts.api)
  const record = async () => {
    if (isOver && isSameLogin(asOf, readLoginState(dataDir))) await recordLogout(dataDir, account, assertHeld)
    else if (found) await recordRemoval(dataDir, found, assertHeld)
  }
  await recordingRemoval(dataDir, record, 'nobody is logged in')
}

/** Whether a token may be the one that the current account is logged in by; that of anybody else ends no login. */
function isCurrent({account, token}: Found, asOf: LoginState, api: string): boolean {
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
 * @throws {BackendError} 'timed-out' if somebody else has it for too long
 */
export async function inTurnIfAny(
  {around, netrcOnly}: Places,
  work: (assertHeld: () => void) => Promise<void>,
): Promise<void> {
  if (netrcOnly) return work(() => undefined)
  const state = {begun: false}
  try {
    await inTurn(around, (assertHeld) => {
      state.begun = true
      return work(assertHeld)
    })
  } catch (error) {
    if (state.begun || !(error instanceof BackendError) || error.problem === 'timed-out') throw error
    await work(() => undefined)
  }
}

/** Does one part of it; trouble is told with all the rest. */
export async function attempt(place: string, removal: Removal, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (!(error instanceof BackendError)) throw error
    removal.failures.push({place, error})
  }
}
