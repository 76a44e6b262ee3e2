import type {Interfaces} from '@oclif/core'
import {findProgram} from '../process/find-program.js'
import {endpointsFrom} from '../heroku/endpoints.js'
import {isUpToDate, setupTarget, hasLogin} from './setup-stamp.js'

/** These configure git themselves, run inside git, or must not change anything. */
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
 * Whether git must be configured before a command. Usually nothing has changed since the last check; then this imports nothing
 * and starts no process.
 * @param id the command's ID
 */
export function needsGitConfigured(config: Interfaces.Config, id: string | undefined): boolean {
  // Our helper's first line is empty, which would remove the helper that forwards to another machine.
  if (process.env.HEROKU_CREDENTIAL_STORE === 'git') return false
  const target = setupTarget(config, endpointsFrom(process.env))
  if (isUpToDate(target) || (id !== undefined && NOT_BEFORE.has(id))) return false
  return hasLogin(process.env, target.dataDir) && findProgram('git', process.env) !== undefined
}

export async function keepGitConfigured(config: Interfaces.Config): Promise<void> {
  const [{setUpHelper}, {spawnTool}] = await Promise.all([import('./setup.js'), import('../process/spawn.js')])
  await setUpHelper(setupTarget(config, endpointsFrom(process.env)), spawnTool, false)
}
