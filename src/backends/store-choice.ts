// The names by which a user chooses a store: `--store`, `--to` and HEROKU_CREDENTIAL_STORE. Starts no process and reads no file.
import {UserError} from '../errors.js'
import type {KeychainName} from './backend.js'

/** A chosen store. */
export interface StoreChoice {
  name: KeychainName
  /** What follows `helper:`, for `git-helper`. */
  helper?: string
}

const NAMES = {
  keyring: 'secret-service',
  systemd: 'systemd-creds',
  pass: 'password-store',
  keychain: 'macos-keychain',
  windows: 'windows-vault',
  git: 'git-forwarded',
} as const satisfies Record<string, KeychainName>

const HELPER = 'helper:'

/** The value for `.netrc`, which is no keychain. */
export const NETRC = 'netrc'

/** Every value that a user may choose, for help and for completion. */
export const STORE_NAMES = [...Object.keys(NAMES), `${HELPER}VALUE`, NETRC]

/**
 * @param text a value that is not `netrc`
 * @returns undefined if it names no store
 */
export function parseStore(text: string): StoreChoice | undefined {
  if (text.startsWith(HELPER)) return {name: 'git-helper', helper: text.slice(HELPER.length).trim()}
  return Object.hasOwn(NAMES, text) ? {name: NAMES[text as keyof typeof NAMES]} : undefined
}

/** The text that {@link parseStore} reads. */
export function storeOption({helper, name}: StoreChoice): string {
  if (name === 'git-helper') return `${HELPER}${helper ?? ''}`
  return Object.keys(NAMES).find((option) => NAMES[option as keyof typeof NAMES] === name) ?? name
}

/** @param from the flag or variable that names it */
export const unknownStore = (text: string, from: string) =>
  new UserError(`${from} names no store: ${JSON.stringify(text)}`, `use one of these: ${STORE_NAMES.join(', ')}`)

/** Whether a git credential helper keeps tokens in memory only, so that an absent one was forgotten. */
export const isMemoryOnly = (helper: string): boolean =>
  /^(?:cache|\S*[/\\]git-credential-cache(?:\.exe)?)$/u.test(helper.trim().split(/\s+/u)[0] ?? '')
