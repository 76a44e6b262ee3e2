// Files that all shells of a user share, in the user's own folder.
import {chmodSync, lstatSync, rmSync} from 'node:fs'
import {dirname} from 'node:path'
import {replaceFile} from '../atomic-file.js'
import {codeOf, fileTrouble} from '../file-trouble.js'
import {giveToOwnerOf, isOwn, makeFolder} from '../private-folder.js'

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
    throw codeOf(error) === undefined ? error : fileTrouble('write', path, error)
  }
}
