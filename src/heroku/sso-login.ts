import {UserError} from '../errors.js'
import {accountOf, type Api, type Issued} from './api.js'
import type {Ask} from './password-login.js'
import {unsetHint} from '../ui/shell-hints.js'

export interface SsoLogin {
  api: Api
  ask: Ask
  /** Shows the URL and opens it in a browser. */
  visit: (url: string) => Promise<void>
  /** SSO_URL is the page; HEROKU_ORGANIZATION is the default organization. */
  env: NodeJS.ProcessEnv
  /** Revokes the token of a cancelled login. */
  discard: (token: string) => Promise<void>
}

/**
 * Logs in through an organization's login page, which shows an access token that the user pastes.
 * @throws {ApiError} if the token is invalid
 */
export async function ssoLogin({api, ask, discard, env, visit}: SsoLogin): Promise<Issued> {
  await visit(env.SSO_URL ? httpUrl(env.SSO_URL) : await organizationUrl(ask, env.HEROKU_ORGANIZATION))
  const token = (await ask('Access token:', {secret: true})).trim()
  if (token === '') throw new UserError('no access token was given', 'heroku login --sso')
  try {
    return {account: await accountOf(api, token), token}
  } catch (error) {
    if (!(error instanceof UserError)) await discard(token)
    throw error
  }
}

async function organizationUrl(ask: Ask, known: string | undefined): Promise<string> {
  const name = await ask('Organization name:', known ? {default: known} : {})
  if (name === '') throw new UserError('no organization was given', 'heroku login --sso')
  return `https://sso.heroku.com/saml/${encodeURIComponent(name)}/init?cli=true`
}

function httpUrl(value: string): string {
  if (!URL.canParse(value) || !/^https?:$/u.test(new URL(value).protocol))
    throw new UserError('SSO_URL is not an http(s) URL', `${unsetHint('SSO_URL')}, or correct it`)
  return new URL(value).href
}
