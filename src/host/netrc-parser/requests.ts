// The two requests of netrc-parser's users, to find and to save a credential, as plain data for the worker process.
import {defined} from '../../defined.js'
import type {Credential} from '../../backends/backend.js'
import {StorageError, UserError} from '../../errors.js'
import type {MachineChange} from '../../backends/netrc/netrc-file.js'
import {findCredential} from '../../credentials/find.js'
import {accountAt, accountOnRecord} from '../../credentials/login-state.js'
import {readLoginState} from '../../credentials/login-files.js'
import type {FoundCredential, CredentialStores} from '../../credentials/stores.js'
import {findToRemove, forgetLogin, removeToken, stillThere} from '../../credentials/remove.js'
import {describeFallback} from '../../credentials/describe-saved.js'
import {saveToken} from '../../credentials/save.js'
import {warnDaily} from '../../credentials/warn-daily.js'
import {printable} from '../../ui/printable.js'

/** The result of the lookup. */
export type Answer =
  | {kind: 'found'; found: FoundCredential}
  | {kind: 'nothing'}
  /** The token exists, but cannot be read or must not be used. */
  | {kind: 'refused'; account?: string; failure: Failure}
  /** No keychain holds the token, and we cannot parse the file: netrc-parser may read it. */
  | {kind: 'unreadable'}

/** An error for the user, as plain data. */
export interface Failure {
  message: string
  hint?: string
  exitCode: number
}

/** The changes to save. */
export interface Changes {
  /** A new login, or the end of the login; `found` is the credential to remove, if a lookup has found it. */
  login?: {credential: Credential} | {found: FoundCredential | undefined}
  machines: MachineChange[]
}

export type Request = {verb: 'find'} | {verb: 'save'; changes: Changes}
/** `ok` is the result of a lookup from now on, or null if it has not changed: JSON has no undefined. */
export type Reply = {ok: Answer | null} | {failed: Failure}

/** Never rejects. */
export async function reply(stores: CredentialStores, request: Request): Promise<Reply> {
  try {
    return {ok: request.verb === 'find' ? await find(stores) : await save(stores, request.changes)}
  } catch (error) {
    return {failed: failureOf(error)}
  }
}

/** Converts an error to plain data. The message of an error that is not ours may contain a secret. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof UserError))
    return {message: `heroku-keychain failed (${error instanceof Error ? error.name : 'unknown'})`, exitCode: 1}
  const {hint, message} = error
  return {message, ...defined({hint}), exitCode: error.exitCode}
}

async function find(stores: CredentialStores): Promise<Answer> {
  const refused = (failure: Failure): Answer => {
    const account = accountOnRecord(readLoginState(stores.context.dataDir))
    return {kind: 'refused', ...defined({account}), failure}
  }
  try {
    const lookup = await findCredential(stores)
    if (lookup.outcome === 'found') {
      await warnDaily(stores, lookup.credential)
      return {kind: 'found', found: lookup.credential}
    }
    if (lookup.outcome === 'failed') return refused(unreadable(lookup.error))
    if (lookup.because !== undefined) stores.context.notify(`not logged in: ${lookup.because}`)
    return {kind: 'nothing'}
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    if (!(error instanceof StorageError)) return refused(failureOf(error))
    if (stores.failure) return refused(unreadable(stores.failure))
    // netrc-parser could find another account in the file.
    const {context, netrcOnly} = stores
    const isOnRecord = !netrcOnly && accountAt(readLoginState(context.dataDir), context.endpoints.api) !== undefined
    return isOnRecord ? refused(failureOf(error)) : {kind: 'unreadable'}
  }
}

const unreadable = ({hint, message}: StorageError) =>
  failureOf(new UserError(`the token cannot be read: ${message}`, hint))

async function save(stores: CredentialStores, {login, machines}: Changes): Promise<Answer | null> {
  let after: Answer | null = null
  // The login first: a token that was just issued is stored nowhere else.
  if (login)
    after = 'credential' in login ? await saveLogin(stores, login.credential) : await removeLogin(stores, login)
  const others = machines.filter((change) => !isCopy(stores, change, after))
  if (others.length > 0) await (await stores.netrc()).change(others)
  return after
}

/** Whether another machine, such as one for a foreign HEROKU_GIT_HOST, got the token that was just stored in the keychain. */
function isCopy({context}: CredentialStores, {host, to}: MachineChange, after: Answer | null): boolean {
  if (after?.kind !== 'found' || after.found.source === 'netrc' || to?.password !== after.found.token) return false
  context.notify(`${printable(host)} was not given the token, which is in ${after.found.location} alone`)
  return true
}

async function saveLogin(stores: CredentialStores, credential: Credential): Promise<Answer> {
  stores.assertChangeable('log in')
  const saved = await saveToken(stores, credential)
  const fallback = describeFallback(saved)
  if (fallback !== undefined) stores.context.notify(fallback)
  return {kind: 'found', found: {...credential, source: saved.savedIn, location: saved.location}}
}

async function removeLogin(
  stores: CredentialStores,
  {found: seen}: {found: FoundCredential | undefined},
): Promise<Answer> {
  stores.assertChangeable('log out')
  const found = seen ?? (await findToRemove(stores))
  if (!found) {
    await forgetLogin(stores)
    return {kind: 'nothing'}
  }
  const removal = await removeToken(stores, found)
  if (removal.failures.length > 0) throw stillThere(removal)
  return {kind: 'nothing'}
}
