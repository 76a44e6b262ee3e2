// Folders of the user's own: root may have made them (`sudo -E heroku`, a container), and no other user may write to them.
import {chmodSync, chownSync, mkdirSync, statSync, type Stats} from 'node:fs'
import {dirname, relative, sep} from 'node:path'

const WRITABLE_BY_OTHERS = 0o022

// Windows has neither owners nor modes that node could tell; a profile's folders are the user's own there.
export const isPosix = process.geteuid !== undefined

export const isWritableByOthers = ({mode}: Stats) => isPosix && (mode & WRITABLE_BY_OTHERS) !== 0

/** Whether a file or folder is the user's own: in root's process, of the user whose folder it is in. */
export function isOwn({uid}: Stats, folder: string): boolean {
  const user = process.geteuid?.()
  return user === undefined || uid === (user === 0 ? statSync(folder).uid : user)
}

/** As root, gives a file or folder to the owner of the folder that it is in. */
export function giveToOwnerOf(folder: string, path: string): void {
  if (process.geteuid?.() !== 0) return
  const {gid, uid} = statSync(folder)
  try {
    chownSync(path, uid, gid)
  } catch {
    // A container may have no right to do so; root's file works there.
  }
}

/**
 * Makes a folder for the user alone, with those above it that are missing. As root, gives them to their parent's owner.
 * @returns whether it was not there
 * @throws {Error} of the file system
 */
export function makeFolder(folder: string): boolean {
  const first = mkdirSync(folder, {recursive: true, mode: 0o700})
  if (first === undefined) return false
  let place = first
  for (const name of ['', ...relative(first, folder).split(sep)]) {
    if (name !== '') place += sep + name
    giveToOwnerOf(dirname(place), place)
  }
  return true
}

/** Takes the right to write to a folder from all but its owner. @throws {Error} of the file system */
export function keepFromOthers(folder: string): void {
  const stats = statSync(folder)
  if (isWritableByOthers(stats)) chmodSync(folder, stats.mode & 0o7777 & ~WRITABLE_BY_OTHERS)
}

/**
 * Makes a folder for the user alone, if there is none. Takes away the right of others to write to one that is there: they
 * could put files and links of theirs in ours' place.
 * @throws {Error} of the file system
 */
export function preparePrivateFolder(folder: string): void {
  if (makeFolder(folder)) return
  const self = process.geteuid?.()
  // Another user's is not ours to change.
  if (self === 0 || self === statSync(folder).uid) keepFromOthers(folder)
}
