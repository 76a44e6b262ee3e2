// What the environment says of the four tiers.
import {resolveKeychain} from '../backends/resolve.js'

/** The value of HEROKU_API_KEY, if it is set and not empty. */
export const apiKeyIn = (env: NodeJS.ProcessEnv) => (env.HEROKU_API_KEY === '' ? undefined : env.HEROKU_API_KEY)

/** Whether HEROKU_NETRC_WRITE says that `.netrc` is all there is. */
export const isNetrcOnly = (env: NodeJS.ProcessEnv) => env.HEROKU_NETRC_WRITE?.toLowerCase() === 'true'

/**
 * Whether whoever needs the token asks a keychain.
 * @param platform as of `process.platform`
 */
export const asksKeychain = (env: NodeJS.ProcessEnv, platform: NodeJS.Platform) =>
  apiKeyIn(env) === undefined && !isNetrcOnly(env) && resolveKeychain(env, platform).name !== undefined
