// The small program that git is pointed to: one per user, whose place never changes. It is code that runs at every push, so
// no other user may be able to change it.
import {lstatSync, readFileSync, statSync} from 'node:fs'
import {dirname} from 'node:path'
import {codeOf, StorageError} from '../errors.js'
import {fileError} from '../files/file-error.js'
import {isOwn, isPosix, isWritableByOthers, keepFromOthers, makeFolder} from '../files/private-folder.js'
import {launcherPath} from './launcher-path.js'
import {type LauncherTargets, launcherText, launcherValue, targetsIn} from './launcher-text.js'
import {replaceOwnFile} from './own-file.js'

const FOR_THE_OWNER = 0o500

/** What is wrong with the launcher. */
export interface LauncherProblem {
  because: string
  /** Whether other users could change what git runs. */
  unsafe: boolean
}

/** What is wrong with the launcher, if anything. Only looks. */
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
    if (isPosix && (stats.mode & FOR_THE_OWNER) !== FOR_THE_OWNER) return problem(`${path} is not executable`)
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

/** How git is to be pointed to the launcher. */
export interface PreparedLauncher {
  /** The value for git's configuration, if the launcher may be named there. */
  value: string | undefined
  /** The files that the launcher starts. */
  targets: string[]
  /** Why the launcher could not be written, if that was needed. */
  problem?: string
}

/**
 * Writes the launcher, if that is needed. Where it cannot be written, as in a read-only folder, git's configuration names
 * it all the same: git passes over a launcher that is not there. A launcher that other users can change is never named.
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
 * Writes the launcher, unless it works: one that starts another node, or the helper of another data folder's plugin, is
 * left as it is, so that two shells never rewrite it in turn.
 * @param targets what a new one is to start
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
