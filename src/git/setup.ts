// Configures git to ask our helper for the Heroku git host, and restores the configuration.
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {codeOf, StorageError} from '../errors.js'
import {accountOnRecord} from '../credentials/login-state.js'
import {readLoginState} from '../credentials/login-files.js'
import {findProgram} from '../process/find-program.js'
import {acquireLock, type Lock} from '../files/lock.js'
import {makeFolder} from '../files/private-folder.js'
import type {RunTool} from '../process/run.js'
import {configuredHosts, forgetHost, rememberHost} from './configured-hosts.js'
import {sharedFolder} from './data-dir.js'
import {type Entry, type Git, GitProblem, globalFiles, NO_GIT, openGit} from './config.js'
import {type PreparedLauncher, prepareLauncher} from './launcher.js'
import {globalState, type LastCheck, removeStamp, type SetupTarget, writeStamp} from './setup-stamp.js'
import {
  otherHelpers,
  isConfigured,
  isOwnKeyLast,
  isOwnKeyRight,
  isSharedKeyRight,
  ownKey,
  restoredValues,
  sharedKey,
  valuesOf,
  wantedValues,
} from './helper-values.js'

export type SetupResult =
  | {state: 'configured'; others: string[]}
  /** `git config --global heroku.credentialHelper false` */
  | {state: 'opted out'}
  | {state: 'failed'; because: string}
  /** Another process of ours holds the lock. */
  | {state: 'busy'}

// The host CLI may write the same key at the same time, in another process or in its hook.
const ATTEMPTS = 6

// Longer than the lock of a killed process stays valid.
const PATIENCE_MS = 7000

export const BUSY = "another heroku command is still changing git's configuration"

/**
 * Configures git to ask our helper, unless the user opted out. Idempotent. Writes the stamp, after a failure too.
 * @param patient whether to wait if another process of ours holds the lock
 * @returns the result; a failure of git or its files is not thrown
 */
export async function setUpHelper(target: SetupTarget, run: RunTool, patient: boolean): Promise<SetupResult> {
  // No stamp: repeating this check costs no more than reading one.
  if (findProgram('git', target.env) === undefined) return {state: 'failed', because: NO_GIT}
  try {
    const git = openGit(run, target.env)
    const {before, state, ...check} = await withLock(target, patient, () => configure(git, target))
    // No stamp if the files have changed since they were read: this change was not checked.
    if (before === globalState(target.env)) writeStamp(target, check)
    return state
  } catch (error) {
    if (codeOf(error) === 'ELOCKED') return {state: 'busy'}
    const problem = reasonOf(error)
    writeStamp(target, {files: [], dataDirs: [], problem})
    return {state: 'failed', because: problem}
  }
}

interface Outcome extends LastCheck {
  /** git's files before they were read. */
  before: string
  state: SetupResult
}

async function configure(git: Git, target: SetupTarget): Promise<Outcome> {
  const {dataDir, env, helper, endpoints} = target
  let dataDirs = [dataDir]
  let prepared: PreparedLauncher | undefined
  for (let attempt = 1; ; attempt++) {
    const before = globalState(env)
    const {entries, files: read, written} = await git.read()
    if (isOptedOut(entries)) return {before, files: read, dataDirs, state: {state: 'opted out'}}
    if (!prepared) {
      const previous = isConfigured(written, endpoints.git) ? [] : valuesOf(written, sharedKey(endpoints.git))
      dataDirs = await rememberHost(env, {...endpoints, before: previous}, dataDir)
      prepared = await prepareLauncher(env, {helper, node: process.execPath})
    }

    const {problem, targets, value: launcher} = prepared
    const files = [...read, ...targets]
    const sharedRight = isSharedKeyRight(written, endpoints.git, launcher)
    // git does not move a section with a user's comment in it; auth:status then names the helpers after ours.
    const isPlaced = isOwnKeyLast(entries, written, endpoints.git) || attempt === ATTEMPTS
    const ownRight = isPlaced && isOwnKeyRight(written, endpoints.git, launcher)
    const others = otherHelpers(written, endpoints.git)
    if (sharedRight && ownRight)
      return {before, files, dataDirs, ...(problem && {problem}), state: {state: 'configured', others}}
    if (attempt === ATTEMPTS) throw new GitProblem("git's global configuration does not keep what is written to it")
    if (attempt > 1) await sleep(Math.random() * 30 * attempt)
    const wanted = wantedValues(written, endpoints.git, launcher)
    if (!sharedRight) {
      // While one key is written the other holds the user's helpers: we may be killed at any moment.
      const own = valuesOf(written, ownKey(endpoints.git))
      for (const value of others.filter((each) => !own.includes(each))) await git.add(ownKey(endpoints.git), value)
      await git.write(sharedKey(endpoints.git), wanted.shared)
    }

    if (ownRight) continue
    // Removed first, so that git writes it at the end of the file.
    await git.write(ownKey(endpoints.git), [])
    await git.write(ownKey(endpoints.git), wanted.own)
  }
}

/**
 * Reverts {@link setUpHelper} for this git host; keeps the previous values and the user's current ones. All shells of the user
 * share the configuration, so it stays while the default data folder, or another one that has used it, has a login.
 * @returns why it failed, or undefined; a failure of git must not prevent a logout
 */
export async function tearDownHelper(target: SetupTarget, run: RunTool): Promise<string | undefined> {
  const {dataDir, env, endpoints} = target
  try {
    if (findProgram('git', target.env) === undefined) return undefined
    const git = openGit(run, target.env)
    await withLock(target, true, async () => {
      const known = configuredHosts(env).find(({git}) => git === endpoints.git)
      const others = [...new Set([sharedFolder(env), ...(known?.dataDirs ?? [])])].filter(
        (folder) => folder !== dataDir && accountOnRecord(readLoginState(folder)) !== undefined,
      )
      // Checked twice: another process may be writing without the lock, and nothing checks this again after a logout.
      for (let clean = 0, attempt = 1; others.length === 0 && clean < 2; attempt++) {
        const {globals} = await git.read()
        const ours = globals.filter(({entries}) => isConfigured(entries, endpoints.git))
        clean = ours.length > 0 ? 0 : clean + 1
        if (ours.length > 0 && attempt >= ATTEMPTS)
          throw new GitProblem("git's global configuration does not keep what is written to it")
        for (const {entries, file} of ours) {
          await git.write(sharedKey(endpoints.git), restoredValues(entries, endpoints.git, known?.before ?? []), file)
          await git.write(ownKey(endpoints.git), [], file)
        }
      }

      await forgetHost(env, endpoints.git, others)
    })
    return undefined
  } catch (error) {
    return reasonOf(error)
  } finally {
    removeStamp(target.cacheDir)
  }
}

export const isOptedOut = (entries: readonly Entry[]) =>
  ['false', 'no', 'off', '0'].includes(
    entries.findLast(({key}) => key === 'heroku.credentialhelper')?.value.toLowerCase() ?? '',
  )

/**
 * Holds our lock for all changes; git locks its file only for one. Without a lock, if the folder is read-only, the read after
 * each change has to do.
 * @throws {Error} 'ELOCKED' if another process holds the lock
 */
async function withLock<T>({env}: SetupTarget, patient: boolean, work: () => Promise<T>): Promise<T> {
  if (globalFiles(env).length === 0) throw new GitProblem('git has no global configuration here')
  const folder = sharedFolder(env)
  let lock: Lock | undefined
  try {
    makeFolder(folder)
    lock = await acquireLock(join(folder, 'heroku-keychain-git'), patient ? PATIENCE_MS : 0)
  } catch (error) {
    if (codeOf(error) === 'ELOCKED') throw error
  }

  try {
    return await work()
  } finally {
    await lock?.release()
  }
}

/** @throws the error, unless it comes from git or the file system */
function reasonOf(error: unknown): string {
  if (error instanceof GitProblem || error instanceof StorageError) return error.message
  const code = codeOf(error)
  if (code === 'ELOCKED') return BUSY
  if (code !== undefined) return `git's configuration cannot be kept (${code})`
  throw error
}
