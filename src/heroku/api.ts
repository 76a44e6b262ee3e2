// The Platform API, as far as logging in and out needs it.
// https://devcenter.heroku.com/articles/platform-api-reference
import {UserError} from '../user-error.js'
import {printable} from '../printable.js'
import type {Answer, Http} from './http.js'
import {field, text} from './json.js'

const TIMEOUT_MS = 30_000

/** A token, the account that it is for, and until when (ISO 8601), if the server told. */
export interface Issued {
  account: string
  token: string
  expiresAt?: string
}

/** The API said no. */
export class ApiError extends UserError {
  /**
   * @param status of HTTP
   * @param id Heroku's name for the error, such as `unauthorized` or `two_factor`
   */
  constructor(
    readonly status: number,
    readonly id: string | undefined,
    message: string,
    hint?: string,
  ) {
    super(message, hint)
  }
}

export type Authorization = {bearer: string} | {email: string; password: string; code?: string}

/** One request to the Platform API. @throws {ApiError} on a status that is no success, {NetworkError} on none at all */
export type Api = (
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  authorization: Authorization,
  body?: unknown,
) => Promise<unknown>

/**
 * @param apiUrl the API without a slash at the end
 * @param timeoutMs how long one request may take
 * @param signal ends each before its time
 */
export function openApi(http: Http, apiUrl: string, timeoutMs = TIMEOUT_MS, signal?: AbortSignal): Api {
  return async (method, path, authorization, body) => {
    const answer = await http(apiUrl + path, {
      method,
      headers: {accept: 'application/vnd.heroku+json; version=3', ...headersOf(authorization)},
      body,
      timeoutMs,
      ...(signal && {signal}),
    })
    if (answer.status >= 200 && answer.status < 300) return answer.body
    throw errorOf(answer, new URL(apiUrl).host)
  }
}

function headersOf(authorization: Authorization): Record<string, string> {
  if ('bearer' in authorization) return {authorization: `Bearer ${authorization.bearer}`}
  const {code, email, password} = authorization
  const basic = Buffer.from(`${email}:${password}`).toString('base64')
  return {authorization: `Basic ${basic}`, ...(code ? {'Heroku-Two-Factor-Code': code} : {})}
}

function errorOf({body, status}: Answer, host: string): ApiError {
  const said = text(field(body, 'message'))
  const message = said === undefined ? `it gave no reason` : printable(said)
  return new ApiError(status, text(field(body, 'id')), `${host} answered ${status}: ${message}`)
}

/**
 * Asks whose token this is.
 * @returns the account's e-mail address
 * @throws {ApiError} with status 401 if the token is not valid
 */
export async function accountOf(api: Api, token: string): Promise<string> {
  const email = text(field(await api('GET', '/account', {bearer: token}), 'email'))
  if (email === undefined) throw new UserError('the API did not say whose token this is', 'try again later')
  return email
}

/** When a token expires that does so in so many seconds; nothing for what is no number of seconds, or no date. */
export function expiresIn(seconds: unknown): {expiresAt?: string} {
  if (typeof seconds !== 'number' || !(seconds > 0)) return {}
  const end = new Date(Date.now() + seconds * 1000)
  return Number.isNaN(end.getTime()) ? {} : {expiresAt: end.toISOString()}
}
