// The errors that have a message for the user. None contains a secret, a tool's output or a `cause`.

// Each bundle has its own copies of these classes; instanceof must work across them.
const USER_ERROR = Symbol.for('heroku-keychain.UserError')
const STORAGE_ERROR = Symbol.for('heroku-keychain.StorageError')

/** What failed and why, and the next step. */
export class UserError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    // A subclass recognizes its own instances as any class does.
    if (this !== UserError) return super[Symbol.hasInstance](value)
    return hasBrand(value, USER_ERROR)
  }

  readonly [USER_ERROR] = true
  /** Where oclif, any version, finds the exit status; it then prints no stack. */
  readonly oclif: {exit: number}
  /** Where oclif finds the next step. */
  readonly suggestions: string[]

  /**
   * @param message what failed and why: lower case, no full stop, no secret
   * @param hint the next step, preferably a command to paste
   * @param exitCode the command's exit status
   */
  constructor(
    message: string,
    readonly hint?: string,
    readonly exitCode = 1,
  ) {
    super(message)
    this.oclif = {exit: exitCode}
    this.suggestions = hint === undefined ? [] : [hint]
  }
}

/**
 * Why a token store failed.
 *
 * - `locked`: it is locked, and was not (or could not be) unlocked
 * - `denied`: the user or a policy refused (a dismissed prompt, an access rule)
 * - `unavailable`: it cannot be reached (no tool, no session bus, no logon session)
 * - `timed-out`: no answer within the deadline
 * - `refused`: it cannot hold this account or token (too long, a control character)
 * - `failed`: anything else
 */
export type Problem = 'locked' | 'denied' | 'unavailable' | 'timed-out' | 'refused' | 'failed'

/** A token store, a file or a lock failed. */
export class StorageError extends UserError {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasBrand(value, STORAGE_ERROR)
  }

  readonly [STORAGE_ERROR] = true

  /**
   * @param problem the kind of failure, for callers that treat kinds differently
   * @param message see {@link UserError}
   * @param hint see {@link UserError}
   */
  constructor(
    readonly problem: Problem,
    message: string,
    hint?: string,
  ) {
    super(message, hint)
  }
}

const hasBrand = (value: unknown, brand: symbol) => typeof value === 'object' && value !== null && brand in value

/** The exit status of "not logged in", as in the Heroku CLI's own `auth:whoami`. */
export const NOT_LOGGED_IN_EXIT = 100

/**
 * @param because the reason, if it is not simply that the user has not logged in
 * @param hint the next step, if it is not to log in
 * @param account the account that was selected, for the message
 */
export function notLoggedIn(because?: string, hint = 'heroku login', account?: string): UserError {
  const message = account === undefined ? 'not logged in' : `not logged in as ${account}`
  return new UserError(because === undefined ? message : `${message}: ${because}`, hint, NOT_LOGGED_IN_EXIT)
}

/** The next step where a login would need a terminal to prompt on. */
export const withoutTerminal = (bin: string) => `pipe a token to ${bin} login --with-token, or set HEROKU_API_KEY`

/** The code of a system error, such as `ENOSPC`; undefined for any other error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
