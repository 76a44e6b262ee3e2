// The Platform API, as far as logging in and out needs it.
// https://devcenter.heroku.com/articles/platform-api-reference
import {defined} from '../defined.js'
import {UserError} from '../errors.js'
import {printable} from '../ui/printable.js'
import type {Answer, Http} from './http.js'
import {field, text} from './json.js'

const TIMEOUT_MS = 30_000
/** Far more than any account has; a broken server may go on for ever. */
const MAX_RANGES = 100

/** A token, the account that it is for, and until when (ISO 8601), if the server told. */
export interface Issued {
  account: string
  token: string
  expiresAt?: string
}

/** The API, or something between us and the API, refused a request. */
export class ApiError extends UserError {
  /**
   * @param status of HTTP
   * @param id Heroku's name for the error, such as `unauthorized` or `two_factor`; undefined if the response is not the
   * API's own: every error of the API has one, and the page of a proxy or of a network's login has none
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
 * Whether an error is the API's own answer with one of these statuses. Nothing else says that a token is not valid, or
 * that it is gone.
 */
export const isApiAnswer = (error: unknown, ...statuses: number[]): error is ApiError =>
  error instanceof ApiError && error.id !== undefined && statuses.includes(error.status)

/**
 * One request to the Platform API; several for a list that comes in ranges.
 * @throws {ApiError} on a status that is no success, {NetworkError} on none at all
 */
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

/** The whole of a list: the API gives 200 entries at a time, with status 206 and `Next-Range` for all but the last. */
async function allRanges(first: Answer, send: (range: string) => Promise<Answer>): Promise<unknown[]> {
  const all: unknown[] = []
  for (let answer = first, ranges = 1; ; ranges++) {
    if (!Array.isArray(answer.body)) throw unexpectedAnswer()
    all.push(...(answer.body as unknown[]))
    if (answer.status !== 206) return all
    // The list is of no use without the rest.
    if (answer.nextRange === undefined || ranges === MAX_RANGES) throw unexpectedAnswer()
    answer = await send(answer.nextRange)
  }
}

/** A response that does not have the documented form. */
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
  const said = text(field(body, 'message'))
  const message = said === undefined ? 'no reason given' : printable(said)
  return new ApiError(status, id, `${host} answered ${status}: ${message}`)
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
