// Passwords for the Heroku git host that other credential helpers keep: stale after a login and after a logout.
import type {Run} from '../run.js'
import {GitProblem, openGit, parseEntry} from './git-config.js'
import {launcherValue} from './launcher.js'
import {foreignValues, ownKey} from './values.js'

/**
 * Has every helper that git knows forget its password for this host, also those that our own configuration hides.
 * What a helper makes of it is its own affair.
 */
export async function rejectStaleCopies(
  run: Run,
  env: NodeJS.ProcessEnv,
  dataDir: string,
  gitHost: string,
): Promise<void> {
  const key = ownKey(gitHost)
  try {
    const git = openGit(run, env)
    const listed = await git.call(['config', '-z', '--get-regexp', String.raw`^credential(\..*)?\.helper$`])
    const helpers = (listed?.stdout ?? '')
      .split('\0')
      .map(parseEntry)
      // Those for every host; the ones for this host are known by the key that they are under.
      .map((entry) => (entry.key === 'credential.helper' ? {...entry, key} : entry))
    const hidden = foreignValues(helpers, gitHost, launcherValue(dataDir))
    if (hidden.length === 0) return
    // What is said on the command line comes last of all, so the empty value drops whatever is configured.
    const config = ['', ...hidden].flatMap((helper) => ['-c', `${key}=${helper}`])
    await git.call([...config, 'credential', 'reject'], `protocol=https\nhost=${gitHost}\n\n`)
  } catch (error) {
    if (!(error instanceof GitProblem)) throw error
  }
}
