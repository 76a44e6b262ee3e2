// What a logout takes away: every stored copy of one token, and nothing else.
import {BackendError, type BackendName, type Credential} from '../backends/backend.js'
import {UserError} from '../user-error.js'
import {findToken} from './find.js'
import type {KeychainSession} from './keychain-session.js'
import {accountOnRecord, type LoginState, readLoginState, recordOf, recordLogout, recordRemoval} from './login-state.js'
import type {Found, Places} from './places.js'
import {recordingRemoval} from './recording.js'
import {inTurn} from './turn.js'

/** What became of the copies of a token. */
export interface Removal {
  /** The places that held a copy and hold none now. */
  removedFrom: string[]
  /** Other tokens of Heroku's that were seen, and left alone. */
  left: {source: BackendName; place: string; account?: string}[]
  /** The places that may still hold a copy, and why. */
  failures: {place: string; error: BackendError}[]
}

/**
 * Finds the token that a logout is about.
 * @returns undefined only if nobody is logged in, as far as anybody can tell
 * @throws {UserError | BackendError} if there may be one that cannot be read, or that another logout is about
 */
export async function findToRemove(places: Places): Promise<Found | undefined> {
  const looked = await findToken(places)
  if (looked.found) return looked.found
  if (looked.trouble) throw new UserError(`cannot log out: ${looked.trouble.message}`, looked.trouble.hint)
  const leftover = await findLeftover(places)
  if (!leftover && looked.because !== undefined)
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
 * @param what of the token it is that may be there
 */
export function stillThere({failures}: Removal, what = 'the token'): UserError {
  const places = failures.map(({error, place}) => `${place} (${error.message})`).join(' and ')
  const hints = failures.flatMap(({error}) => error.hint ?? [])
  return new UserError(`${what} may still be in ${places}`, [...hints, 'then log out again'].join('; '))
}

/**
 * Removes every stored copy of a token. Who is logged in is forgotten only once no copy is left, so that a second try
 * finds it again. With HEROKU_NETRC_WRITE it is about `.netrc` alone.
 * @param asOf who was logged in when the token was found: whoever logs in after that stays
 */
export async function removeToken(
  places: Places,
  found: Found,
  asOf = readLoginState(places.around.dataDir),
): Promise<Removal> {
  const removal: Removal = {removedFrom: [], left: [], failures: []}
  await attempt(found.place, removal, () => inTurnIfAny(places, () => removeEverywhere(places, found, asOf, removal)))
  return removal
}

async function removeEverywhere(places: Places, found: Found, asOf: LoginState, removal: Removal): Promise<void> {
  const {around, keychain} = places
  if (keychain)
    await attempt(keychain.title, removal, () => removeFromKeychain(around.dataDir, keychain, found, asOf, removal))
  const netrc = await places.netrc()
  await attempt(netrc.path, removal, async () => {
    const {api, git} = around.hosts
    if (await netrc.removeHosts([api, git], found.token)) removal.removedFrom.push(netrc.path)
    // No copy is there, whether or not the file can be read; what else it holds is only mentioned.
    for (const {account, token} of await netrc.entries().catch(none))
      if (token !== undefined)
        removal.left.push({source: 'netrc', place: netrc.path, ...(account === undefined ? {} : {account})})
  })
  if (!places.netrcOnly)
    await attempt("the files of 'heroku accounts'", removal, () => removeFromAliases(places, found, removal))
  if (removal.failures.length === 0) await attempt(around.dataDir, removal, () => forget(places, asOf, found))
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

async function removeFromKeychain(
  dataDir: string,
  keychain: KeychainSession,
  found: Found,
  asOf: LoginState,
  removal: Removal,
): Promise<void> {
  const isOfLaterLogin = (held: Credential) => !recordOf(held, asOf) && recordOf(held, readLoginState(dataDir))
  // A .netrc entry may not say whose token it is; then a copy of it can be anybody's.
  const {account: known} = found
  const accounts = known === undefined ? await keychain.ask((backend) => backend.accounts()) : [known]
  for (const account of accounts) {
    const held = await keychain.ask((backend) => backend.get(account))
    if (held === found.token) {
      await keychain.ask((backend) => backend.remove(account))
      removal.removedFrom.push(keychain.title)
    } else if (held !== undefined && found.source === keychain.name && !isOfLaterLogin({account, token: held})) {
      // A tool that stumbles: whichever of its two answers is right, this is not done.
      throw new BackendError('failed', `${keychain.title} gave another token of this account a moment ago`)
    } else if (held !== undefined) removal.left.push({source: keychain.name, place: keychain.title, account})
  }
}

/**
 * Forgets who is logged in, where there is no token that it could be about.
 * @param asOf who was logged in when none was found
 * @throws {BackendError} if the files that say so cannot be written
 */
export async function forgetLogin(places: Places, asOf = readLoginState(places.around.dataDir)): Promise<void> {
  await inTurnIfAny(places, () => forget(places, asOf))
}

async function forget({around, netrcOnly}: Places, asOf: LoginState, found?: Found): Promise<void> {
  if (netrcOnly) return
  const {dataDir, hosts} = around
  const isOver = !found || isCurrent(found, asOf, hosts.api)
  const record = async () => {
    if (isOver && isSameLogin(asOf, readLoginState(dataDir))) await recordLogout(dataDir, found?.account)
    else if (found) await recordRemoval(dataDir, found)
  }
  await recordingRemoval(dataDir, record, 'nobody is logged in')
}

/** Whether a token may be the one that the current account is logged in by; that of anybody else ends no login. */
function isCurrent({account, token}: Found, asOf: LoginState, api: string): boolean {
  const current = accountOnRecord(asOf)
  if (current === undefined) return true
  const record = asOf.tokens.find((each) => each.account === current)
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
export async function inTurnIfAny({around, netrcOnly}: Places, work: () => Promise<void>): Promise<void> {
  if (netrcOnly) return work()
  const state = {begun: false}
  try {
    await inTurn(around, () => {
      state.begun = true
      return work()
    })
  } catch (error) {
    if (state.begun || !(error instanceof BackendError) || error.problem === 'timed-out') throw error
    await work()
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
