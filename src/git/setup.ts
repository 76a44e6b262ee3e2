// Having git ask our helper for the Heroku git host, and taking that back.
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {codeOf, StorageError} from '../errors.js'
import {accountOnRecord, readLoginState} from '../credentials/login-state.js'
import {findProgram} from '../process/find-program.js'
import {acquireLock, type Lock} from '../files/lock.js'
import {makeFolder} from '../files/private-folder.js'
import type {RunTool} from '../process/run.js'
import {configuredHosts, forgetHost, rememberHost} from './configured-hosts.js'
import {sharedFolder} from './data-dir.js'
import {type Entry, type Git, GitProblem, globalFiles, NO_GIT, openGit} from './config.js'
import {type PreparedLauncher, prepareLauncher} from './launcher.js'
import {globalState, removeStamp, type SetupTarget, writeStamp} from './setup-stamp.js'
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

/** How git stands to us after a look. */
export type SetupResult =
  | {state: 'configured'; others: string[]}
  /** `git config --global heroku.credentialHelper false` */
  | {state: 'opted out'}
  | {state: 'failed'; because: string}
  /** Another process of ours is at it. */
  | {state: 'busy'}

// The host CLI may write the same key at the same moment, in a process or hook of its own.
const ATTEMPTS = 6

// Longer than the lock of a process that was killed stands in the way.
const PATIENCE_MS = 7000

export const BUSY = "another heroku command is still changing git's configuration"

/**
 * Has git ask our helper, unless the user would rather not. Idempotent, and remembered, also where it fails.
 * @param patient whether to wait for another process of ours that is at it
 * @returns how it went; nothing is thrown for what is wrong with git or its files
 */
export async function setUpHelper(target: SetupTarget, run: RunTool, patient: boolean): Promise<SetupResult> {
  // Not remembered: it costs the next command no more than this look.
  if (findProgram('git', target.env) === undefined) return {state: 'failed', because: NO_GIT}
  try {
    const git = openGit(run, target.env)
    const {before, state, ...look} = await withLock(target, patient, () => configure(git, target))
    // What somebody has changed since it was read was not looked at.
    if (before === globalState(target.env)) writeStamp(target, look)
    return state
  } catch (error) {
    if (codeOf(error) === 'ELOCKED') return {state: 'busy'}
    const problem = reasonOf(error)
    writeStamp(target, {files: [], dataDirs: [], problem})
    return {state: 'failed', because: problem}
  }
}

/** A look at git's files, what they were like before it, and how git stands to us. */
interface Outcome {
  before: string
  files: string[]
  dataDirs: string[]
  problem?: string
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
      const stood = isConfigured(written, endpoints.git) ? [] : valuesOf(written, sharedKey(endpoints.git))
      dataDirs = await rememberHost(env, {...endpoints, before: stood}, dataDir)
      prepared = await prepareLauncher(env, {helper, node: process.execPath})
    }

    const {problem, targets, value: launcher} = prepared
    const files = [...read, ...targets]
    const sharedRight = isSharedKeyRight(written, endpoints.git, launcher)
    // A comment of the user in our section keeps it where it is; auth:status names the helpers after it.
    const isPlaced = isOwnKeyLast(entries, written, endpoints.git) || attempt === ATTEMPTS
    const ownRight = isPlaced && isOwnKeyRight(written, endpoints.git, launcher)
    const others = otherHelpers(written, endpoints.git)
    if (sharedRight && ownRight)
      return {before, files, dataDirs, ...(problem && {problem}), state: {state: 'configured', others}}
    if (attempt === ATTEMPTS) throw new GitProblem("git's global configuration does not keep what is written to it")
    if (attempt > 1) await sleep(Math.random() * 30 * attempt)
    const wanted = wantedValues(written, endpoints.git, launcher)
    if (!sharedRight) {
      // While one key is written the other holds what the user has chosen: we may be killed at any moment.
      const own = valuesOf(written, ownKey(endpoints.git))
      for (const value of others.filter((each) => !own.includes(each))) await git.add(ownKey(endpoints.git), value)
      await git.write(sharedKey(endpoints.git), wanted.shared)
    }

    if (ownRight) continue
    // Emptied first, so that it is written at the end of the file.
    await git.write(ownKey(endpoints.git), [])
    await git.write(ownKey(endpoints.git), wanted.own)
  }
}

/**
 * Takes back what {@link setUpHelper} did for this git host, and leaves what stood there before and what the user has
 * there now. All shells of the user share the configuration, so it stays while another data folder that has used it, or
 * the default one, has a login.
 * @returns why that could not be done, if it could not; what is wrong with git keeps nobody logged in
 */
export async function tearDownHelper(target: SetupTarget, run: RunTool): Promise<string | undefined> {
  const {dataDir, env, endpoints} = target
  try {
    // Nobody asks where there is no git.
    if (findProgram('git', target.env) === undefined) return undefined
    const git = openGit(run, target.env)
    await withLock(target, true, async () => {
      const known = configuredHosts(env).find(({git}) => git === endpoints.git)
      const others = [...new Set([sharedFolder(env), ...(known?.dataDirs ?? [])])].filter(
        (folder) => folder !== dataDir && accountOnRecord(readLoginState(folder)) !== undefined,
      )
      // What is once taken for clean is never looked at again, so it has to look so twice.
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

/** Whether the user would rather not. */
export const isOptedOut = (entries: readonly Entry[]) =>
  ['false', 'no', 'off', '0'].includes(
    entries.findLast(({key}) => key === 'heroku.credentialhelper')?.value.toLowerCase() ?? '',
  )

/**
 * One of us at a time, in whichever shell; git's own lock is held for each single change alone. Where there can be no lock,
 * as in a read-only folder, the look after each change has to do.
 * @throws {Error} 'ELOCKED' if another process has it
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

/** @throws the error, if it is neither git's nor the file system's */
function reasonOf(error: unknown): string {
  if (error instanceof GitProblem || error instanceof StorageError) return error.message
  const code = codeOf(error)
  if (code === 'ELOCKED') return BUSY
  if (code !== undefined) return `git's configuration cannot be kept (${code})`
  throw error
}
