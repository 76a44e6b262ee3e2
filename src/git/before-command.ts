import type {Interfaces} from '@oclif/core'
import {findProgram} from '../process/find-program.js'
import {endpointsFrom} from '../heroku/endpoints.js'
import {isUpToDate, setupTarget, hasLogin} from './setup-stamp.js'

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
 * Whether git is to be configured before a command. Where nothing has changed since the last look, which is before nearly
 * every command, nothing is imported and nothing is started.
 * @param id of the command that is about to run
 */
export function needsGitConfigured(config: Interfaces.Config, id: string | undefined): boolean {
  const target = setupTarget(config, endpointsFrom(process.env))
  if (isUpToDate(target) || (id !== undefined && NOT_BEFORE.has(id))) return false
  return hasLogin(process.env, target.dataDir) && findProgram('git', process.env) !== undefined
}

/** Keeps git's configuration as a login made it. */
export async function keepGitConfigured(config: Interfaces.Config): Promise<void> {
  const [{setUpHelper}, {spawnTool}] = await Promise.all([import('./setup.js'), import('../process/spawn.js')])
  await setUpHelper(setupTarget(config, endpointsFrom(process.env)), spawnTool, false)
}
