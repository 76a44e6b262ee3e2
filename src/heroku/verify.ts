import {UserError} from '../errors.js'
import {accountOf, type Api, expiresIn, isApiAnswer, openApi} from './api.js'
import {field} from './json.js'
import {watchClock} from './clock.js'
import type {Http} from './http.js'
import {authorizationsOf} from './revoke.js'

/** The time limit for all requests about a new token's expiry, in milliseconds: the login has succeeded without it. */
const EXPIRY_LIMIT_MS = 5000

/** A token's account and expiry, from the API. */
export interface Verified {
  account: string
  /** ISO 8601; missing if the API does not report it, as for a session. */
  expiresAt?: string
}

/** The API does not know the token (any more). */
export class InvalidToken extends UserError {}

/**
 * Reads a token's account and expiry from the API.
 * @throws {InvalidToken} if the API rejects it
 * @throws {ApiError | NetworkError} if the API did not answer
 */
export async function verifyToken(api: Api, token: string): Promise<Verified> {
  try {
    const account = await accountOf(api, token)
    return {account, ...(await expiryOf(api, token))}
  } catch (error) {
    if (isApiAnswer(error, 401)) throw new InvalidToken('the token is not valid any more', 'heroku login')
    throw error
  }
}

async function expiryOf(api: Api, token: string): Promise<Pick<Verified, 'expiresAt'>> {
  const own = await authorizationsOf(api, token).catch(noneIfForbidden)
  return own.length === 1 ? expiresIn(field(field(own[0], 'access_token'), 'expires_in')) : {}
}

/**
 * Reads the expiry of a token that was just issued from the API, for at most five seconds.
 * @returns ISO 8601; undefined if the API does not report it, the request fails, or this machine's clock is wrong
 */
export async function readExpiry(http: Http, apiUrl: string, token: string): Promise<string | undefined> {
  const watched = watchClock(http)
  const api = openApi(watched.http, apiUrl, EXPIRY_LIMIT_MS, AbortSignal.timeout(EXPIRY_LIMIT_MS))
  try {
    const {expiresAt} = await expiryOf(api, token)
    return watched.isClockWrong() ? undefined : expiresAt
  } catch {
    return undefined
  }
}

/** A token with a narrower scope may not list authorizations, but is valid. */
function noneIfForbidden(error: unknown): unknown[] {
  if (isApiAnswer(error, 403)) return []
  throw error
}
