import {UserError} from '../user-error.js'
import {accountOf, type Api, isApiAnswer, type Issued} from './api.js'
import {browserLogin} from './browser-login.js'
import type {Http} from './http.js'
import {type Ask, passwordLogin} from './password-login.js'
import {ssoLogin} from './sso-login.js'

export type Method = 'browser' | 'interactive' | 'sso' | 'with-token'

export interface Login {
  http: Http
  /** Heeds the signal. */
  api: Api
  loginUrl: string
  env: NodeJS.ProcessEnv
  ask: Ask
  /** Shows the URL and opens a browser at it. */
  visit: (url: string) => Promise<void>
  /** Revokes a token that nobody would ever know of. */
  discard: (token: string) => Promise<void>
  /** All of stdin, unless the signal ends it. */
  readStdin: (signal: AbortSignal) => Promise<string>
  signal: AbortSignal
  /** Who logged in last, if that is known. */
  known?: string
  /** The token's life in seconds, where the method lets us choose. */
  seconds?: number
}

/** Gets a token from Heroku, by the method that the user chose. */
export function login(method: Method, options: Login): Promise<Issued> {
  switch (method) {
    case 'browser':
      return browserLogin(options)
    case 'interactive':
      return passwordLogin(options.api, options.ask, options.known, options.seconds)
    case 'sso':
      return ssoLogin(options)
    case 'with-token':
      return tokenLogin(options)
  }
}

async function tokenLogin({api, readStdin, signal}: Login): Promise<Issued> {
  const token = (await readStdin(signal)).trim()
  if (token === '') throw new UserError('there is no token on stdin', 'heroku login --with-token < token.txt')
  try {
    return {account: await accountOf(api, token), token}
  } catch (error) {
    if (isApiAnswer(error, 401))
      throw new UserError('the token on stdin is not valid', 'make a new one: heroku authorizations:create')
    throw error
  }
}
