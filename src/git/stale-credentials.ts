// Passwords for the Heroku git host that other credential helpers keep: stale after a login and after a logout.
import type {RunTool} from '../process/run.js'
import {linesFor, readLines} from './helper-chain.js'
import {GitProblem, openGit} from './config.js'
import {isLauncherValue} from './launcher.js'
import {FALLBACKS, ownKey} from './helper-values.js'

/**
 * Tells every helper of the user's own configuration, also those that ours hides, to erase its password for this host.
 * No helper of the current repository: those are commands that the repository's author chose.
 */
export async function rejectStaleCredentials(run: RunTool, env: NodeJS.ProcessEnv, gitHost: string): Promise<void> {
  try {
    const git = openGit(run, env)
    const ours = ['', ...FALLBACKS]
    const values = linesFor(await readLines(git.call), gitHost).map(({value}) => value)
    const helpers = [...new Set(values)].filter((value) => !ours.includes(value) && !isLauncherValue(value))
    if (helpers.length === 0) return
    // The command line comes last of all, so the empty value drops every configured helper.
    const config = ['', ...helpers].flatMap((helper) => ['-c', `${ownKey(gitHost)}=${helper}`])
    await git.call([...config, 'credential', 'reject'], `protocol=https\nhost=${gitHost}\n\n`)
  } catch (error) {
    if (!(error instanceof GitProblem)) throw error
  }
}
