/** The keychains, by the names that `auth:status` shows. */
export type KeychainName = 'macos-keychain' | 'secret-service' | 'windows-vault'

/** The stores that a token can be saved in. */
export type StoreName = KeychainName | 'netrc'

/** The service that the Heroku CLI (11.6 and later) files its tokens under; a Windows PasswordVault calls it resource. */
export const SERVICE = 'heroku-cli'

/** What a stored token is filed under (`account`, an e-mail address) and the token itself. */
export interface Credential {
  account: string
  token: string
}

/** A token that is stored, or none; 'locked' if there may be one that cannot be read without a prompt. */
export type Peek = {token?: string} | 'locked'

/**
 * A place that keeps tokens, one for each account.
 *
 * Absent is an answer, never an error. Everything else that goes wrong is a {@link StorageError}: nobody may take
 * 'locked' or 'no answer' for 'not there'. Accounts and tokens are compared to the letter and come back to the letter.
 */
export interface Backend {
  readonly name: KeychainName

  /** Resolves to the account's token, or to undefined only after looking and finding nothing. */
  get(account: string): Promise<string | undefined>

  /**
   * What {@link set} would replace, without a prompt for an item that is locked. Default: as {@link get} has it.
   */
  peek?(account: string): Promise<Peek>

  /** Stores or replaces the account's token; resolves only once it was read back and found equal. */
  set(credential: Credential): Promise<void>

  /** Resolves to false if there was nothing to remove, to true only once the token is known to be gone. */
  remove(account: string): Promise<boolean>

  /** Resolves to the accounts that have a token here, in no particular order, without reading any token. */
  accounts(): Promise<string[]>
}
