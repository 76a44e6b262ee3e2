// Why an edit of a .netrc is not made, or not enough.
import type {Stats} from 'node:fs'
import {StorageError} from '../../errors.js'

/**
 * @throws {StorageError} that names the line, for what is no text in an encoding that we know: an edit could lose it
 */
export function assertText(path: string, text: string, more = ''): void {
  const nul = text.indexOf('\0')
  if (nul === -1) return
  const line = text.slice(0, nul).split('\n').length
  throw new StorageError(
    'failed',
    `${path}: line ${line} holds a NUL byte${more}`,
    `save ${path} as UTF-8 in an editor`,
  )
}

/** @throws {StorageError} if the file had another name, under which its old content is still there */
export function assertNoOtherLink(path: string, {ino, nlink}: Stats): void {
  if (nlink < 2) return
  throw new StorageError(
    'failed',
    `${path} had a hard link, which still holds what was removed`,
    `to find it: find ~ -xdev -inum ${ino}`,
  )
}
