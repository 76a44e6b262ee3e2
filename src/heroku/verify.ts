import {UserError} from '../errors.js'
import {accountOf, type Api, expiresIn, isApiAnswer} from './api.js'
import {field} from './json.js'
import {authorizationsOf} from './revoke.js'

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
    const own = await authorizationsOf(api, token).catch(noneIfForbidden)
    return {account, ...(own.length === 1 ? expiresIn(field(field(own[0], 'access_token'), 'expires_in')) : {})}
  } catch (error) {
    if (isApiAnswer(error, 401)) throw new InvalidToken('the token is not valid any more', 'heroku login')
    throw error
  }
}

/** A token with a narrower scope may not list authorizations, but is valid. */
function noneIfForbidden(error: unknown): unknown[] {
  if (isApiAnswer(error, 403)) return []
  throw error
}
