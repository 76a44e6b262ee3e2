// Files that all shells of a user share, in the user's own folder.
import {chmodSync, lstatSync, rmSync} from 'node:fs'
import {dirname} from 'node:path'
import {replaceFile} from '../files/atomic-write.js'
import {fileError} from '../files/file-error.js'
import {codeOf} from '../errors.js'
import {giveToOwnerOf, isOwn, makeFolder} from '../files/private-folder.js'

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
