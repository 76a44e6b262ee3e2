import {UserError} from '../errors.js'
import {accountOf, type Api, expiresIn, isApiAnswer} from './api.js'
import {field} from './json.js'
import {authorizationsOf} from './revoke.js'

/** What the API says of a token. */
export interface Verified {
  account: string
  /** ISO 8601; missing where the API does not say, as for a session. */
  expiresAt?: string
}

/** The API knows no such token, or none any more. */
export class InvalidToken extends UserError {}

/**
 * Asks the API whose token this is, and until when.
 * @throws {InvalidToken} if it is not valid
 * @throws {ApiError | NetworkError} if that could not be learned
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

/** A token of a narrower scope may not list authorizations, and is valid all the same. */
function noneIfForbidden(error: unknown): unknown[] {
  if (isApiAnswer(error, 403)) return []
  throw error
}
