// Whether git's configuration needs to be looked at again: decided before every command, so with a few looks at files,
// no import beyond node's own, and no process.
import {mkdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {LOGIN_JSON, OUR_JSON} from '../credentials/login-state.js'
import {globalFiles} from './global-files.js'
import {launcherPath} from './launcher-path.js'

const NAME = 'heroku-keychain-git.json'

// What stood in the way may be gone without a trace in what we look at: git was installed, a disk was mounted; or a lock
// is gone.
const RETRY_MS = 24 * 60 * 60 * 1000
const RETRY_SOON_MS = 60 * 1000

/** What the configuration of git depends on. */
export interface Subject {
  env: NodeJS.ProcessEnv
  dataDir: string
  cacheDir: string
  /** The git host and its API. */
  hosts: {git: string; api: string}
  /** The helper's file. */
  helper: string
}

/** What was found the last time, and what it depended on. */
export interface Stamp {
  facts: string
  /** Files beyond the usual ones, such as included ones. */
  files: string[]
  /** Why git could not be configured, if it could not; and until when it is not tried again, in milliseconds since 1970. */
  problem?: string
  until?: number
}

/** Whether nothing has changed since the last look. */
export function isSteady(subject: Subject, now = Date.now()): boolean {
  const stamp = readStamp(subject.cacheDir)
  if (stamp?.facts !== factsOf(subject, stamp?.files)) return false
  return stamp.until === undefined || now < stamp.until
}

/**
 * Remembers a look. Not being able to costs the next command another one.
 * @param problem why git could not be configured, and whether that may well be over soon
 */
export function writeStamp(
  subject: Subject,
  files: string[],
  problem?: {because: string; passes: boolean},
  now = Date.now(),
): void {
  const stamp: Stamp = {
    facts: factsOf(subject, files),
    files,
    ...(problem && {problem: problem.because, until: now + (problem.passes ? RETRY_SOON_MS : RETRY_MS)}),
  }
  try {
    mkdirSync(subject.cacheDir, {recursive: true})
    writeFileSync(join(subject.cacheDir, NAME), JSON.stringify(stamp), {mode: 0o600})
  } catch {
    // See above.
  }
}

export function removeStamp(cacheDir: string): void {
  try {
    rmSync(join(cacheDir, NAME), {force: true})
  } catch {
    // It says nothing that a look at git would not put right.
  }
}

export function readStamp(cacheDir: string): Stamp | undefined {
  try {
    const stamp = JSON.parse(readFileSync(join(cacheDir, NAME), 'utf8')) as Stamp
    // Half a file, or another version's: a look that costs a little is better than one that fails for ever.
    return Array.isArray(stamp.files) && stamp.files.every((file) => typeof file === 'string') ? stamp : undefined
  } catch {
    return undefined
  }
}

/** Everything that a look depends on, in one text to compare. */
function factsOf({dataDir, env, helper, hosts}: Subject, more: readonly string[] = []): string {
  const files = [...globalFiles(env), ...more, launcherPath(dataDir), helper, process.execPath]
  return JSON.stringify([hosts.git, hosts.api, process.execPath, helper, ...files.map(stateOf)])
}

/** Changes whenever git's global configuration does, but for what it includes. */
export const globalState = (env: NodeJS.ProcessEnv) => globalFiles(env).map(stateOf).join('\n')

/** Changes whenever the file does: git replaces its configuration rather than writes into it. */
function stateOf(file: string): string {
  try {
    const stat = statSync(file, {bigint: true, throwIfNoEntry: false})
    return stat ? `${file} ${stat.ino} ${stat.mode} ${stat.size} ${stat.mtimeNs}` : file
  } catch {
    // In a folder that we may not look into, or on a disk that is broken.
    return `${file} ?`
  }
}

/**
 * Whether somebody is logged in, as far as that shows without asking a keychain: git is configured for nobody else.
 */
export function someoneIsLoggedIn(env: NodeJS.ProcessEnv, dataDir: string): boolean {
  if (env.HEROKU_API_KEY || exists(join(dataDir, LOGIN_JSON))) return true
  try {
    const {account} = JSON.parse(readFileSync(join(dataDir, OUR_JSON), 'utf8')) as {account?: unknown}
    return typeof account === 'string'
  } catch {
    return false
  }
}

/** Also where that cannot be told, as in a folder that we may not look into. */
function exists(file: string): boolean {
  try {
    return statSync(file, {throwIfNoEntry: false}) !== undefined
  } catch {
    return true
  }
}
