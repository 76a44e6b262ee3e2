// The versions of the Heroku CLI that the tests run on.

/** The newest CLI of each adapter: `@heroku-cli/command` before 12.4 reads .netrc, later versions take a provider. */
const NEWEST = ['10.17.0', '11.10.0']

/** With an older CLI of each adapter. */
const ALL = ['9.5.1', '10.17.0', '11.3.0', '11.10.0']

/** Whether the tests run on all versions: HOSTS=all, as `npm run test:hosts` sets it. */
export const onAllHosts = process.env.HOSTS === 'all'

/** The versions of this run, oldest first. */
export const HOST_VERSIONS: readonly string[] = onAllHosts ? ALL : NEWEST
