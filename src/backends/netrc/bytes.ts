// The bytes of a .netrc on disk, and the text that they are: one character a byte of UTF-8.
import {constants, readFile, stat} from 'node:fs/promises'
import {fileError, notAFile} from '../../files/file-error.js'
import {codeOf} from '../../errors.js'

/**
 * Reads the file, and waits for nothing: opening a named pipe would wait for a writer. A character device holds
 * nothing: users of curl link `.netrc` to `/dev/null` for an empty file.
 * @returns undefined if there is no file
 * @throws {StorageError}
 */
export async function bytesOf(path: string): Promise<Buffer | undefined> {
  try {
    const stats = await stat(path)
    if (stats.isCharacterDevice()) return undefined
    const failure = notAFile('read', path, stats)
    if (failure) throw failure
    return await readFile(path, {flag: constants.O_RDONLY | constants.O_NONBLOCK})
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw codeOf(error) === undefined ? error : fileError('read', path, error)
  }
}

const BYTE_ORDER_MARK = '\uFEFF'

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be'

/** UTF-16 with its byte order mark, as PowerShell's `>` writes it, is read as well; what is not quite that stays bytes. */
export function decoded(bytes: Buffer): {text: string; encoding: Encoding} {
  for (const encoding of ['utf-16le', 'utf-16be'] as const) {
    if (bytes.length % 2 !== 0 || !bytes.subarray(0, 2).equals(encoded('', encoding))) continue
    const littleEndian = encoding === 'utf-16le' ? bytes : Buffer.from(bytes).swap16()
    const text = Buffer.from(littleEndian.toString('utf16le', 2), 'utf8').toString('latin1')
    if (encoded(text, encoding).equals(bytes)) return {text, encoding}
  }

  return {text: bytes.toString('latin1'), encoding: 'utf-8'}
}

export function encoded(text: string, encoding: Encoding): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  if (encoding === 'utf-8') return bytes
  const littleEndian = Buffer.from(BYTE_ORDER_MARK + bytes.toString('utf8'), 'utf16le')
  return encoding === 'utf-16le' ? littleEndian : littleEndian.swap16()
}
