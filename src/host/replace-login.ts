// The Heroku CLI's client answers a 401 with a login that waits for a key. Without a terminal, version 12.4 and later
// crashes there (`process.stdin.setRawMode is not a function`), and 11.8 ends with exit status 0 and nothing done.
import type {Interfaces} from '@oclif/core'
import {isatty} from 'node:tty'
import {pathToFileURL} from 'node:url'
import {notLoggedIn, UserError, withoutTerminal} from '../errors.js'

const STDIN = 0

interface ApiClient {
  /** The token that is sent with each request, if there is one. */
  readonly auth?: string
  login: (this: ApiClient, options?: {method?: string}) => Promise<void>
}

/**
 * Imports a copy of the client's module and makes its login fail with an error if there is no terminal. A login with a method
 * that the caller chose is left to the client.
 * @param module the path of the file that exports `APIClient`
 * @param interactive whether the user can answer
 */
export async function replaceLogin(
  {bin}: Pick<Interfaces.Config, 'bin'>,
  module: string,
  interactive: () => boolean = () => isatty(STDIN),
): Promise<void> {
  const {APIClient} = (await import(pathToFileURL(module).href)) as {APIClient?: {prototype: ApiClient}}
  if (typeof APIClient?.prototype.login !== 'function') return
  const {prototype} = APIClient
  const {login} = prototype
  prototype.login = async function (options = {}) {
    if (interactive() || options.method !== undefined) return login.call(this, options)
    throw this.auth === undefined
      ? notLoggedIn(undefined, withoutTerminal(bin))
      : new UserError('the token was refused (401): it may have expired, or been revoked', withoutTerminal(bin))
  }
}
