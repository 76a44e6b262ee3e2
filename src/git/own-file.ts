// Files that all shells of a user share, in the user's own folder: root may have worked there (`sudo -E heroku`, a
// container), and no other user may be able to change them.
import {chmodSync, chownSync, lstatSync, mkdirSync, rmSync, statSync, type Stats} from 'node:fs'
import {dirname} from 'node:path'
import {replaceFile} from '../atomic-file.js'
import {BackendError} from '../backends/backend.js'
import {codeOf, fileTrouble} from '../file-trouble.js'

const WRITABLE_BY_OTHERS = 0o022

// Windows has neither owners nor modes that node could tell; a profile's folders are the user's own there.
export const isPosix = process.getuid !== undefined

export const isWritableByOthers = ({mode}: Stats) => isPosix && (mode & WRITABLE_BY_OTHERS) !== 0

/** Whether a file is the user's own: in root's process, of the user whose folder it is in. */
export function isOwn({uid}: Stats, folder: string): boolean {
  const user = process.getuid?.()
  return user === undefined || uid === (user === 0 ? statSync(folder).uid : user)
}

/** Makes a folder of the user's own, with those above it that are missing. @throws {Error} of the file system */
export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, {recursive: true, mode: 0o700})
  if (first === undefined) return
  const made = [folder]
  for (let each = folder; each !== first && each.length > first.length; each = dirname(each)) made.push(dirname(each))
  for (const each of made.toReversed()) giveToOwnerOf(dirname(each), each)
}

/** Takes the right to write to a folder from all but its owner. @throws {Error} of the file system */
export function keepFromOthers(folder: string): void {
  const stats = statSync(folder)
  if (isWritableByOthers(stats)) chmodSync(folder, stats.mode & 0o777 & ~WRITABLE_BY_OTHERS)
}

/**
 * Replaces a file in one step, and its folder if there is none. Whatever else is there, such as a link, or a file of another
 * user's, is not written to.
 * @throws {BackendError} if it cannot be written
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
    throw codeOf(error) === undefined ? error : troubleWriting(path, error)
  }
}

function giveToOwnerOf(folder: string, path: string): void {
  if (process.getuid?.() !== 0) return
  const {gid, uid} = statSync(folder)
  try {
    chownSync(path, uid, gid)
  } catch {
    // A container may have no right to do so; root's file works there.
  }
}

/** What is wrong, and the command that puts it right where root has made the folder. */
export function troubleWriting(path: string, error: unknown): BackendError {
  const folder = foreignFolder(path)
  if (folder === undefined) return fileTrouble('write', path, error)
  return new BackendError(
    'denied',
    `could not write ${path}: ${folder} belongs to another user`,
    `sudo chown -R "$(id -un)" '${folder.replaceAll("'", String.raw`'\''`)}'`,
  )
}

// Below the home folder: `.local`, `share` and `heroku`.
const MOST_FOLDERS = 3

/** The folder of another user's that the file would be in, or that hides the one. */
function foreignFolder(path: string): string | undefined {
  const user = process.getuid?.()
  if (user === undefined || user === 0) return undefined
  for (let folder = dirname(path), level = 1; level <= MOST_FOLDERS; folder = dirname(folder), level++) {
    try {
      return statSync(folder).uid === user ? undefined : folder
    } catch {
      // It is missing, or in a folder that we may not look into.
    }
  }

  return undefined
}
