import type {Credential} from './backend.js'
import {StorageError} from '../errors.js'

// eslint-disable-next-line no-control-regex -- matches control characters
const CONTROL = /[\u0000-\u001F\u007F-\u009F\u2028\u2029]/u
const PRINTABLE_ASCII = /^[\u0020-\u007E]+$/u

/**
 * Rejects an account name that could not be parsed from a tool's output.
 * @throws {StorageError} 'refused' for an empty name or one with a control character
 */
export function assertAccount(account: string): void {
  if (account === '') throw new StorageError('refused', 'an account name cannot be empty')
  if (CONTROL.test(account)) throw new StorageError('refused', 'an account name cannot hold a control character')
}

/**
 * Rejects a value that a `.netrc` cannot hold.
 * @throws {StorageError} 'refused' for a control character, such as a newline
 */
export function assertPlain(value: string): void {
  if (CONTROL.test(value)) throw new StorageError('refused', 'a property cannot hold a control character')
}

/** Whether this can be a token: printable ASCII, which HTTP headers and every keychain preserve, and not empty. */
export function isToken(text: string): boolean {
  return PRINTABLE_ASCII.test(text)
}

/**
 * Rejects a credential that some keychain would change or truncate, so that every store accepts the same ones.
 * @throws {StorageError} 'refused'
 */
export function assertStorable({account, token}: Credential): void {
  assertAccount(account)
  if (token === '') throw new StorageError('refused', 'a token cannot be empty')
  if (!isToken(token))
    throw new StorageError('refused', 'a token holds printable ASCII characters only, and this one does not')
}
