// What the environment says of the four tiers.

/** The value of HEROKU_API_KEY, if it is set and not empty. */
export const apiKeyIn = (env: NodeJS.ProcessEnv) => (env.HEROKU_API_KEY === '' ? undefined : env.HEROKU_API_KEY)

/** Whether HEROKU_NETRC_WRITE says that `.netrc` is all there is. */
export const isNetrcOnly = (env: NodeJS.ProcessEnv) => env.HEROKU_NETRC_WRITE?.toLowerCase() === 'true'
