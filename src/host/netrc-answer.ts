// What is between readers of netrc-parser and the four tiers: what a load shows, and what becomes of a save.
import {BackendError, type Credential} from '../backends/backend.js'
import type {MachineChange} from '../backends/netrc.js'
import {findToken} from '../credentials/find.js'
import {accountAt, accountOnRecord, readLoginState} from '../credentials/login-state.js'
import type {Found, Places} from '../credentials/places.js'
import {findToRemove, forgetLogin, removeToken, stillThere} from '../credentials/remove.js'
import {describeFallback, saveToken} from '../credentials/save.js'
import {printable} from '../printable.js'
import {exitCodeOf, isTold, UserError} from '../user-error.js'

/** What the four tiers say. Plain data, since it may come from the worker process. */
export type Answer =
  | {kind: 'found'; found: Found}
  | {kind: 'nothing'}
  /** The token is somewhere where it cannot be read, or is not to be used. */
  | {kind: 'refused'; account?: string; trouble: Trouble}
  /** No keychain has it, and we cannot make sense of the file: its reader may have it as netrc-parser reads it. */
  | {kind: 'unreadable'}

/** An error that is to reach the user. */
export interface Trouble {
  message: string
  hint?: string
  exitCode: number
}

/** What was changed in what a load had shown. */
export interface Changes {
  /** The login of the Heroku machines: a new one, or none; `found` is the one to remove, if somebody looked at it. */
  login?: {credential: Credential} | {found: Found | undefined}
  machines: MachineChange[]
}

export type Request = {verb: 'find'} | {verb: 'save'; changes: Changes}
/** What the four tiers say from now on, or null if it has not changed: JSON has no undefined. */
export type Reply = {ok: Answer | null} | {failed: Trouble}

/** Never rejects. */
export async function reply(places: Places, request: Request): Promise<Reply> {
  try {
    return {ok: request.verb === 'find' ? await find(places) : await save(places, request.changes)}
  } catch (error) {
    return {failed: troubleOf(error)}
  }
}

/** An error in words; of one that is not ours it is not known what it says. */
export function troubleOf(error: unknown): Trouble {
  if (!isTold(error))
    return {message: `heroku-keychain failed (${error instanceof Error ? error.name : 'unknown'})`, exitCode: 1}
  const {hint, message} = error
  return {message, ...(hint === undefined ? {} : {hint}), exitCode: exitCodeOf(error)}
}

async function find(places: Places): Promise<Answer> {
  const refused = (trouble: Trouble): Answer => {
    const account = accountOnRecord(readLoginState(places.around.dataDir))
    return {kind: 'refused', ...(account === undefined ? {} : {account}), trouble}
  }
  try {
    const looked = await findToken(places)
    if (looked.found) return {kind: 'found', found: looked.found}
    const {because, trouble} = looked
    if (trouble) return refused(unreadable(trouble))
    if (because !== undefined) places.around.notify(`not logged in: ${because}`)
    return {kind: 'nothing'}
  } catch (error) {
    if (error instanceof UserError) return refused(troubleOf(error))
    if (!(error instanceof BackendError)) throw error
    const keychains = places.keychain?.trouble
    if (keychains) return refused(unreadable(keychains))
    // A reader that makes sense of the file could find another account there.
    const {around, netrcOnly} = places
    const isOnRecord = !netrcOnly && accountAt(readLoginState(around.dataDir), around.hosts.api) !== undefined
    return isOnRecord ? refused(troubleOf(error)) : {kind: 'unreadable'}
  }
}

const unreadable = ({hint, message}: BackendError) =>
  troubleOf(new UserError(`the token cannot be read: ${message}`, hint))

async function save(places: Places, {login, machines}: Changes): Promise<Answer | null> {
  let after: Answer | null = null
  // The login first: a token that was just issued is nowhere else.
  if (login)
    after = 'credential' in login ? await saveLogin(places, login.credential) : await removeLogin(places, login)
  const others = machines.filter((change) => !isCopy(places, change, after))
  if (others.length > 0) await (await places.netrc()).change(others)
  return after
}

/** Whether a machine of another name was given the token that has just gone to the keychain, as HEROKU_GIT_HOST can have it. */
function isCopy({around}: Places, {host, to}: MachineChange, after: Answer | null): boolean {
  if (after?.kind !== 'found' || after.found.source === 'netrc' || to?.password !== after.found.token) return false
  around.notify(`${printable(host)} was not given the token, which is in ${after.found.place} alone`)
  return true
}

async function saveLogin(places: Places, credential: Credential): Promise<Answer> {
  places.assertChangeable('log in')
  const saved = await saveToken(places, credential)
  const fallback = describeFallback(saved)
  if (fallback !== undefined) places.around.notify(fallback)
  return {kind: 'found', found: {...credential, source: saved.savedIn, place: saved.place}}
}

async function removeLogin(places: Places, {found: seen}: {found: Found | undefined}): Promise<Answer> {
  places.assertChangeable('log out')
  const found = seen ?? (await findToRemove(places))
  if (!found) {
    await forgetLogin(places)
    return {kind: 'nothing'}
  }
  const removal = await removeToken(places, found)
  if (removal.failures.length > 0) throw stillThere(removal)
  return {kind: 'nothing'}
}
