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
 * @throws {ApiError | NetworkError | UserError} if it may still be valid
 */
export async function revoke(api: Api, token: string): Promise<Revocation> {
  const bearer = {bearer: token}
  const own = await unlessGone(authorizationsOf(api, token))
  if (own !== GONE && own.length > 0 && (await isApiKey(api, token))) return 'is the API key'

  const ended = own !== GONE && (await endAll(api, bearer, own))
  // The last, since nothing more can be asked with the token once its session has ended.
  const session = own === GONE ? GONE : await unlessGone(api('DELETE', '/oauth/sessions/~', bearer))
  if (ended || isResource(session)) return 'revoked'
  // Nobody has said in so many words that the token has ended: a proxy's 404 or an empty page is not the API's word.
  const isInvalid = (await unlessGone(api('GET', '/account', bearer))) === GONE
  if (own !== GONE && own.length === 0 && session === GONE) return isInvalid ? 'was invalid' : 'cannot be revoked'
  if (!isInvalid) throw new UserError('the API answered as if it were revoked, and yet it is valid', 'try again later')
  return own === GONE ? 'was invalid' : 'revoked'
}

async function isApiKey(api: Api, token: string): Promise<boolean> {
  const standard = await unlessGone(api('GET', '/oauth/authorizations/~', {bearer: token}))
  if (standard === GONE) return false
  if (!isResource(standard)) throw unexpected()
  return isSame(token, tokenOf(standard))
}

/** @returns whether the API said of one of them, in so many words, that it has ended */
async function endAll(api: Api, bearer: {bearer: string}, own: unknown[]): Promise<boolean> {
  let ended = false
  for (const each of own) {
    const id = text(field(each, 'id'))
    if (id === undefined) continue
    const gone = await unlessGone(api('DELETE', `/oauth/authorizations/${encodeURIComponent(id)}`, bearer))
    ended ||= isResource(gone)
  }

  return ended
}

/** What the API sends along when it has ended something: the thing itself. */
const isResource = (answer: unknown) => answer !== GONE && text(field(answer, 'id')) !== undefined

/**
 * The authorizations that are this token's.
 * @throws {ApiError} with status 401 if it is not valid
 * @throws {UserError} if the answer is no list, and so not the API's
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

/** The API may show a token as its beginning, ten asterisks and its end. */
function isSame(ours: string, shown: string | undefined): boolean {
  if (shown === undefined) return false
  const at = shown.indexOf(ASTERISKS)
  if (at === -1) return ours === shown
  const end = shown.slice(at + ASTERISKS.length)
  // What shows one end or none could be anybody's.
  if (at === 0 || end === '') return false
  return ours.length > at + end.length && ours.startsWith(shown.slice(0, at)) && ours.endsWith(end)
}
