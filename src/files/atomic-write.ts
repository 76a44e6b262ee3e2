// Replaces a file so that a crash, a full disk or a denied access at any moment leaves the old content or the new one.
import type {Stats} from 'node:fs'
import {type FileHandle, lstat, open, readdir, readlink, realpath, rename, stat, unlink} from 'node:fs/promises'
import {basename, dirname, isAbsolute, join} from 'node:path'
import {codeOf, StorageError} from '../errors.js'
import {fileError, readOnlyOnWindows} from './file-error.js'
import {retryWhileHeldOpen} from './held-open.js'

export interface ReplaceOptions {
  /** The most permissive mode; a stricter one of an existing file is kept. Default: 0600. */
  mode?: number
  /** The folder for the temporary file, on the same file system. Default: the file's own. */
  via?: string
  /** Called right before each attempt to rename, after all is written. If it throws, nothing is changed. */
  beforeRename?: () => Promise<void>
  /** As `process.platform`. Default: this one. */
  platform?: NodeJS.Platform
}

/** The number of links that Linux follows before it reports ELOOP. */
const MOST_LINKS = 40

/**
 * Resolves symbolic links. A dangling link resolves to the path of the missing file.
 * @throws {StorageError}
 */
export async function realTarget(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw fileError('follow', path, error)
  }

  let target = path
  for (let links = 0; links < MOST_LINKS; links++) {
    try {
      target = join(await realpath(dirname(target)), basename(target))
      if (!(await lstat(target)).isSymbolicLink()) return target
      const link = await readlink(target)
      // Not join(): it resolves `..` after a link to a folder lexically, and the system does not.
      target = isAbsolute(link) ? link : `${dirname(target)}/${link}`
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return target
      throw fileError('follow', path, error)
    }
  }

  throw new StorageError('failed', `could not follow ${path}: too many symbolic links`)
}

/**
 * Replaces or creates a file in one step: readers see the old content or the new, never a part. Follows links, except
 * another user's. The mode only gets stricter. The owner stays the same; but another user's file in the user's own
 * folder becomes the user's, and a new file gets its folder's owner.
 * @throws {StorageError} with nothing changed and no file left behind
 */
export async function replaceFile(path: string, content: string | Uint8Array, options: ReplaceOptions = {}) {
  await assertOwnLink(path)
  const target = await realTarget(path)
  const old = await statIfAny(target)
  if (old && !old.isFile())
    throw new StorageError('failed', `could not write ${path}: it is ${old.isDirectory() ? 'a folder' : 'not a file'}`)
  const readOnly = old && readOnlyOnWindows(target, old, options.platform)
  if (readOnly) throw readOnly

  // Imported here: it is slow to load, and the git helper rarely writes.
  const {randomBytes} = await import('node:crypto')
  const folder = options.via ?? dirname(target)
  const temporary = join(folder, `${leftoverPrefix(target)}${randomBytes(8).toString('hex')}.tmp`)
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(content)
      await setOwner(handle, target, old, path)
      await handle.chmod((old ? old.mode & 0o777 : 0o777) & (options.mode ?? 0o600))
      await handle.sync()
    } finally {
      await handle.close()
    }

    await retryWhileHeldOpen(async () => {
      await options.beforeRename?.()
      await rename(temporary, target)
    })
  } catch (error) {
    // It may hold a token.
    await retryWhileHeldOpen(() => unlink(temporary)).catch(() => undefined)
    throw codeOf(error) === undefined ? error : fileError('write', path, error)
  }

  await removeLeftovers(target, folder)
}

async function statIfAny(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw fileError('write', file, error)
  }
}

/** Like Linux's `protected_symlinks`: another user's link in the user's folder could make us overwrite any file. */
async function assertOwnLink(path: string): Promise<void> {
  const link = await lstat(path).catch(() => undefined)
  if (!link?.isSymbolicLink() || [0, process.geteuid?.()].includes(link.uid)) return
  const folder = await stat(dirname(path))
  if (link.uid !== folder.uid)
    throw new StorageError(
      'denied',
      `could not write ${path}: it is a link that belongs to another user`,
      `ls -l ${path}`,
    )
}

/** A rename would make the file ours. If root writes it, as in `sudo -E heroku`, it stays its owner's. */
async function setOwner(handle: FileHandle, target: string, old: Stats | undefined, path: string): Promise<void> {
  const {gid, uid} = await handle.stat()
  const folder = await stat(dirname(target))
  const wanted = old ?? (uid === 0 ? folder : {uid, gid})
  if (uid === wanted.uid && gid === wanted.gid) return
  try {
    await handle.chown(wanted.uid, wanted.gid)
  } catch {
    // A different group does not matter: it has no permissions. In the user's own folder, the user may replace the
    // file.
    if (uid !== wanted.uid && uid !== folder.uid)
      throw new StorageError('denied', `could not write ${path}: it belongs to another user`, `ls -l ${path}`)
  }
}

/** Shortened, so that the temporary file's name fits the 255 bytes of a name when the file's own does. */
const leftoverPrefix = (target: string) => `${basename(target).slice(0, 200)}.heroku-keychain-`

/** Removes temporary files of processes that were killed before the rename. @param folder where they are */
export async function removeLeftovers(target: string, folder = dirname(target)): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((name) => name.startsWith(leftoverPrefix(target)) && name.endsWith('.tmp'))) {
    const file = join(folder, name)
    const age = await lstat(file).then(
      ({mtimeMs}) => Date.now() - mtimeMs,
      () => 0,
    )
    // A younger file may be in use by another process.
    if (age > 60_000) await unlink(file).catch(() => undefined)
  }
}
