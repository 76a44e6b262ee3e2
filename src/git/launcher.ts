// The launcher: the shell script that git runs, one per user, whose path never changes. git runs it at every push, so no other
// user may be able to change it.
import {lstatSync, readFileSync, statSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {codeOf, StorageError} from '../errors.js'
import {fileError} from '../files/file-error.js'
import {isOwn, isPosix, isWritableByOthers, keepFromOthers, makeFolder} from '../files/private-folder.js'
import {replaceOwnFile, sharedFolder} from './data-dir.js'

/** The launcher's file name, the same in every version. */
const LAUNCHER = 'git-credential-helper'

export const launcherPath = (env: NodeJS.ProcessEnv) => join(sharedFolder(env), LAUNCHER)

export interface LauncherTargets {
  /** The path of node. */
  node: string
  /** The path of the helper. */
  helper: string
}

/**
 * The launcher handles `store` and `erase` itself, which git calls as often as `get`: they need no action. It exits silently if
 * node or the helper is missing, so that git continues with the next helper. It names no data folder: the helper finds it in
 * the environment of the shell that runs git.
 */
export function launcherText({helper, node}: LauncherTargets, platform = process.platform): string {
  return `#!/bin/sh
# Gives git the Heroku token. heroku-keychain wrote this file, and writes it again when node or the helper has moved.
[ "$1" = get ] || exit 0
node=${quote(forShell(node, platform))}
helper=${quote(forShell(helper, platform))}
[ -x "$node" ] && [ -f "$helper" ] || exit 0
terminal=
[ -t 2 ] && terminal=terminal
# Node reads them before anything else, and the helper opens no connection.
unset NODE_EXTRA_CA_CERTS
exec "$node" "$helper" get $terminal
`
}

/** What a launcher of this version starts; undefined for other text. */
export function targetsIn(text: string, platform = process.platform): LauncherTargets | undefined {
  const [, node, helper] = /^node='(.*)'\nhelper='(.*)'$/mu.exec(text) ?? []
  if (node === undefined || helper === undefined) return undefined
  const targets = {node: unquote(node), helper: unquote(helper)}
  return launcherText(targets, platform) === text ? targets : undefined
}

/**
 * The value of `credential.<url>.helper` that makes git run the launcher, in git's own `sh` on every system.
 *
 * The shell sources the launcher: that starts no other process, works on a disk mounted with `noexec`, and prints nothing if the
 * launcher is missing, as in a copied home folder.
 */
export const launcherValue = (env: NodeJS.ProcessEnv) => guarded(quote(forShell(launcherPath(env), process.platform)))

const guarded = (path: string) => `!f() { test -f ${path} && test -r ${path} && . ${path}; }; f`

/** Whether a value runs a launcher of ours, in any folder: earlier versions had one in each data folder. */
export function isLauncherValue(value: string): boolean {
  const [path] = new RegExp(String.raw`'(?:[^']|'\\'')*/${LAUNCHER}'`, 'u').exec(value) ?? []
  return path !== undefined && [`!${path}`, guarded(path)].includes(value)
}

/** A backslash is an escape character in Git for Windows' sh. */
const forShell = (path: string, platform: NodeJS.Platform) => (platform === 'win32' ? path.replaceAll('\\', '/') : path)

const QUOTED = String.raw`'\''`
const quote = (text: string) => `'${text.replaceAll("'", QUOTED)}'`
const unquote = (text: string) => text.replaceAll(QUOTED, "'")

const OWNER_READS_AND_EXECUTES = 0o500

export interface LauncherProblem {
  because: string
  /** Whether other users can change what git runs. */
  unsafe: boolean
}

/** Why git cannot use the launcher, or undefined. Changes nothing. */
export function launcherProblem(env: NodeJS.ProcessEnv): LauncherProblem | undefined {
  const path = launcherPath(env)
  const folder = dirname(path)
  const problem = (because: string, unsafe = false) => ({because, unsafe})
  try {
    if (isWritableByOthers(statSync(folder))) return problem(`other users can write to ${folder}`, true)
    const stats = lstatSync(path)
    if (!stats.isFile()) return problem(`${path} is not a file`, true)
    if (!isOwn(stats, folder)) return problem(`${path} belongs to another user`, true)
    if (isWritableByOthers(stats)) return problem(`other users can write to ${path}`, true)
    if (isPosix && (stats.mode & OWNER_READS_AND_EXECUTES) !== OWNER_READS_AND_EXECUTES)
      return problem(`${path} is not executable`)
    const targets = targetsIn(readFileSync(path, 'utf8'))
    if (!targets) return problem(`${path} is from another version`)
    const gone = [targets.node, targets.helper].find((file) => !exists(file))
    return gone === undefined ? undefined : problem(`${gone} is gone`)
  } catch (error) {
    return problem(
      codeOf(error) === 'ENOENT' ? `${path} is missing` : `${path} cannot be read (${codeOf(error) ?? '?'})`,
    )
  }
}

export interface PreparedLauncher {
  /** The value for git's configuration; undefined if git must not run the launcher. */
  value: string | undefined
  /** The files that the launcher starts. */
  targets: string[]
  /** Why the launcher could not be written. */
  problem?: string
}

/**
 * Writes the launcher if necessary. If that fails, as in a read-only folder, git's configuration still names it, since git skips
 * a missing launcher. It never names a launcher that other users can change.
 */
export async function prepareLauncher(env: NodeJS.ProcessEnv, targets: LauncherTargets): Promise<PreparedLauncher> {
  try {
    await writeLauncher(env, targets)
    return {value: launcherValue(env), targets: targetsOf(launcherPath(env))}
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    const problem = `${error.message}${error.hint === undefined ? '' : `; try this: ${error.hint}`}`
    return {value: launcherProblem(env)?.unsafe ? undefined : launcherValue(env), targets: [], problem}
  }
}

/**
 * Writes the launcher unless it works. One that starts another node, or the helper of a plugin in another data folder, is kept,
 * so that two shells do not rewrite it alternately.
 * @param targets for a new launcher
 * @throws {StorageError} if it cannot be written
 */
async function writeLauncher(env: NodeJS.ProcessEnv, targets: LauncherTargets): Promise<void> {
  const path = launcherPath(env)
  const folder = dirname(path)
  try {
    makeFolder(folder)
    keepFromOthers(folder)
  } catch (error) {
    throw fileError('write', path, error)
  }

  if (launcherProblem(env) !== undefined) await replaceOwnFile(path, launcherText(targets), 0o700)
}

function targetsOf(path: string): string[] {
  const targets = targetsIn(readFileSync(path, 'utf8'))
  return targets ? [targets.node, targets.helper] : []
}

const exists = (file: string) => statSync(file, {throwIfNoEntry: false}) !== undefined
