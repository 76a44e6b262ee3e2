/** The places that we can keep a token in, by the names that `auth:status` shows. */
export type BackendName = 'macos-keychain' | 'secret-service' | 'windows-vault' | 'netrc'

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
 * Absent is an answer, never an error. Everything else that goes wrong is a {@link BackendError}: nobody may take
 * 'locked' or 'no answer' for 'not there'. Accounts and tokens are compared to the letter and come back to the letter.
 */
export interface Backend {
  readonly name: BackendName

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

/**
 * Why a backend could not answer.
 *
 * - `locked`: it needs to be unlocked, and that was not (or could not be) done
 * - `denied`: somebody or something said no (a dismissed prompt, a policy)
 * - `unavailable`: it cannot be reached from here (no tool, no session bus, no logon session)
 * - `timed-out`: no answer within the deadline
 * - `refused`: the account or token is not one that it can hold (too long, a control character)
 * - `failed`: anything else
 */
export type Problem = 'locked' | 'denied' | 'unavailable' | 'timed-out' | 'refused' | 'failed'

// The git helper's bundle has this file in it, and loads another copy of it with the .netrc: both are to know each
// other's errors.
const BRAND = Symbol.for('heroku-keychain.BackendError')

/** Trouble with a backend. Neither the message nor the hint ever holds a token or a tool's output. */
export class BackendError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value
  }

  readonly [BRAND] = true

  /**
   * @param problem the kind of trouble, for callers that treat kinds differently
   * @param message what could not be done and why: lower case, no full stop
   * @param hint what the user can do about it, best a command to paste
   */
  constructor(
    readonly problem: Problem,
    message: string,
    readonly hint?: string,
  ) {
    super(message)
  }
}
