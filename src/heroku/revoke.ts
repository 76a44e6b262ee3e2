import {UserError} from '../user-error.js'
import {type Api, ApiError} from './api.js'
import {field, text} from './json.js'

/**
 * What became of a token on the server: ended, ended before, or still valid because it is the account's API key, or
 * because the server knows neither a session nor an authorization of it that could be ended.
 */
export type Revocation = 'revoked' | 'was invalid' | 'is the API key' | 'cannot be revoked'

const ASTERISKS = '*'.repeat(10)

/**
 * Ends a token on the server: its session (a browser or SSO login has one) and its authorization. Never the account's
 * default authorization, which is the API key that the dashboard shows and other things may depend on.
 * @throws {ApiError | NetworkError} if it may still be valid
 * @throws {UserError} if that cannot be told, since somebody else than Heroku has answered
 */
export async function revoke(api: Api, token: string): Promise<Revocation> {
  const bearer = {bearer: token}
  const end = async (path: string) => {
    const ended = await unlessGone(api('DELETE', path, bearer))
    // The API shows what it has ended. A page of somebody in between says nothing of it.
    if (ended !== GONE && text(field(ended, 'id')) === undefined) throw unexpected()
    return ended
  }
  const own = await unlessGone(authorizationsOf(api, token))
  if (own === GONE) return 'was invalid'
  if (own.length > 0) {
    const standard = await unlessGone(api('GET', '/oauth/authorizations/~', bearer))
    if (standard !== GONE && isSame(token, shown(standard))) return 'is the API key'
  }

  for (const each of own) {
    const id = text(field(each, 'id'))
    if (id !== undefined) await end(`/oauth/authorizations/${encodeURIComponent(id)}`)
  }

  // The last, since nothing more can be asked with the token once its session has ended.
  const session = await end('/oauth/sessions/~')
  if (own.length > 0 || session !== GONE) return 'revoked'
  return (await unlessGone(api('GET', '/account', bearer))) === GONE ? 'was invalid' : 'cannot be revoked'
}

/**
 * The authorizations that are this token's.
 * @throws {ApiError} with status 401 if it is not valid
 * @throws {UserError} if the answer is no list
 */
export async function authorizationsOf(api: Api, token: string): Promise<unknown[]> {
  const all = await api('GET', '/oauth/authorizations', {bearer: token})
  if (!Array.isArray(all)) throw unexpected()
  return (all as unknown[]).filter((each) => isSame(token, tokenOf(each)))
}

const unexpected = () => new UserError('the API answered with something else than was asked for', 'try again later')

const GONE = Symbol('gone')

/** 401 and 404 mean that there is nothing left to revoke. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | typeof GONE> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 404)) return GONE
    throw error
  }
}

const tokenOf = (authorization: unknown) => text(field(field(authorization, 'access_token'), 'token'))

function shown(authorization: unknown): string {
  const token = tokenOf(authorization)
  if (token === undefined) throw unexpected()
  return token
}

/** The API may show a token as its beginning, ten asterisks and its end. */
function isSame(ours: string, theirs: string | undefined): boolean {
  if (theirs === undefined) return false
  const at = theirs.indexOf(ASTERISKS)
  if (at === -1) return ours === theirs
  const end = theirs.slice(at + ASTERISKS.length)
  // What shows one end or none could be anybody's.
  if (at === 0 || end === '') return false
  return ours.length > at + end.length && ours.startsWith(theirs.slice(0, at)) && ours.endsWith(end)
}
