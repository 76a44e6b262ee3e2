import {UserError} from '../errors.js'
import {printable} from '../ui/printable.js'
import {accountOf, type Api, type Issued} from './api.js'
import {type Answer, type Http, NetworkError} from './http.js'
import {field, text} from './json.js'
import {description} from './password-login.js'

const START_TIMEOUT_MS = 30_000
const LIMIT_MS = 10 * 60 * 1000
const RETRIES = 3

export interface BrowserLogin {
  http: Http
  api: Api
  /** The login host's URL, without a slash at the end. */
  loginUrl: string
  /** Shows the URL and opens it in a browser, without waiting for the browser. */
  visit: (url: string) => Promise<void>
  /** Revokes a token that could not be used. */
  discard: (token: string) => Promise<void>
  signal: AbortSignal
  /** Cancels the wait for the token: a moment after `signal`, so that a token that is just arriving can be revoked. */
  issuing: {signal: AbortSignal}
  /** The time limit for the user, in milliseconds. Default: ten minutes. */
  limitMs?: number
}

/**
 * Logs in through the browser: the login host returns one URL for the user to visit, and one that responds once the
 * user has logged in.
 * @throws {UserError} if the user refused, or took too long
 * @throws {NetworkError} if the login host cannot be reached
 */
export async function browserLogin(login: BrowserLogin): Promise<Issued> {
  const {api, http, loginUrl, signal, visit} = login
  const end = Date.now() + (login.limitMs ?? LIMIT_MS)
  const started = await http(`${loginUrl}/auth`, {
    method: 'POST',
    body: {description: description()},
    timeoutMs: START_TIMEOUT_MS,
    signal,
  })
  const browserPath = text(field(started.body, 'browser_url'))
  const cliPath = text(field(started.body, 'cli_url'))
  const token = text(field(started.body, 'token'))
  if (started.status >= 300 || browserPath === undefined || cliPath === undefined || token === undefined)
    throw new UserError(
      `the login host answered ${started.status}, and not with a login`,
      'try again, or: heroku login -i',
    )

  await visit(onHost(loginUrl, browserPath))
  const answer = await waitForUser(login, onHost(loginUrl, cliPath), token, end)
  const error = text(field(answer.body, 'error'))
  if (error !== undefined) throw new UserError(`login was refused: ${printable(error)}`, 'heroku login')
  const access = text(field(answer.body, 'access_token'))
  if (answer.status >= 300 || access === undefined)
    throw new UserError(`the login host answered ${answer.status}, and not with a token`, 'try again: heroku login')
  try {
    return {account: await accountOf(api, access), token: access}
  } catch (error) {
    await login.discard(access)
    throw error
  }
}

async function waitForUser(
  {http, issuing: {signal}}: BrowserLogin,
  url: string,
  token: string,
  end: number,
): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const timeoutMs = Math.max(1, end - Date.now())
    try {
      const answer = await http(url, {method: 'GET', headers: {authorization: `Bearer ${token}`}, timeoutMs, signal})
      if (answer.status <= 500 || tries === RETRIES) return answer
    } catch (error) {
      if (Date.now() >= end) throw new UserError('nobody logged in in the browser in time', 'try again: heroku login')
      if (!(error instanceof NetworkError) || tries === RETRIES) throw error
    }
  }
}

/**
 * The login host's URLs must be on the login host: we open one in a browser, and send the login's token to the other.
 */
function onHost(loginUrl: string, path: string): string {
  const url = URL.canParse(loginUrl + path) ? new URL(loginUrl + path) : undefined
  if (url?.origin !== new URL(loginUrl).origin || !/^https?:$/u.test(url.protocol))
    throw new UserError('the login host named a page on another host', 'check HEROKU_LOGIN_HOST')
  return url.href
}
