import {hostname} from 'node:os'
import {UserError} from '../errors.js'
import {type Api, ApiError, type Authorization, expiresIn, type Issued} from './api.js'
import {field, text} from './json.js'

/** The default and maximum life of a token, in seconds. */
export const THIRTY_DAYS = 60 * 60 * 24 * 30

/** Asks the user a question; the answer to a `secret` one is not shown while it is typed. */
export type Ask = (question: string, options?: {secret?: boolean; default?: string}) => Promise<string>

/** The token's description, which the dashboard shows. */
export const description = () => `Heroku CLI login from ${hostname()}`

/**
 * Logs in with e-mail address and password, and a two-factor code if the account requires it.
 * @param known the default account
 * @param seconds the token's life
 * @throws {ApiError} if the API refuses
 */
export async function passwordLogin(api: Api, ask: Ask, known?: string, seconds = THIRTY_DAYS): Promise<Issued> {
  const email = await ask('Email:', known === undefined ? {} : {default: known})
  const password = await ask('Password:', {secret: true})
  const create = (authorization: Authorization) =>
    api('POST', '/oauth/authorizations', authorization, {
      description: description(),
      expires_in: seconds,
      scope: ['global'],
    })

  let issued: unknown
  try {
    issued = await create({email, password})
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.id === 'device_trust_required')
      throw new UserError(
        'a password is not enough for this account',
        'enable two-factor authentication, or: heroku login',
      )
    if (error.id !== 'two_factor') throw withNextStep(error)
    const code = (await ask('Two-factor code:', {secret: true})).trim()
    issued = await create({email, password, code}).catch((error: unknown) => {
      throw error instanceof ApiError ? withNextStep(error) : error
    })
  }

  const account = text(field(field(issued, 'user'), 'email'))
  const access = field(issued, 'access_token')
  const token = text(field(access, 'token'))
  if (account === undefined || token === undefined)
    throw new UserError('the API accepted the login but sent no token', 'try again later')
  return {account, token, ...expiresIn(field(access, 'expires_in'))}
}

/** 403: the account requires a method that this login does not support, such as SSO or a security key. */
function withNextStep(error: ApiError): ApiError {
  const {id, message, status} = error
  if (status !== 403 || id === 'two_factor') return error
  return new ApiError(status, id, message, 'log in with a browser: heroku login')
}
