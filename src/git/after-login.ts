import type {Interfaces} from '@oclif/core'
import {isEncrypted} from '../backends/netrc/gpg.js'
import type {Saved} from '../credentials/save.js'
import type {StoresContext} from '../credentials/stores.js'
import type {RunTool} from '../process/run.js'
import {printable} from '../ui/printable.js'
import {GitProblem, openGit} from './config.js'
import {linesFor, readLines} from './helper-chain.js'
import {FALLBACKS, helperName, ownKey} from './helper-values.js'
import {isLauncherValue} from './launcher.js'
import {BUSY, setUpHelper} from './setup.js'
import {setupTarget} from './setup-stamp.js'

/**
 * Has git use the token that was just stored, and forget the ones before; tells the user where it will not.
 * @param saved where the token is; default: in a keychain
 */
export async function updateGitAfterLogin(
  config: Pick<Interfaces.Config, 'cacheDir' | 'dataDir'>,
  {env, endpoints, notify, run}: StoresContext,
  saved?: Saved,
): Promise<void> {
  const git = await setUpHelper(setupTarget(config, endpoints), run, true)
  await rejectStaleCredentials(run, env, endpoints.git)
  // git reads a .netrc by itself, unless it is encrypted; libcurl looks for the host's name there, without a port.
  const needsUs = saved?.savedIn !== 'netrc' || isEncrypted(saved.location) || endpoints.git.includes(':')
  if (git.state === 'failed' && needsUs) notify(`git push will not find the token: ${git.because}`)
  if (git.state === 'busy' && needsUs) notify(`git could not be configured: ${BUSY}; to try again, run: heroku whoami`)
  if (git.state === 'opted out') notify('git was left alone, as heroku.credentialHelper says')
  if (git.state === 'configured' && git.others.length > 0) {
    const names = [...new Set(git.others.map(helperName))].join(', ')
    notify(`git also asks your own credential helpers for ${endpoints.git}: ${printable(names)}`)
  }
}

// Passwords for the Heroku git host that other credential helpers keep are stale after a login and after a logout.

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
