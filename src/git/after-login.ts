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
 * Configures git for the token that was just stored, rejects older credentials, and notifies the user of failures.
 * @param saved where the token is; default: in a keychain
 */
export async function updateGitAfterLogin(
  config: Pick<Interfaces.Config, 'cacheDir' | 'dataDir'>,
  {env, endpoints, notify, run}: StoresContext,
  saved?: Saved,
): Promise<void> {
  const git = await setUpHelper(setupTarget(config, endpoints), run, true)
  await rejectStaleCredentials(run, env, endpoints.git)
  // git itself reads .netrc, unless it is encrypted; libcurl looks up the host name there without a port.
  const needsUs = saved?.savedIn !== 'netrc' || isEncrypted(saved.location) || endpoints.git.includes(':')
  if (git.state === 'failed' && needsUs) notify(`git push will not find the token: ${git.because}`)
  if (git.state === 'busy' && needsUs) notify(`git could not be configured: ${BUSY}; to try again, run: heroku whoami`)
  if (git.state === 'opted out') notify('git was left alone, as heroku.credentialHelper says')
  if (git.state === 'configured' && git.others.length > 0) {
    const names = [...new Set(git.others.map(helperName))].join(', ')
    notify(`git also asks your own credential helpers for ${endpoints.git}: ${printable(names)}`)
  }
}

/**
 * After a login or logout, passwords that other helpers store for the git host are stale. This makes every helper in the user's
 * own configuration erase them, including those hidden by ours. It does not call helpers of the current repository, which are
 * commands that its author chose.
 */
export async function rejectStaleCredentials(run: RunTool, env: NodeJS.ProcessEnv, gitHost: string): Promise<void> {
  try {
    const git = openGit(run, env)
    const ours = ['', ...FALLBACKS]
    const values = linesFor(await readLines(git.call), gitHost).map(({value}) => value)
    const helpers = [...new Set(values)].filter((value) => !ours.includes(value) && !isLauncherValue(value))
    if (helpers.length === 0) return
    // git reads the command line last, so the empty value drops every configured helper.
    const config = ['', ...helpers].flatMap((helper) => ['-c', `${ownKey(gitHost)}=${helper}`])
    await git.call([...config, 'credential', 'reject'], `protocol=https\nhost=${gitHost}\n\n`)
  } catch (error) {
    if (!(error instanceof GitProblem)) throw error
  }
}
