// Whether git's configuration needs to be looked at again: decided before every command, so with a few looks at files,
// no import beyond node's own, and no process.
import {mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {LOGIN_JSON, OUR_JSON} from '../credentials/login-files.js'
import {globalFiles} from './global-files.js'
import {launcherPath} from './launcher-path.js'
import {launcherText} from './launcher-text.js'

const NAME = 'heroku-keychain-git.json'

// The cause may be gone without a trace in what we look at: a lock was removed, a disk was mounted.
const RETRY_MS = 60 * 1000

/** What the configuration of git depends on. */
export interface SetupTarget {
  env: NodeJS.ProcessEnv
  dataDir: string
  cacheDir: string
  /** The git host and its API. */
  hosts: {git: string; api: string}
  /** The helper's file. */
  helper: string
}

/** What was found the last time. */
export interface Look {
  /** Files beyond the usual ones: those that the configuration includes, and those that the launcher starts. */
  files: string[]
  /** The data folders that are on record for the git host. */
  dataDirs: string[]
  /** Why git could not be configured, or without a launcher only. */
  problem?: string
}

/** A look, and what it depended on. */
export interface Stamp extends Look {
  facts: string
  /** Where there was a problem: the environment that may have caused it. */
  environment?: string
  /** Until when it is not tried again there, in milliseconds since 1970. */
  until?: number
}

/** Whether nothing has changed since the last look. */
export function isUpToDate(subject: SetupTarget, now = Date.now()): boolean {
  const stamp = validStamp(subject)
  if (!stamp) return false
  return stamp.problem === undefined ? stamp.dataDirs.includes(subject.dataDir) : now < (stamp.until ?? 0)
}

/** Why git could not be configured the last time, if that still holds for this process. */
export const lastProblem = (subject: SetupTarget) => validStamp(subject)?.problem

/** Remembers a look. Not being able to costs the next command another one. */
export function writeStamp(subject: SetupTarget, look: Look, now = Date.now()): void {
  const {cacheDir, env} = subject
  const problem = look.problem !== undefined && {environment: environmentOf(env), until: now + RETRY_MS}
  const stamp: Stamp = {facts: factsOf(subject, look.files), ...look, ...problem}
  // Beside it first: a link that another user may have put in its place is not followed.
  const fresh = join(cacheDir, `${NAME}.${process.pid}`)
  try {
    mkdirSync(cacheDir, {recursive: true, mode: 0o700})
    rmSync(fresh, {force: true})
    writeFileSync(fresh, JSON.stringify(stamp), {mode: 0o600, flag: 'wx'})
    renameSync(fresh, join(cacheDir, NAME))
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

/** The last look, if what it depended on is as it was. */
function validStamp(subject: SetupTarget): Stamp | undefined {
  const stamp = readStamp(subject.cacheDir)
  if (stamp?.facts !== factsOf(subject, stamp?.files)) return undefined
  return stamp.problem === undefined || stamp.environment === environmentOf(subject.env) ? stamp : undefined
}

function readStamp(cacheDir: string): Stamp | undefined {
  try {
    const stamp = JSON.parse(readFileSync(join(cacheDir, NAME), 'utf8')) as Stamp
    const isList = (list: unknown) => Array.isArray(list) && list.every((each) => typeof each === 'string')
    // Half a file, or another version's: a look that costs a little is better than one that fails for ever.
    return isList(stamp.files) && isList(stamp.dataDirs) ? stamp : undefined
  } catch {
    return undefined
  }
}

/**
 * Everything that a look depends on, in one text to compare. Neither our own node and helper, which the launcher need not
 * start, nor the data folder is in it: two shells in turn would otherwise look each time.
 */
function factsOf({env, hosts}: SetupTarget, more: readonly string[] = []): string {
  const launcher = launcherPath(env)
  const {mode, uid} = statIfAny(dirname(launcher)) ?? {}
  const files = [...globalFiles(env), launcher, ...more]
  return JSON.stringify([
    hosts.git,
    hosts.api,
    launcherText({node: '', helper: ''}),
    `${mode} ${uid}`,
    ...files.map(stateOf),
  ])
}

/**
 * What git may have failed for in one process and not in another: where it is looked for, and which variables of its own
 * are set. Without their values, which may hold a secret.
 */
const environmentOf = (env: NodeJS.ProcessEnv) =>
  [...Object.keys(env).filter((name) => name.startsWith('GIT_')), env.PATH].join('\n')

/** Changes whenever git's global configuration does, but for what it includes. */
export const globalState = (env: NodeJS.ProcessEnv) => globalFiles(env).map(stateOf).join('\n')

/** Changes whenever the file does: git replaces its configuration rather than writes into it. */
function stateOf(file: string): string {
  const stat = statIfAny(file)
  return stat ? `${file} ${stat.ino} ${stat.mode} ${stat.uid} ${stat.size} ${stat.mtimeNs}` : file
}

function statIfAny(file: string) {
  try {
    return statSync(file, {bigint: true, throwIfNoEntry: false})
  } catch {
    // In a folder that we may not look into, or on a disk that is broken.
    return undefined
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
