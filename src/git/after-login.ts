import type {Interfaces} from '@oclif/core'
import {isEncrypted} from '../backends/netrc/gpg.js'
import type {StoresContext} from '../credentials/stores.js'
import type {Saved} from '../credentials/save.js'
import {printable} from '../ui/printable.js'
import {BUSY, setUpHelper} from './setup.js'
import {rejectStaleCredentials} from './stale-credentials.js'
import {setupTarget} from './subject.js'
import {helperName} from './helper-values.js'

/**
 * Has git use the token that was just stored, and forget the ones before; tells the user where it will not.
 * @param saved where the token is; default: in a keychain
 */
export async function haveGitUseToken(
  config: Pick<Interfaces.Config, 'cacheDir' | 'dataDir'>,
  {env, endpoints: hosts, notify, run}: StoresContext,
  saved?: Saved,
): Promise<void> {
  const git = await setUpHelper(setupTarget(config, hosts), run, true)
  await rejectStaleCredentials(run, env, hosts.git)
  // git reads a .netrc by itself, unless it is encrypted; libcurl looks for the host's name there, without a port.
  const needsUs = saved?.savedIn !== 'netrc' || isEncrypted(saved.location) || hosts.git.includes(':')
  if (git.state === 'failed' && needsUs) notify(`git push will not find the token: ${git.because}`)
  if (git.state === 'busy' && needsUs) notify(`git could not be configured: ${BUSY}; to try again, run: heroku whoami`)
  if (git.state === 'opted out') notify('git was left alone, as heroku.credentialHelper says')
  if (git.state === 'configured' && git.foreign.length > 0) {
    const names = [...new Set(git.foreign.map(helperName))].join(', ')
    notify(`git also asks your own credential helpers for ${hosts.git}: ${printable(names)}`)
  }
}
