/** The keychains, by the names that `auth:status` shows. */
export type KeychainName =
  | 'macos-keychain'
  | 'secret-service'
  | 'windows-vault'
  | 'systemd-creds'
  | 'password-store'
  | 'git-helper'
  | 'git-forwarded'

/** The stores that a token can be saved in. */
export type StoreName = KeychainName | 'netrc'

/** The service name of the Heroku CLI's items (11.6 and later); Windows PasswordVault calls it the resource. */
export const SERVICE = 'heroku-cli'

/** A token, and the account that it is stored under (an e-mail address). */
export interface Credential {
  account: string
  token: string
}

/** A stored token, or none; 'locked' if there is an item that cannot be read without a prompt. */
export type Peek = {token?: string} | 'locked'

/**
 * An operating system keychain. It holds one token per account.
 *
 * A missing credential is a result; any other failure is a {@link StorageError}, so that no caller takes a locked
 * keychain for an empty one. Accounts and tokens are compared and returned exactly.
 */
export interface Backend {
  readonly name: KeychainName

  /** Resolves to the account's token, or to undefined, only after a lookup that found nothing. */
  get(account: string): Promise<string | undefined>

  /** What {@link set} would replace, without a prompt for a locked item. Default: the result of {@link get}. */
  peek?(account: string): Promise<Peek>

  /** Stores or replaces the account's token; resolves once the read-back matches. */
  set(credential: Credential): Promise<void>

  /** Resolves to false if there was nothing to remove, to true only once the removal is confirmed. */
  remove(account: string): Promise<boolean>

  /** Resolves to the accounts that have a token, in any order. Reads no token. */
  accounts(): Promise<string[]>
}
