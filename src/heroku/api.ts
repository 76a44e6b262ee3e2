// The part of the Platform API that login, logout and status use.
// https://devcenter.heroku.com/articles/platform-api-reference
import {defined} from '../defined.js'
import {UserError} from '../errors.js'
import {printable} from '../ui/printable.js'
import type {Answer, Http} from './http.js'
import {field, text} from './json.js'

const TIMEOUT_MS = 30_000
/** More than any account needs; a broken server may send ranges without end. */
const MAX_RANGES = 100

/** A new token, its account, and its expiry (ISO 8601) if the server reported one. */
export interface Issued {
  account: string
  token: string
  expiresAt?: string
}

/** An error response of the API, or of a server between us and the API. */
export class ApiError extends UserError {
  /**
   * @param status the HTTP status
   * @param id Heroku's name for the error, such as `unauthorized` or `two_factor`. The API always sends one; undefined
   * means the response came from a proxy or a network's sign-in page
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

/**
 * Whether an error is the API's own response with one of these statuses. Only such a response means that a token is
 * invalid or an authorization does not exist.
 */
export const isApiAnswer = (error: unknown, ...statuses: number[]): error is ApiError =>
  error instanceof ApiError && error.id !== undefined && statuses.includes(error.status)

/**
 * Sends a request to the Platform API; several for a list with more than one range.
 * @throws {ApiError} for a status other than 2xx, {NetworkError} for no response
 */
export type Api = (
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  authorization: Authorization,
  body?: unknown,
) => Promise<unknown>

/**
 * @param apiUrl without a slash at the end
 * @param timeoutMs the timeout of one request
 * @param signal cancels all requests
 */
export function openApi(http: Http, apiUrl: string, timeoutMs = TIMEOUT_MS, signal?: AbortSignal): Api {
  return async (method, path, authorization, body) => {
    const send = async (range?: string) => {
      const answer = await http(apiUrl + path, {
        method,
        headers: {
          accept: 'application/vnd.heroku+json; version=3',
          ...headersOf(authorization),
          ...defined({range}),
        },
        body,
        timeoutMs,
        ...(signal && {signal}),
      })
      if (answer.status >= 200 && answer.status < 300) return answer
      throw errorOf(answer, new URL(apiUrl).host)
    }
    const first = await send()
    return Array.isArray(first.body) ? allRanges(first, send) : first.body
  }
}

/**
 * Reads a whole list: the API sends up to 200 entries per range, with status 206 and `Next-Range` for all but the last.
 */
async function allRanges(first: Answer, send: (range: string) => Promise<Answer>): Promise<unknown[]> {
  const all: unknown[] = []
  for (let answer = first, ranges = 1; ; ranges++) {
    if (!Array.isArray(answer.body)) throw unexpectedAnswer()
    all.push(...(answer.body as unknown[]))
    if (answer.status !== 206) return all
    // An incomplete list is of no use.
    if (answer.nextRange === undefined || ranges === MAX_RANGES) throw unexpectedAnswer()
    answer = await send(answer.nextRange)
  }
}

/** The error for a response that does not have the documented form. */
export const unexpectedAnswer = () => new UserError('unexpected response from the Heroku API', 'try again later')

function headersOf(authorization: Authorization): Record<string, string> {
  if ('bearer' in authorization) return {authorization: `Bearer ${authorization.bearer}`}
  const {code, email, password} = authorization
  const basic = Buffer.from(`${email}:${password}`).toString('base64')
  return {authorization: `Basic ${basic}`, ...(code ? {'Heroku-Two-Factor-Code': code} : {})}
}

function errorOf({body, status}: Answer, host: string): ApiError {
  const id = text(field(body, 'id'))
  if (id === undefined)
    return new ApiError(
      status,
      id,
      `${host} answered ${status}, and not as the Heroku API does`,
      'a proxy or a sign-in page of the network may have answered; check the network, and try again',
    )
  const reason = text(field(body, 'message'))
  const message = reason === undefined ? 'no reason given' : printable(reason)
  return new ApiError(status, id, `${host} answered ${status}: ${message}`)
}

/**
 * Reads a token's account from the API.
 * @returns the account's e-mail address
 * @throws {ApiError} with status 401 if the token is invalid
 */
export async function accountOf(api: Api, token: string): Promise<string> {
  const email = text(field(await api('GET', '/account', {bearer: token}), 'email'))
  if (email === undefined) throw new UserError('the API did not say whose token this is', 'try again later')
  return email
}

/** A token's expiry, from its remaining seconds; empty for an invalid number. */
export function expiresIn(seconds: unknown): {expiresAt?: string} {
  if (typeof seconds !== 'number' || !(seconds > 0)) return {}
  const end = new Date(Date.now() + seconds * 1000)
  return Number.isNaN(end.getTime()) ? {} : {expiresAt: end.toISOString()}
}
