import {BackendError} from './backends/backend.js'
import {exitStatusOf} from './signals.js'

// Bundles have copies of this file, which are to know each other's errors.
const BRAND = Symbol.for('heroku-keychain.UserError')

/** What we tell the user when something cannot be done: what and why, and the next step to take. */
export class UserError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    // A class that is made from this one tells its own apart as any class does.
    if (this !== UserError) return super[Symbol.hasInstance](value)
    return typeof value === 'object' && value !== null && BRAND in value
  }

  readonly [BRAND] = true

  /**
   * @param message what could not be done and why: lower case, no full stop, no secret
   * @param hint what to do about it, best a command to paste
   * @param exitCode the exit status of the command
   */
  constructor(
    message: string,
    readonly hint?: string,
    readonly exitCode = 1,
  ) {
    super(message)
  }
}

/** The exit status for 'not logged in', as of the Heroku CLI's own `auth:whoami`. */
const NOT_LOGGED_IN_EXIT = 100

/**
 * @param because what stands in the way, where it is not just that nobody logged in
 * @param hint the next step, where logging in is not it
 */
export const notLoggedIn = (because?: string, hint = 'heroku login') =>
  new UserError(because === undefined ? 'not logged in' : `not logged in: ${because}`, hint, NOT_LOGGED_IN_EXIT)

/** The next step where a login would have to ask the user, and there is no terminal. */
export const withoutTerminal = (bin: string) => `pipe a token to ${bin} login --with-token, or set HEROKU_API_KEY`

/** That a signal ends what we do. */
export const interruptedBy = (signal: NodeJS.Signals) =>
  new UserError(`interrupted (${signal})`, undefined, exitStatusOf(signal))

/** Whether an error is one of ours, with words for the user. */
export const isTold = (error: unknown): error is UserError | BackendError =>
  error instanceof UserError || error instanceof BackendError

/** The exit status of a command that such an error ends. */
export const exitCodeOf = (error: UserError | BackendError) => (error instanceof UserError ? error.exitCode : 1)
