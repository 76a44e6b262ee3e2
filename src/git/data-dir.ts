// Where the Heroku CLI keeps its data, found without oclif: git starts the helper by itself, in any shell.
import {chmodSync, lstatSync, rmSync} from 'node:fs'
import {homedir, tmpdir, userInfo} from 'node:os'
import {dirname, join} from 'node:path'
import {codeOf} from '../errors.js'
import {replaceFile} from '../files/atomic-write.js'
import {fileError} from '../files/file-error.js'
import {giveToOwnerOf, isOwn, makeFolder} from '../files/private-folder.js'

// oclif's `dirname`, of the CLI's package.json.
const NAME = 'heroku'

// An empty variable counts as unset, as it does there.
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
 * The default data folder, which no variable of oclif's moves: what all shells of a user share with git is in there, since
 * git's configuration is the same for all of them.
 */
export function sharedFolder(env: NodeJS.ProcessEnv, platform = process.platform): string {
  const windows = platform === 'win32'
  const home = firstOf(windows ? env.USERPROFILE : env.HOME) ?? userInfo().homedir
  return join(home, ...(windows ? ['AppData', 'Local'] : ['.local', 'share']), NAME)
}

/**
 * Replaces a file in one step, and its folder if there is none. Whatever else is there, such as a link, or a file of another
 * user's, is not written to.
 * @throws {StorageError} if it cannot be written
 */
export async function replaceOwnFile(path: string, text: string, mode: number): Promise<void> {
  const folder = dirname(path)
  try {
    makeFolder(folder)
    const old = lstatSync(path, {throwIfNoEntry: false})
    if (old && !(old.isFile() && isOwn(old, folder))) rmSync(path)
    await replaceFile(path, text, {mode})
    // A mode is only ever made stricter by replacing.
    chmodSync(path, mode)
    giveToOwnerOf(folder, path)
  } catch (error) {
    throw codeOf(error) === undefined ? error : fileError('write', path, error)
  }
}
