// The Heroku CLI's client answers a 401 with a login that waits for a key. Without a terminal, version 12.4 and later
// crashes there (`process.stdin.setRawMode is not a function`), and 11.8 ends with exit status 0 and nothing done.
import type {Interfaces} from '@oclif/core'
import {isatty} from 'node:tty'
import {pathToFileURL} from 'node:url'
import {notLoggedIn, UserError, withoutTerminal} from '../errors.js'

const STDIN = 0

interface ApiClient {
  /** The token that requests are sent with, if there is one. */
  readonly auth?: string
  login: (this: ApiClient, options?: {method?: string}) => Promise<void>
}

/**
 * Has a copy of the client, which is imported for it, report an error where its login would ask the user without a
 * terminal. A login by a method that the caller chose is left to the client.
 * @param interactive whether the user can be asked
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
