// Whether git's configuration needs a check. Runs before every command, so it only calls stat() and starts no process; the
// bundle imports only modules of node.
import {mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import type {Interfaces} from '@oclif/core'
import {LOGIN_JSON, OUR_JSON} from '../credentials/login-files.js'
import type {Endpoints} from '../heroku/endpoints.js'
import {globalFiles} from './config.js'
import {launcherPath, launcherText} from './launcher.js'

const NAME = 'heroku-keychain-git.json'

// The cause may disappear without a change in the files that we check: a lock was removed, a disk was mounted.
const RETRY_MS = 60 * 1000

/** What git should be configured for. */
export interface SetupTarget {
  env: NodeJS.ProcessEnv
  dataDir: string
  cacheDir: string
  /** The git host and its API host. */
  endpoints: {git: string; api: string}
  /** The path of dist/git-helper.cjs. */
  helper: string
}

export function setupTarget(
  config: Pick<Interfaces.Config, 'cacheDir' | 'dataDir'>,
  endpoints: Endpoints,
): SetupTarget {
  return {
    env: process.env,
    dataDir: config.dataDir,
    cacheDir: config.cacheDir,
    endpoints: {git: endpoints.git, api: endpoints.api},
    helper: fileURLToPath(new URL('../git-helper.cjs', import.meta.url)),
  }
}

export interface LastCheck {
  /** Further files to check: included configuration, and the programs that the launcher starts. */
  files: string[]
  /** The data folders recorded for the git host. */
  dataDirs: string[]
  /** Why git could not be configured, or only without a launcher. */
  problem?: string
}

/** The last check, and the state that it depended on. */
export interface Stamp extends LastCheck {
  facts: string
  /** If there was a problem: the environment that may have caused it. */
  environment?: string
  /** When to try again in this environment, in milliseconds since 1970. */
  until?: number
}

/** Whether nothing has changed since the last check. */
export function isUpToDate(target: SetupTarget, now = Date.now()): boolean {
  const stamp = validStamp(target)
  if (!stamp) return false
  return stamp.problem === undefined ? stamp.dataDirs.includes(target.dataDir) : now < (stamp.until ?? 0)
}

/** Why the last setup failed, if that still applies to this process. */
export const lastProblem = (target: SetupTarget) => validStamp(target)?.problem

/** Best effort: without a stamp the next command checks again. */
export function writeStamp(target: SetupTarget, check: LastCheck, now = Date.now()): void {
  const {cacheDir, env} = target
  const problem = check.problem !== undefined && {environment: environmentOf(env), until: now + RETRY_MS}
  const stamp: Stamp = {facts: factsOf(target, check.files), ...check, ...problem}
  // Not written in place: this would follow a link that another user may have created.
  const fresh = join(cacheDir, `${NAME}.${process.pid}`)
  try {
    mkdirSync(cacheDir, {recursive: true, mode: 0o700})
    rmSync(fresh, {force: true})
    writeFileSync(fresh, JSON.stringify(stamp), {mode: 0o600, flag: 'wx'})
    renameSync(fresh, join(cacheDir, NAME))
  } catch {
    // Best effort, see above. On Windows, the rename fails while another process has the stamp open.
    removeIfPossible(fresh)
  }
}

/** Best effort: an old stamp only leads to another check. */
export const removeStamp = (cacheDir: string): void => {
  removeIfPossible(join(cacheDir, NAME))
}

function removeIfPossible(file: string): void {
  try {
    rmSync(file, {force: true})
  } catch {
    // Another process has it open, or the folder is read-only.
  }
}

/** The stamp, if the state that it depended on is unchanged. */
function validStamp(target: SetupTarget): Stamp | undefined {
  const stamp = readStamp(target.cacheDir)
  if (stamp?.facts !== factsOf(target, stamp?.files)) return undefined
  return stamp.problem === undefined || stamp.environment === environmentOf(target.env) ? stamp : undefined
}

function readStamp(cacheDir: string): Stamp | undefined {
  try {
    const stamp = JSON.parse(readFileSync(join(cacheDir, NAME), 'utf8')) as Stamp
    const isList = (list: unknown) => Array.isArray(list) && list.every((each) => typeof each === 'string')
    // A truncated file, or another version's: check again.
    return isList(stamp.files) && isList(stamp.dataDirs) ? stamp : undefined
  } catch {
    return undefined
  }
}

/**
 * Everything that a check depends on, as one text to compare. Not our own node, helper and data folder: two shells that differ
 * in them would check again before every command.
 */
function factsOf({env, endpoints}: SetupTarget, more: readonly string[] = []): string {
  const launcher = launcherPath(env)
  const {mode, uid} = statIfAny(dirname(launcher)) ?? {}
  const files = [...globalFiles(env), launcher, ...more]
  return JSON.stringify([
    endpoints.git,
    endpoints.api,
    launcherText({node: '', helper: ''}),
    `${mode} ${uid}`,
    ...files.map(stateOf),
  ])
}

/**
 * What can make git fail in one process but not in another: PATH, and which of git's variables are set. Not their values,
 * which may hold a secret.
 */
const environmentOf = (env: NodeJS.ProcessEnv) =>
  [...Object.keys(env).filter((name) => name.startsWith('GIT_')), env.PATH].join('\n')

/** Changes whenever git's global configuration does, except for included files. */
export const globalState = (env: NodeJS.ProcessEnv) => globalFiles(env).map(stateOf).join('\n')

/** Changes whenever the file does: git replaces its configuration files instead of writing to them. */
function stateOf(file: string): string {
  const stat = statIfAny(file)
  return stat ? `${file} ${stat.ino} ${stat.mode} ${stat.uid} ${stat.size} ${stat.mtimeNs}` : file
}

function statIfAny(file: string) {
  try {
    return statSync(file, {bigint: true, throwIfNoEntry: false})
  } catch {
    // No permission to search the folder, or an I/O error.
    return undefined
  }
}

/** Whether the user is logged in, as far as that is known without a call to a keychain. */
export function hasLogin(env: NodeJS.ProcessEnv, dataDir: string): boolean {
  if (env.HEROKU_API_KEY || exists(join(dataDir, LOGIN_JSON))) return true
  try {
    const {account} = JSON.parse(readFileSync(join(dataDir, OUR_JSON), 'utf8')) as {account?: unknown}
    return typeof account === 'string'
  } catch {
    return false
  }
}

/** True if it is unknown: without permission to search the folder. */
function exists(file: string): boolean {
  try {
    return statSync(file, {throwIfNoEntry: false}) !== undefined
  } catch {
    return true
  }
}
