// The .netrc on disk: its location and encoding, and updates under a lock, so that no other program's change is lost.
import {constants, readFile, stat} from 'node:fs/promises'
import {realTarget, replaceFile} from '../../files/atomic-write.js'
import {fileError, notAFile} from '../../files/file-error.js'
import {withLock} from '../../files/lock.js'
import {codeOf, StorageError} from '../../errors.js'
import type {GpgOptions} from '../gpg.js'
import {decrypt, encrypt, isEncrypted, type Seal} from './gpg.js'

export interface NetrcFileOptions extends GpgOptions {
  path: string
  /** Returns the part of a text that no edit of ours may change. */
  strip: (text: string) => string
  /** How long to wait for another process's lock, in milliseconds. */
  lockWaitMs?: number
}

/** A lock is held for milliseconds, or as long as the user types a passphrase into gpg's prompt. */
const LOCK_WAIT_MS = 10_000
/** How often another program that takes no lock (an editor, an older CLI) may change the file meanwhile. */
const MOST_ATTEMPTS = 5

interface Content {
  /** One character per byte. */
  text: string
  bytes: Buffer | undefined
  encoding: Encoding
  seal: Seal | undefined
}

/** The file that the Heroku CLI uses: in HOME, `_netrc` on Windows, its `.gpg` if there is one. */
export async function locateNetrc({HOME}: NodeJS.ProcessEnv): Promise<string> {
  const {Netrc} = await import('netrc-parser')
  const own = process.env.HOME
  if (HOME === undefined || HOME === own) return new Netrc().file
  // netrc-parser reads only the process's environment.
  process.env.HOME = HOME
  try {
    return new Netrc().file
  } finally {
    if (own === undefined) delete process.env.HOME
    else process.env.HOME = own
  }
}

/** The file's text, one character per byte; empty if there is no file. */
export async function readNetrc(options: NetrcFileOptions): Promise<string> {
  return (await load(options)).text
}

/**
 * Changes the file in one step, under a lock.
 * @param edit returns the new text, or undefined for no change; called again if the file has changed meanwhile
 * @returns whether there was a change; true only once the read-back matches
 * @throws {StorageError} with the file unchanged
 */
export async function updateNetrc(
  options: NetrcFileOptions,
  edit: (text: string) => string | undefined,
): Promise<boolean> {
  const {path, lockWaitMs = LOCK_WAIT_MS} = options
  await assertFile(path)
  return withLock(await realTarget(path), lockWaitMs, async (assertHeld) => {
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const before = await load(options)
      const text = edit(before.text)
      if (text === undefined) return false
      if (options.strip(text) !== options.strip(before.text))
        throw new StorageError('failed', `refused to write ${path}: it would have changed more than Heroku's entries`)
      if (await replaced(options, before, text, assertHeld)) return true
    }

    throw new StorageError('failed', `could not write ${path}: another program keeps changing it`)
  })
}

async function load(options: NetrcFileOptions): Promise<Content> {
  const {path} = options
  const bytes = await bytesOf(path)
  const encoding = 'utf-8'
  if (bytes === undefined)
    return {text: '', bytes, encoding, seal: isEncrypted(path) ? {recipients: [], armored: true} : undefined}
  if (!isEncrypted(path)) return {bytes, seal: undefined, ...decoded(bytes)}
  return {bytes, encoding, ...(await decrypt(path, bytes, options))}
}

/** Called before the lock is created beside it: the lock of a link to `/dev/null` would be in `/dev`. */
async function assertFile(path: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined)
  const failure = stats && notAFile(stats.isCharacterDevice() ? 'write' : 'read', path, stats)
  if (failure) throw failure
}

/** @returns false, with nothing written, if the file has changed since `before` */
async function replaced(options: NetrcFileOptions, before: Content, text: string, assertHeld: () => void) {
  const {path} = options
  const bytes = before.seal ? await encrypt(path, text, before.seal, options) : encoded(text, before.encoding)
  const changed = new Error('changed')
  const beforeRename = async () => {
    assertHeld()
    if (!same(await bytesOf(path), before.bytes)) throw changed
  }
  try {
    await replaceFile(path, bytes, {mode: 0o600, beforeRename})
  } catch (error) {
    if (error === changed) return false
    throw error
  }

  // Read it twice: on a failure the caller discards the new token, and the old one is already gone.
  const readsBack = () =>
    bytesOf(path).then(
      (now) => same(now, bytes),
      () => false,
    )
  if (!(await readsBack()) && !(await readsBack()))
    throw new StorageError('failed', `${path} did not keep what was written to it`)
  return true
}

const same = (one: Buffer | undefined, other: Buffer | undefined) => (one && other ? one.equals(other) : one === other)

/** Whether the path is something other than a file, which holds no token. */
export async function isNoFile(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined)
  return stats !== undefined && !stats.isFile()
}

/**
 * Reads the file without blocking: opening a named pipe would wait for a writer. A character device counts as no file:
 * users of curl link `.netrc` to `/dev/null`.
 * @returns undefined if there is no file
 * @throws {StorageError}
 */
async function bytesOf(path: string): Promise<Buffer | undefined> {
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

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be'

/** Decodes UTF-16 with a byte order mark, too, as PowerShell's `>` writes it, but not if it is invalid. */
function decoded(bytes: Buffer): {text: string; encoding: Encoding} {
  for (const encoding of ['utf-16le', 'utf-16be'] as const) {
    if (bytes.length % 2 !== 0 || !bytes.subarray(0, 2).equals(encoded('', encoding))) continue
    const littleEndian = encoding === 'utf-16le' ? bytes : Buffer.from(bytes).swap16()
    const text = Buffer.from(littleEndian.toString('utf16le', 2), 'utf8').toString('latin1')
    if (encoded(text, encoding).equals(bytes)) return {text, encoding}
  }

  return {text: bytes.toString('latin1'), encoding: 'utf-8'}
}

function encoded(text: string, encoding: Encoding): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  if (encoding === 'utf-8') return bytes
  const littleEndian = Buffer.from(BYTE_ORDER_MARK + bytes.toString('utf8'), 'utf16le')
  return encoding === 'utf-16le' ? littleEndian : littleEndian.swap16()
}
