// The names of the files that hold one account's token each.
import {StorageError} from '../errors.js'
import {assertAccount} from './credential-rules.js'

/** Leaves room for an extension in the 255 bytes of a name, on all common file systems. */
const LONGEST_BYTES = 240

// It has no bytes in UTF-8.
const HALF_A_PAIR = /\p{Cs}/u

/**
 * The account with every byte of its UTF-8 except `A-Za-z0-9@+_.-` as `%XX`, and a leading dot or dash too. It is safe in a path
 * and in a shell.
 * @throws {StorageError} 'refused' for an account that would be too long, or that {@link assertAccount} refuses
 */
export function fileNameOf(account: string): string {
  assertAccount(account)
  if (HALF_A_PAIR.test(account)) throw new StorageError('refused', 'an account name cannot hold half of a character')
  const name = account.replaceAll(/^[.-]|[^A-Za-z0-9@+_.-]/gu, percentEncoded)
  if (name.length > LONGEST_BYTES)
    throw new StorageError('refused', `the account's name is too long for a file name (${name.length} bytes)`)
  return name
}

/** The account of a file name; undefined for a name that {@link fileNameOf} does not return. */
export function accountOf(name: string): string | undefined {
  try {
    const account = decodeURIComponent(name)
    return fileNameOf(account) === name ? account : undefined
  } catch {
    return undefined
  }
}

const percentEncoded = (character: string) =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
