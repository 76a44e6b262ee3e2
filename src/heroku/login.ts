import {UserError} from '../errors.js'
import {accountOf, type Api, isApiAnswer, type Issued} from './api.js'
import {browserLogin} from './browser-login.js'
import type {Http} from './http.js'
import {type Ask, passwordLogin} from './password-login.js'
import {ssoLogin} from './sso-login.js'
import {fromFileHint} from '../ui/shell-hints.js'

/** Printable ASCII without a space. */
const ONE_WORD = /^[\u0021-\u007E]+$/u

export type Method = 'browser' | 'interactive' | 'sso' | 'with-token'

export interface Login {
  http: Http
  /** Respects `signal`. */
  api: Api
  /** For requests that issue a token: cancelled a moment later, so that the token can be revoked. */
  issuing: {api: Api; signal: AbortSignal}
  /** Called if a cancelled request may have issued a token. */
  onDoubt: () => void
  loginUrl: string
  env: NodeJS.ProcessEnv
  ask: Ask
  /** Shows the URL and opens it in a browser. */
  visit: (url: string) => Promise<void>
  /** Revokes a token that could not be used. */
  discard: (token: string) => Promise<void>
  /** Reads the token from stdin, unless the signal cancels it. */
  readStdin: (signal: AbortSignal) => Promise<string>
  signal: AbortSignal
  /** The account of the last login, if known. */
  known?: string
  /** The token's life in seconds, for methods that let us choose it. */
  seconds?: number
}

/** The method that the flags select, or else the environment. */
export function methodFor(
  flags: {interactive: boolean; sso: boolean; 'with-token': boolean; 'expires-in': number | undefined},
  env: NodeJS.ProcessEnv,
): Method {
  if (flags['with-token']) return 'with-token'
  if (flags.sso) return 'sso'
  // Only an authorization of the API can have a chosen life; a browser login cannot.
  if (flags.interactive || flags['expires-in'] !== undefined) return 'interactive'
  return env.HEROKU_LEGACY_SSO === '1' ? 'sso' : 'browser'
}

/** Gets a token from Heroku, by the selected method. */
export function login(method: Method, options: Login): Promise<Issued> {
  switch (method) {
    case 'browser':
      return browserLogin(options)
    case 'interactive':
      return interactiveLogin(options)
    case 'sso':
      return ssoLogin(options)
    case 'with-token':
      return tokenLogin(options)
  }
}

function interactiveLogin({ask, issuing, known, onDoubt, seconds}: Login): Promise<Issued> {
  const api: Api = (...call) =>
    issuing.api(...call).catch((error: unknown) => {
      if (!(error instanceof UserError)) onDoubt()
      throw error
    })
  return passwordLogin(api, ask, known, seconds)
}

async function tokenLogin({api, readStdin, signal}: Login): Promise<Issued> {
  const token = (await readStdin(signal)).trim()
  const fromFile = fromFileHint('heroku login --with-token', 'token.txt')
  if (token === '') throw new UserError('there is no token on stdin', fromFile)
  // Sent nowhere, and not shown: it may be another secret, such as a whole file with a token in it.
  if (!ONE_WORD.test(token))
    throw new UserError(
      'the text on stdin is not a token: it holds a space, or a character that is not printable ASCII',
      `${fromFile}, where token.txt holds the token and nothing else`,
    )
  try {
    return {account: await accountOf(api, token), token}
  } catch (error) {
    if (isApiAnswer(error, 401))
      throw new UserError('the token on stdin is not valid', 'make a new one: heroku authorizations:create')
    throw error
  }
}
