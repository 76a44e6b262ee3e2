// Where the Heroku CLI keeps its data, without oclif: git starts the helper in any shell.
import {chmodSync, lstatSync} from 'node:fs'
import {unlink} from 'node:fs/promises'
import {homedir, tmpdir, userInfo} from 'node:os'
import {dirname, join} from 'node:path'
import {codeOf} from '../errors.js'
import {replaceFile} from '../files/atomic-write.js'
import {fileError} from '../files/file-error.js'
import {retryWhileHeldOpen} from '../files/held-open.js'
import {giveToOwnerOf, isOwn, makeFolder} from '../files/private-folder.js'

// oclif's `dirname` in the CLI's package.json.
const NAME = 'heroku'

// oclif also treats an empty variable as unset.
const firstOf = (...values: (string | undefined)[]) => values.find((value) => value !== undefined && value !== '')

/**
 * oclif's `config.dataDir` of the CLI named `heroku`, as of @oclif/core 4 (lib/config/config.js: `load`, `dir` and
 * `windowsHome`).
 */
export function dataDirOf(env: NodeJS.ProcessEnv, platform = process.platform): string {
  if (env.HEROKU_DATA_DIR) return env.HEROKU_DATA_DIR
  const windows = platform === 'win32'
  const base = firstOf(env.XDG_DATA_HOME, windows ? env.LOCALAPPDATA : undefined)
  return join(base ?? join(homeOf(env, windows), '.local/share'), NAME)
}

function homeOf(env: NodeJS.ProcessEnv, windows: boolean): string {
  const drive = env.HOMEDRIVE && env.HOMEPATH ? join(env.HOMEDRIVE, env.HOMEPATH) : undefined
  return firstOf(env.HOME, ...(windows ? [drive, env.USERPROFILE] : []), homedir()) ?? tmpdir()
}

/**
 * The default data folder, regardless of oclif's variables. It holds what all shells of a user share, as they share git's
 * configuration.
 */
export function sharedFolder(env: NodeJS.ProcessEnv, platform = process.platform): string {
  const windows = platform === 'win32'
  const home = firstOf(windows ? env.USERPROFILE : env.HOME) ?? userInfo().homedir
  return join(home, ...(windows ? ['AppData', 'Local'] : ['.local', 'share']), NAME)
}

/**
 * Replaces a file atomically; creates its folder. Removes a link or another user's file instead of writing to it.
 * @throws {StorageError} if the file cannot be written
 */
export async function replaceOwnFile(path: string, text: string, mode: number): Promise<void> {
  const folder = dirname(path)
  try {
    makeFolder(folder)
    const old = lstatSync(path, {throwIfNoEntry: false})
    if (old && !(old.isFile() && isOwn(old, folder))) await retryWhileHeldOpen(() => unlink(path))
    await replaceFile(path, text, {mode})
    // replaceFile only makes a mode stricter.
    chmodSync(path, mode)
    giveToOwnerOf(folder, path)
  } catch (error) {
    throw codeOf(error) === undefined ? error : fileError('write', path, error)
  }
}
