// Writes the login state: the one place that changes `login.json` and our file. The git helper and the init hook, which only
// read them, do not load this file.
import {accessSync, constants, statSync} from 'node:fs'
import {unlink} from 'node:fs/promises'
import {join} from 'node:path'
import {defined} from '../defined.js'
import {codeOf, StorageError, UserError} from '../errors.js'
import {accessCommand, causeOf, fileError} from '../files/file-error.js'
import {retryWhileHeldOpen} from '../files/held-open.js'
import {withLock} from '../files/lock.js'
import {isWritableByOthers, preparePrivateFolder} from '../files/private-folder.js'
import {LOGIN_JSON, OUR_JSON, readLoginState} from './login-files.js'
import {type Change, loginFound, loginJsonSeen, type LoginState} from './login-state.js'
import type {TokenRecord} from './token-record.js'

// Longer than the keychain operation of the process that holds the lock.
const MARGIN_MS = 10_000
// A login or logout that holds the lock for longer records the account itself.
const LOGIN_JSON_WAIT_MS = 1000

/** Throws if the lock was lost to another process; called right before a file is changed. */
export type AssertHeld = () => void

export interface ChangeOptions {
  /** Of the login lock, if the caller holds it. Default: the lock is taken for this change. */
  assertHeld?: AssertHeld
  /** Makes the error for the user. Default: the error as it is. */
  failure?: FailureOf
}

/** Makes the error for the user of a file system's, or of a lost lock. */
type FailureOf = (dataDir: string, error: unknown) => UserError

/**
 * Changes the login state under the login lock. Writes only what differs, or can be changed by other users: first our file,
 * then `login.json`.
 * @throws {StorageError} if the lock cannot be acquired
 */
export async function changeLoginState(
  lock: LoginLock,
  change: Change,
  {assertHeld, failure}: ChangeOptions = {},
): Promise<void> {
  if (!assertHeld)
    return withLoginLock(lock, (assertHeld) => changeLoginState(lock, change, {assertHeld, ...defined({failure})}))
  const {dataDir} = lock
  try {
    const before = readLoginState(dataDir)
    await write(dataDir, before, change(before), assertHeld)
  } catch (error) {
    throw failure ? failure(dataDir, error) : error
  }
}

async function write(dataDir: string, before: LoginState, after: LoginState, assertHeld: AssertHeld): Promise<void> {
  const {loginJsonAccount: account} = after
  const text = ourText(after)
  const isOpen = (name: string) => isOpenToOthers(join(dataDir, name))
  if (text !== ourText(before) || isOpen(OUR_JSON)) await replace(dataDir, OUR_JSON, text, assertHeld)
  if (account !== undefined && (account !== before.loginJsonAccount || isOpen(LOGIN_JSON)))
    // Byte for byte as the Heroku CLI writes it.
    await replace(dataDir, LOGIN_JSON, `${JSON.stringify({account})}\n`, assertHeld)
  else if (account === undefined && 'loginJsonAccount' in after) await remove(join(dataDir, LOGIN_JSON), assertHeld)
}

async function remove(path: string, assertHeld: AssertHeld): Promise<void> {
  try {
    await retryWhileHeldOpen(() => {
      assertHeld()
      return unlink(path)
    })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw codeOf(error) === undefined ? error : fileError('remove', path, error)
  }
}

/** Whether another user can change a file; false if it does not exist. */
function isOpenToOthers(path: string): boolean {
  const stats = statSync(path, {throwIfNoEntry: false})
  return stats !== undefined && isWritableByOthers(stats)
}

const ourText = ({ended, lastAccount, loggedOut, stores, tokens}: LoginState) =>
  `${JSON.stringify({version: 1, account: lastAccount, loggedOut, tokens, stores, ended}, undefined, 2)}\n`

async function replace(dataDir: string, name: string, text: string, assertHeld: AssertHeld): Promise<void> {
  preparePrivateFolder(dataDir)
  // Imported here: most commands of a host write nothing.
  const {replaceFile} = await import('../files/atomic-write.js')
  const beforeRename = () => Promise.resolve().then(assertHeld)
  await replaceFile(join(dataDir, name), text, {mode: 0o600, beforeRename})
}

/**
 * Makes the data folder, if there is none.
 * @throws {UserError} if a login cannot be recorded there
 */
export function assertRecordable(dataDir: string, failure: FailureOf = cannotRecordLogin()): void {
  try {
    preparePrivateFolder(dataDir)
    accessSync(dataDir, constants.W_OK)
  } catch (error) {
    throw failure(dataDir, error)
  }
}

/**
 * The error for a login that cannot be recorded.
 * @param next what to do once the data folder can be written to
 * @param instead what to do where it never can, as on a read-only file system
 */
export const cannotRecordLogin =
  (next = '', instead = ''): FailureOf =>
  (dataDir, error) => {
    const then = next === '' ? '' : `, ${next}`
    const otherwise = instead === '' ? '' : `; or ${instead}`
    const command = accessCommand(dataDir)
    return new UserError(
      `cannot record in ${dataDir} who is logged in (${causeOf(error)})`,
      command === undefined ? `make ${dataDir} a folder that you can write to${then}${otherwise}` : `${command}${then}`,
    )
  }

/**
 * The error for a removal that cannot be recorded: the part of it that is not done.
 * @param fact as in 'cannot record that …'
 */
export const cannotRecordRemoval =
  (fact: string): FailureOf =>
  (dataDir, error) =>
    new StorageError(
      'failed',
      `cannot record in ${dataDir} that ${fact} (${causeOf(error)})`,
      accessCommand(dataDir) ?? (error instanceof StorageError ? error.hint : undefined),
    )

/** Records the account that `login.json` names. Most calls change nothing, and take no lock. */
export async function recordLoginJson(dataDir: string): Promise<void> {
  const state = readLoginState(dataDir)
  if (loginJsonSeen(state) === state) return
  preparePrivateFolder(dataDir)
  await changeLoginState({dataDir, waitMs: LOGIN_JSON_WAIT_MS}, loginJsonSeen)
}

/**
 * Records a login that was found in the keychain, see {@link loginFound}. Does not wait: the process that holds the lock is
 * about to log in or out.
 */
export async function recordLoginFound(dataDir: string, record: TokenRecord): Promise<void> {
  try {
    assertRecordable(dataDir)
    await changeLoginState({dataDir, waitMs: 0}, (state) => loginFound(state, record))
  } catch (error) {
    // The next lookup tries again.
    if (!(error instanceof UserError) && codeOf(error) === undefined) throw error
  }
}

/** Where the lock is, and how long to wait for it: as long as a keychain operation may take, or `waitMs`. */
export type LoginLock = {dataDir: string} & ({timeoutMs: number} | {waitMs: number})

/**
 * Runs work on the keychain and the login state while no other process of ours does, such as comparing and replacing.
 * @param work gets a function that throws if the lock was lost; to be called before anything is changed
 * @throws {StorageError} if the lock cannot be acquired, or was lost
 */
export function withLoginLock<T>(lock: LoginLock, work: (assertHeld: AssertHeld) => Promise<T>): Promise<T> {
  const waitMs = 'waitMs' in lock ? lock.waitMs : lock.timeoutMs + MARGIN_MS
  return withLock(join(lock.dataDir, 'heroku-keychain'), waitMs, work)
}
