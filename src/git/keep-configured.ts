import type {Interfaces} from '@oclif/core'
import {findProgram} from '../find-program.js'
import {hostsFrom} from '../hosts.js'
import {isSteady, someoneIsLoggedIn} from './steady-state.js'
import {subjectFor} from './subject.js'

/** These see to git themselves, run inside it, or only look. */
const NOT_BEFORE = new Set([
  'auth:login',
  'login',
  'auth:logout',
  'logout',
  'auth:migrate',
  'auth:status',
  'git:credentials',
])

/**
 * Keeps git's configuration as a login made it. Where nothing has changed since the last look, which is before nearly
 * every command, nothing is imported and nothing is started.
 * @param id of the command that is about to run
 */
export async function keepGitConfigured(config: Interfaces.Config, id: string | undefined): Promise<void> {
  if (id !== undefined && NOT_BEFORE.has(id)) return
  const subject = subjectFor(config, hostsFrom(process.env))
  if (isSteady(subject) || !someoneIsLoggedIn(process.env, config.dataDir)) return
  if (findProgram('git', process.env) === undefined) return
  const [{configureGit}, {lightRun}] = await Promise.all([import('./configure.js'), import('../light-run.js')])
  await configureGit(subject, lightRun, false)
}
