// Decrypts and encrypts a .netrc.gpg with gpg, for the same recipients. The plain text is never written to disk.
import {devNull} from 'node:os'
import {StorageError} from '../../errors.js'
import {type GpgOptions, refusalIn, startGpg} from '../gpg.js'
import type {Answer} from '../tool.js'

/** Whether a `.netrc` is encrypted with gpg: then it is not plain text, and git does not read it. */
export const isEncrypted = (path: string) => path.endsWith('.gpg')

/** What must not change when a file is encrypted again. */
export interface Seal {
  /** The ids of the keys that can decrypt it. */
  recipients: string[]
  armored: boolean
}

const ARMOR = '-----BEGIN PGP MESSAGE-----'

// A hidden recipient's key id is sixteen zeros.
const ENC_TO = /^\[GNUPG:\] ENC_TO (?!0{16}\b)([0-9A-F]{16})\b/gm

/** @throws {StorageError} if gpg is not installed, or cannot decrypt the file */
export async function decrypt(file: string, sealed: Buffer, options: GpgOptions): Promise<{text: string; seal: Seal}> {
  const gpg = startGpg(file, byHand(file), options)
  const answer = await gpg(['--decrypt', file])
  if (answer.code !== 0) throw failureOf(file, 'decrypt', answer)
  const recipients = [...answer.stderr.matchAll(ENC_TO)].map(([, keyId]) => keyId ?? '')
  return {
    text: Buffer.from(answer.stdout, 'utf8').toString('latin1'),
    seal: {recipients: [...new Set(recipients)], armored: sealed.toString('latin1', 0, ARMOR.length) === ARMOR},
  }
}

/** @throws {StorageError} also if the result cannot be decrypted */
export async function encrypt(
  file: string,
  text: string,
  {recipients, armored}: Seal,
  options: GpgOptions,
): Promise<Buffer> {
  const input = Buffer.from(text, 'latin1').toString('utf8')
  // `run` decodes gpg's output as UTF-8, so other bytes are already lost.
  if (input.includes('\uFFFD'))
    throw new StorageError('failed', `${file} holds bytes that are not UTF-8`, `convert its content to UTF-8 first`)

  const gpg = startGpg(file, byHand(file), options)
  const keys = recipients.flatMap((keyId) => ['--recipient', `${keyId}!`])
  // Always armored, since `run` cannot return binary output. Trust the keys that could already decrypt the file.
  const readers = keys.length > 0 ? keys : ['--default-recipient-self']
  const answer = await gpg(['--trust-model', 'always', '--armor', ...readers, '--encrypt'], {input})
  if (answer.code !== 0) throw failureOf(file, 'encrypt', answer)

  const opened = await gpg(['--decrypt'], {input: answer.stdout})
  if (opened.code !== 0 || opened.stdout !== input)
    throw new StorageError('failed', `gpg cannot open what it has just encrypted for ${file}`, 'gpg --list-secret-keys')
  const sealed = armored ? Buffer.from(answer.stdout) : dearmor(answer.stdout)
  if (!sealed) throw new StorageError('failed', `gpg encrypted ${file} in a form that is not armor`, byHand(file))
  return sealed
}

/** Shows gpg's own messages, and caches the passphrase in gpg-agent for our next try. */
const byHand = (file: string) => `gpg --decrypt ${file} > ${devNull}`

function failureOf(file: string, verb: string, {code, stderr}: Answer): StorageError {
  const reason = refusalIn(stderr)
  if (reason === 'no-key')
    return new StorageError(
      'failed',
      `gpg could not ${verb} ${file}: its secret key is not here`,
      'gpg --list-secret-keys',
    )
  if (reason !== undefined)
    return new StorageError('denied', `gpg was not given the passphrase to ${verb} ${file}`, byHand(file))
  return new StorageError('failed', `gpg could not ${verb} ${file} (exit ${code})`, byHand(file))
}

/** Decodes ASCII armor (RFC 4880, 6.2): headers, an empty line, base64, and a checksum that begins with `=`. */
function dearmor(armored: string): Buffer | undefined {
  const body = /\r?\n\r?\n([A-Za-z0-9+/=\r\n]+?)(?:\r?\n=[A-Za-z0-9+/]{4})?\r?\n-----END/.exec(armored)?.[1]
  return body === undefined ? undefined : Buffer.from(body, 'base64')
}
