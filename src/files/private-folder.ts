// Folders that belong to the user, even if root created them (`sudo -E heroku`, a container), and are not writable by
// others.
import {chmodSync, chownSync, mkdirSync, statSync, type Stats} from 'node:fs'
import {dirname, relative, sep} from 'node:path'

const WRITABLE_BY_OTHERS = 0o022

// On Windows, node reports neither owners nor modes; a profile's folders belong to the user.
export const isPosix = process.geteuid !== undefined

export const isWritableByOthers = ({mode}: Stats) => isPosix && (mode & WRITABLE_BY_OTHERS) !== 0

/** Whether a file or folder belongs to the user: for root, to the owner of its folder. */
export function isOwn({uid}: Stats, folder: string): boolean {
  const user = process.geteuid?.()
  return user === undefined || uid === (user === 0 ? statSync(folder).uid : user)
}

/** As root, gives a file or folder to the owner of its folder. */
export function giveToOwnerOf(folder: string, path: string): void {
  if (process.geteuid?.() !== 0) return
  const {gid, uid} = statSync(folder)
  try {
    chownSync(path, uid, gid)
  } catch {
    // Not permitted in some containers, where root's file works, too.
  }
}

/**
 * Creates a folder with mode 0700, and missing parents. As root, gives them to their parent's owner.
 * @returns false if it exists
 * @throws {Error} of the file system
 */
export function makeFolder(folder: string): boolean {
  const first = mkdirSync(folder, {recursive: true, mode: 0o700})
  if (first === undefined) return false
  let path = first
  for (const name of ['', ...relative(first, folder).split(sep)]) {
    if (name !== '') path += sep + name
    giveToOwnerOf(dirname(path), path)
  }
  return true
}

/** Makes a folder writable only by its owner. @throws {Error} of the file system */
export function keepFromOthers(folder: string): void {
  const stats = statSync(folder)
  if (isWritableByOthers(stats)) chmodSync(folder, stats.mode & 0o7777 & ~WRITABLE_BY_OTHERS)
}

/**
 * Creates a folder with mode 0700, or makes an existing one not writable by others, who could replace our files.
 * @throws {Error} of the file system
 */
export function preparePrivateFolder(folder: string): void {
  if (makeFolder(folder)) return
  const self = process.geteuid?.()
  // Don't change another user's folder.
  if (self === 0 || self === statSync(folder).uid) keepFromOthers(folder)
}
