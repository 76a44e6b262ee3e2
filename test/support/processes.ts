import {spawnSync} from 'node:child_process'

/** Whether a process that need not be ours still runs; a zombie, which nobody has taken note of yet, has ended. */
export function isRunning(pid: number): boolean {
  // By the system's own path: a test may have put another PATH into this process.
  const env = {PATH: '/usr/bin:/bin'}
  const {stdout} = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], {encoding: 'utf8', env})
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z')
}
