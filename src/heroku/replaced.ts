import {type Api, isApiAnswer} from './api.js'
import {field, text} from './json.js'
import {authorizationsOf, defaultAuthorization} from './revoke.js'

/** Where the API does not say which authorization it is. */
export const FIND_AND_REVOKE = ['authorizations', 'authorizations:revoke ID']

/**
 * How to revoke a token that a login has replaced: a script may still use it, so that is up to the user.
 * @param api must be of the host that issued the token
 * @returns commands of the Heroku CLI, to be run in turn; none if the token is not valid, or is the account's API key
 */
export async function howToRevoke(api: Api, token: string): Promise<string[]> {
  try {
    const own = await authorizationsOf(api, token)
    // A session is not among the authorizations, and its list shows no tokens.
    if (own.length === 0) return ['sessions', 'sessions:destroy ID']
    const id = own.length === 1 ? text(field(own[0], 'id')) : undefined
    if (id === undefined) return FIND_AND_REVOKE
    return id === (await defaultAuthorization(api, {bearer: token})) ? [] : [`authorizations:revoke ${id}`]
  } catch (error) {
    return isApiAnswer(error, 401) ? [] : FIND_AND_REVOKE
  }
}
