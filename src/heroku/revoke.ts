import {UserError} from '../errors.js'
import {accountOf, type Api, isApiAnswer, unexpectedAnswer} from './api.js'
import {field, text} from './json.js'

/** The result: revoked, invalid before, or still valid because it is the account's API key. */
export type Revocation = 'revoked' | 'was invalid' | 'is the API key'

const ASTERISKS = '*'.repeat(10)

/**
 * Revokes a token on the server: its authorization, or its session (a browser or SSO login has one, which is not listed
 * among the authorizations). Never the account's default authorization: it is the API key on the dashboard, and other
 * programs may use it. Never an authorization that may be another token's.
 * @throws {ApiError | NetworkError | UserError} if it may still be valid
 */
export async function revoke(api: Api, token: string): Promise<Revocation> {
  const bearer = {bearer: token}
  const own = await unlessGone(authorizationsOf(api, token))
  if (own === GONE) return invalidOr(yetValid(), api, token)

  const ids = own.flatMap((each) => text(field(each, 'id')) ?? [])
  const inFull = own.some((each) => tokenOf(each) === token)
  // Several redacted tokens that match may all be other tokens.
  const isOurs = own.length > 0 && (inFull || own.length === 1)
  const apiKey = isOurs ? await defaultAuthorization(api, bearer) : undefined
  if (apiKey !== undefined && ids.includes(apiKey)) return 'is the API key'
  const ended = inFull && (await endAll(api, bearer, ids))
  // The session first: if our token has one, an authorization that only looks like ours is another token's.
  const session = await unlessGone(api('DELETE', '/oauth/sessions/~', bearer))
  if (ended || isResource(session)) return 'revoked'
  if (isOurs && !inFull && (await endAll(api, bearer, ids))) return 'revoked'
  // No response so far proves that the token is revoked.
  const invalid = await invalidOr(isOurs ? yetValid() : notFound(own.length), api, token)
  return isOurs ? 'revoked' : invalid
}

const notFound = (alike: number) =>
  alike === 0
    ? new UserError(
        'the API lists neither a session nor an authorization of this token',
        'revoke it at https://dashboard.heroku.com/account/applications',
      )
    : new UserError(
        `the API shows ${alike} authorizations that may be of this token, so none was revoked`,
        'revoke the right one: heroku authorizations, then heroku authorizations:revoke ID',
      )

const yetValid = () => new UserError('the API reported the token revoked, but it is still valid', 'try again later')

/** @throws {ApiError | NetworkError | UserError} if the API did not answer; `problem`, if the token is valid */
async function invalidOr(problem: UserError, api: Api, token: string): Promise<'was invalid'> {
  try {
    await accountOf(api, token)
  } catch (error) {
    if (isApiAnswer(error, 401)) return 'was invalid'
    throw error
  }
  throw problem
}

/**
 * The id of the account's default authorization, which is its API key; undefined if it has none. It cannot be found by
 * its token, which the API may redact.
 */
export async function defaultAuthorization(api: Api, bearer: {bearer: string}): Promise<string | undefined> {
  const standard = await unlessGone(api('GET', '/oauth/authorizations/~', bearer))
  if (standard === GONE) return undefined
  const id = text(field(standard, 'id'))
  if (id === undefined) throw unexpectedAnswer()
  return id
}

/** @returns whether the API confirmed at least one revocation */
async function endAll(api: Api, bearer: {bearer: string}, ids: string[]): Promise<boolean> {
  let ended = false
  for (const id of ids) {
    const gone = await unlessGone(api('DELETE', `/oauth/authorizations/${encodeURIComponent(id)}`, bearer))
    ended ||= isResource(gone)
  }

  return ended
}

/** After a deletion, the API returns the deleted resource. */
const isResource = (answer: unknown) => answer !== GONE && text(field(answer, 'id')) !== undefined

/**
 * The token's authorizations. If the API redacts tokens, those that match it: there may be several.
 * @throws {ApiError} with status 401 if the token is invalid
 * @throws {UserError} if the response is not a list, and so not the API's
 */
export async function authorizationsOf(api: Api, token: string): Promise<unknown[]> {
  const all = await api('GET', '/oauth/authorizations', {bearer: token})
  if (!Array.isArray(all)) throw unexpectedAnswer()
  const inFull = (all as unknown[]).filter((each) => tokenOf(each) === token)
  return inFull.length > 0 ? inFull : (all as unknown[]).filter((each) => looksLike(token, tokenOf(each)))
}

const GONE = Symbol('gone')

/** GONE if the API itself responds with 401 or 404: there is nothing left to revoke. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | typeof GONE> {
  try {
    return await answer
  } catch (error) {
    if (isApiAnswer(error, 401, 404)) return GONE
    throw error
  }
}

const tokenOf = (authorization: unknown) => text(field(field(authorization, 'access_token'), 'token'))

/** The API may redact a token: its beginning, ten asterisks, its end. */
function looksLike(ours: string, shown: string | undefined): boolean {
  const at = shown?.indexOf(ASTERISKS) ?? -1
  if (shown === undefined || at === -1) return false
  const end = shown.slice(at + ASTERISKS.length)
  // With only one end or none, it could be any token.
  if (at === 0 || end === '') return false
  return ours.length > at + end.length && ours.startsWith(shown.slice(0, at)) && ours.endsWith(end)
}
