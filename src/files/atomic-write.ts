// Replacing a file so that a crash, a full disk or a refusal at any moment leaves the old content or the new one.
import type {Stats} from 'node:fs'
import {type FileHandle, lstat, open, readdir, readlink, realpath, rename, stat, unlink} from 'node:fs/promises'
import {basename, dirname, isAbsolute, join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {codeOf, StorageError} from '../errors.js'
import {fileError} from './file-error.js'

export interface ReplaceOptions {
  /** The most that the file's mode may allow; a stricter one that it has already is kept. Default: 0600. */
  mode?: number
  /** The folder to write in before the rename, on the same file system. Default: the file's own. */
  via?: string
  /** Called with everything written, right before the rename; what it throws is thrown on, with nothing changed. */
  beforeRename?: () => Promise<void>
}

/** The chain of links that Linux follows before it says ELOOP. */
const MOST_LINKS = 40

/**
 * What a path stands for once symbolic links are followed: the file itself, or the place where a dangling link wants
 * one to be.
 * @throws {StorageError}
 */
export async function realTarget(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw fileError('follow', path, error)
  }

  let place = path
  for (let links = 0; links < MOST_LINKS; links++) {
    try {
      place = join(await realpath(dirname(place)), basename(place))
      if (!(await lstat(place)).isSymbolicLink()) return place
      const link = await readlink(place)
      // Not join(): it would take `..` off a folder that is itself a link, and the system does not.
      place = isAbsolute(link) ? link : `${dirname(place)}/${link}`
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return place
      throw fileError('follow', path, error)
    }
  }

  throw new StorageError('failed', `could not follow ${path}: too many symbolic links`)
}

/**
 * Replaces a file's content, or creates the file, in one step: readers see the old content or the new, never a part.
 * Links are followed, unless another user has put them there. The mode only ever gets stricter. The owner stays; but
 * another user's file in the user's own folder becomes the user's, and a new file is its folder's owner's.
 * @throws {StorageError} with nothing changed and nothing left behind
 */
export async function replaceFile(path: string, content: string | Uint8Array, options: ReplaceOptions = {}) {
  await assertOwnLink(path)
  const target = await realTarget(path)
  const old = await statIfAny(target)
  if (old && !old.isFile())
    throw new StorageError('failed', `could not write ${path}: it is ${old.isDirectory() ? 'a folder' : 'not a file'}`)

  // Imported here, since it takes longer to load than the git helper has time for, which reads and seldom writes.
  const {randomBytes} = await import('node:crypto')
  const folder = options.via ?? dirname(target)
  const fresh = join(folder, `${leftoverPrefix(target)}${randomBytes(8).toString('hex')}.tmp`)
  try {
    const handle = await open(fresh, 'wx', 0o600)
    try {
      await handle.writeFile(content)
      await setOwner(handle, target, old, path)
      await handle.chmod((old ? old.mode & 0o777 : 0o777) & (options.mode ?? 0o600))
      await handle.sync()
    } finally {
      await handle.close()
    }

    await options.beforeRename?.()
    await renamePatiently(fresh, target)
  } catch (error) {
    await unlink(fresh).catch(() => undefined)
    throw codeOf(error) === undefined ? error : fileError('write', path, error)
  }

  await removeLeftovers(folder, target)
}

async function statIfAny(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw fileError('write', file, error)
  }
}

/** As Linux's `protected_symlinks`: a link that another user put into the user's folder would choose what we overwrite. */
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

/** A rename makes the file ours. It stays another user's where root writes it, as in `sudo -E heroku`. */
async function setOwner(handle: FileHandle, target: string, old: Stats | undefined, path: string): Promise<void> {
  const {gid, uid} = await handle.stat()
  const folder = await stat(dirname(target))
  const wanted = old ?? (uid === 0 ? folder : {uid, gid})
  if (uid === wanted.uid && gid === wanted.gid) return
  try {
    await handle.chown(wanted.uid, wanted.gid)
  } catch {
    // The group alone does not matter: nothing is granted to it. In the user's own folder, the user may replace the file.
    if (uid !== wanted.uid && uid !== folder.uid)
      throw new StorageError('denied', `could not write ${path}: it belongs to another user`, `ls -l ${path}`)
  }
}

/** On Windows a virus scanner or indexer holds new files open for a moment, and a rename then gets one of these. */
async function renamePatiently(from: string, to: string): Promise<void> {
  for (let pause = 10; ; pause *= 2) {
    try {
      await rename(from, to)
      return
    } catch (error) {
      if (pause > 200 || !['EPERM', 'EACCES', 'EBUSY'].includes(codeOf(error) ?? '')) throw error
      await sleep(pause)
    }
  }
}

const leftoverPrefix = (target: string) => `${basename(target)}.heroku-keychain-`

/** A process killed between open and rename cannot clean up after itself, so the next one does. */
async function removeLeftovers(folder: string, target: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((name) => name.startsWith(leftoverPrefix(target)) && name.endsWith('.tmp'))) {
    const file = join(folder, name)
    const age = await lstat(file).then(
      ({mtimeMs}) => Date.now() - mtimeMs,
      () => 0,
    )
    // Younger ones may be another process's work in progress.
    if (age > 60_000) await unlink(file).catch(() => undefined)
  }
}
