import {UserError} from '../errors.js'
import {accountOf, type Api, isApiAnswer, unexpectedAnswer} from './api.js'
import {field, text} from './json.js'

/** What became of a token on the server: ended, ended before, or still valid because it is the account's API key. */
export type Revocation = 'revoked' | 'was invalid' | 'is the API key'

const ASTERISKS = '*'.repeat(10)

/**
 * Ends a token on the server: its authorization, or its session (a browser or SSO login has one, which is not among the
 * authorizations). Never the account's default authorization, which is the API key that the dashboard shows and other
 * things may depend on; and never an authorization that may be another token's.
 * @throws {ApiError | NetworkError | UserError} if it may still be valid
 */
export async function revoke(api: Api, token: string): Promise<Revocation> {
  const bearer = {bearer: token}
  const own = await unlessGone(authorizationsOf(api, token))
  if (own === GONE) return invalidOr(yetValid(), api, token)

  const ids = own.flatMap((each) => text(field(each, 'id')) ?? [])
  const inFull = own.some((each) => tokenOf(each) === token)
  // Several that look alike may all be of other tokens.
  const isOurs = own.length > 0 && (inFull || own.length === 1)
  const apiKey = isOurs ? await defaultAuthorization(api, bearer) : undefined
  if (apiKey !== undefined && ids.includes(apiKey)) return 'is the API key'
  const ended = inFull && (await endAll(api, bearer, ids))
  // Before an authorization that only looks like ours: it is another token's if ours has a session.
  const session = await unlessGone(api('DELETE', '/oauth/sessions/~', bearer))
  if (ended || isResource(session)) return 'revoked'
  if (isOurs && !inFull && (await endAll(api, bearer, ids))) return 'revoked'
  // Nothing that the API has answered says that the token has ended.
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

/** @throws {ApiError | NetworkError | UserError} if the API did not say; the problem, if the token is valid */
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
 * The id of the account's default authorization, which is its API key; undefined if it has none. Its token does not tell
 * which one it is: the API may redact it.
 */
export async function defaultAuthorization(api: Api, bearer: {bearer: string}): Promise<string | undefined> {
  const standard = await unlessGone(api('GET', '/oauth/authorizations/~', bearer))
  if (standard === GONE) return undefined
  const id = text(field(standard, 'id'))
  if (id === undefined) throw unexpectedAnswer()
  return id
}

/** @returns whether the API said of one of them, in so many words, that it has ended */
async function endAll(api: Api, bearer: {bearer: string}, ids: string[]): Promise<boolean> {
  let ended = false
  for (const id of ids) {
    const gone = await unlessGone(api('DELETE', `/oauth/authorizations/${encodeURIComponent(id)}`, bearer))
    ended ||= isResource(gone)
  }

  return ended
}

/** What the API sends along when it has ended something: the thing itself. */
const isResource = (answer: unknown) => answer !== GONE && text(field(answer, 'id')) !== undefined

/**
 * The authorizations that are this token's, or look like it where the API redacts tokens: several only then.
 * @throws {ApiError} with status 401 if it is not valid
 * @throws {UserError} if the answer is no list, and so not the API's
 */
export async function authorizationsOf(api: Api, token: string): Promise<unknown[]> {
  const all = await api('GET', '/oauth/authorizations', {bearer: token})
  if (!Array.isArray(all)) throw unexpectedAnswer()
  const inFull = (all as unknown[]).filter((each) => tokenOf(each) === token)
  return inFull.length > 0 ? inFull : (all as unknown[]).filter((each) => looksLike(token, tokenOf(each)))
}

const GONE = Symbol('gone')

/** If the API itself answers 401 or 404, there is nothing left to revoke. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | typeof GONE> {
  try {
    return await answer
  } catch (error) {
    if (isApiAnswer(error, 401, 404)) return GONE
    throw error
  }
}

const tokenOf = (authorization: unknown) => text(field(field(authorization, 'access_token'), 'token'))

/** The API may show a token as its beginning, ten asterisks and its end. */
function looksLike(ours: string, shown: string | undefined): boolean {
  const at = shown?.indexOf(ASTERISKS) ?? -1
  if (shown === undefined || at === -1) return false
  const end = shown.slice(at + ASTERISKS.length)
  // What shows one end or none could be anybody's.
  if (at === 0 || end === '') return false
  return ours.length > at + end.length && ours.startsWith(shown.slice(0, at)) && ours.endsWith(end)
}
