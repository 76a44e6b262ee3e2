// Having git ask our helper for the Heroku git host, and taking that back.
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {codeOf, StorageError} from '../errors.js'
import {accountOnRecord} from '../credentials/login-state.js'
import {readLoginState} from '../credentials/login-files.js'
import {findProgram} from '../process/find-program.js'
import {takeTurn, type Turn} from '../files/lock.js'
import {makeFolder} from '../files/private-folder.js'
import type {RunTool} from '../process/run.js'
import {configuredHosts, forgetHost, rememberHost} from './configured-hosts.js'
import {sharedFolder} from './data-dir.js'
import {type Entry, type Git, GitProblem, NO_GIT, openGit} from './config.js'
import {globalFiles} from './global-files.js'
import {type PreparedLauncher, prepareLauncher} from './launcher.js'
import {globalState, removeStamp, type SetupTarget, writeStamp} from './setup-stamp.js'
import {
  foreignValues,
  isConfigured,
  isOwnLast,
  isOwnRight,
  isSharedRight,
  ownKey,
  restoredValues,
  sharedKey,
  valuesOf,
  wantedValues,
} from './helper-values.js'

/** How git stands to us after a look. */
export type GitState =
  | {state: 'configured'; foreign: string[]}
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
export async function setUpHelper(subject: SetupTarget, run: RunTool, patient: boolean): Promise<GitState> {
  // Not remembered: it costs the next command no more than this look.
  if (findProgram('git', subject.env) === undefined) return {state: 'failed', because: NO_GIT}
  try {
    const git = openGit(run, subject.env)
    const {before, state, ...look} = await locked(subject, patient, () => configure(git, subject))
    // What somebody has changed since it was read was not looked at.
    if (before === globalState(subject.env)) writeStamp(subject, look)
    return state
  } catch (error) {
    if (codeOf(error) === 'ELOCKED') return {state: 'busy'}
    const problem = reasonOf(error)
    writeStamp(subject, {files: [], dataDirs: [], problem})
    return {state: 'failed', because: problem}
  }
}

/** A look at git's files, what they were like before it, and how git stands to us. */
interface Look {
  before: string
  files: string[]
  dataDirs: string[]
  problem?: string
  state: GitState
}

async function configure(git: Git, subject: SetupTarget): Promise<Look> {
  const {dataDir, env, helper, hosts} = subject
  let dataDirs = [dataDir]
  let prepared: PreparedLauncher | undefined
  for (let attempt = 1; ; attempt++) {
    const before = globalState(env)
    const {entries, files: read, written} = await git.read()
    if (isOptedOut(entries)) return {before, files: read, dataDirs, state: {state: 'opted out'}}
    if (!prepared) {
      const stood = isConfigured(written, hosts.git) ? [] : valuesOf(written, sharedKey(hosts.git))
      dataDirs = await rememberHost(env, {...hosts, before: stood}, dataDir)
      prepared = await prepareLauncher(env, {helper, node: process.execPath})
    }

    const {problem, targets, value: launcher} = prepared
    const files = [...read, ...targets]
    const sharedRight = isSharedRight(written, hosts.git, launcher)
    // A comment of the user in our section keeps it where it is; auth:status names the helpers after it.
    const isPlaced = isOwnLast(entries, written, hosts.git) || attempt === ATTEMPTS
    const ownRight = isPlaced && isOwnRight(written, hosts.git, launcher)
    const foreign = foreignValues(written, hosts.git)
    if (sharedRight && ownRight)
      return {before, files, dataDirs, ...(problem && {problem}), state: {state: 'configured', foreign}}
    if (attempt === ATTEMPTS) throw new GitProblem("git's global configuration does not keep what is written to it")
    if (attempt > 1) await sleep(Math.random() * 30 * attempt)
    const wanted = wantedValues(written, hosts.git, launcher)
    if (!sharedRight) {
      // While one key is written the other holds what the user has chosen: we may be killed at any moment.
      const own = valuesOf(written, ownKey(hosts.git))
      for (const value of foreign.filter((each) => !own.includes(each))) await git.add(ownKey(hosts.git), value)
      await git.write(sharedKey(hosts.git), wanted.shared)
    }

    if (ownRight) continue
    // Emptied first, so that it is written at the end of the file.
    await git.write(ownKey(hosts.git), [])
    await git.write(ownKey(hosts.git), wanted.own)
  }
}

/**
 * Takes back what {@link setUpHelper} did for this git host, and leaves what stood there before and what the user has
 * there now. All shells of the user share the configuration, so it stays while another data folder that has used it, or
 * the default one, has a login.
 * @returns why that could not be done, if it could not; what is wrong with git keeps nobody logged in
 */
export async function tearDownHelper(subject: SetupTarget, run: RunTool): Promise<string | undefined> {
  const {dataDir, env, hosts} = subject
  try {
    // Nobody asks where there is no git.
    if (findProgram('git', subject.env) === undefined) return undefined
    const git = openGit(run, subject.env)
    await locked(subject, true, async () => {
      const known = configuredHosts(env).find(({git}) => git === hosts.git)
      const others = [...new Set([sharedFolder(env), ...(known?.dataDirs ?? [])])].filter(
        (folder) => folder !== dataDir && accountOnRecord(readLoginState(folder)) !== undefined,
      )
      // What is once taken for clean is never looked at again, so it has to look so twice.
      for (let clean = 0, attempt = 1; others.length === 0 && clean < 2; attempt++) {
        const {globals} = await git.read()
        const ours = globals.filter(({entries}) => isConfigured(entries, hosts.git))
        clean = ours.length > 0 ? 0 : clean + 1
        if (ours.length > 0 && attempt >= ATTEMPTS)
          throw new GitProblem("git's global configuration does not keep what is written to it")
        for (const {entries, file} of ours) {
          await git.write(sharedKey(hosts.git), restoredValues(entries, hosts.git, known?.before ?? []), file)
          await git.write(ownKey(hosts.git), [], file)
        }
      }

      await forgetHost(env, hosts.git, others)
    })
    return undefined
  } catch (error) {
    return reasonOf(error)
  } finally {
    removeStamp(subject.cacheDir)
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
async function locked<T>({env}: SetupTarget, patient: boolean, work: () => Promise<T>): Promise<T> {
  if (globalFiles(env).length === 0) throw new GitProblem('git has no global configuration here')
  const folder = sharedFolder(env)
  let lock: Turn | undefined
  try {
    makeFolder(folder)
    lock = await takeTurn(join(folder, 'heroku-keychain-git'), patient ? PATIENCE_MS : 0)
  } catch (error) {
    if (codeOf(error) === 'ELOCKED') throw error
  }

  try {
    return await work()
  } finally {
    await lock?.end()
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
