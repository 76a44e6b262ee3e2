import {type Api, isApiAnswer} from './api.js'
import {field, text} from './json.js'
import {authorizationsOf, defaultAuthorization} from './revoke.js'

/** The commands if the API does not report which authorization it is. */
export const FIND_AND_REVOKE = ['authorizations', 'authorizations:revoke ID']

/**
 * The commands that revoke a token which a login has replaced. A script may still use it, so the user decides.
 * @param api the API that issued the token
 * @returns commands of the Heroku CLI, in this order; none if the token is invalid, or is the account's API key
 */
export async function howToRevoke(api: Api, token: string): Promise<string[]> {
  try {
    const own = await authorizationsOf(api, token)
    // The list of authorizations does not include sessions, and the list of sessions shows no tokens.
    if (own.length === 0) return ['sessions', 'sessions:destroy ID']
    const id = own.length === 1 ? text(field(own[0], 'id')) : undefined
    if (id === undefined) return FIND_AND_REVOKE
    return id === (await defaultAuthorization(api, {bearer: token})) ? [] : [`authorizations:revoke ${id}`]
  } catch (error) {
    return isApiAnswer(error, 401) ? [] : FIND_AND_REVOKE
  }
}
