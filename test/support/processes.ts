import {spawnSync} from 'node:child_process'

/** Whether a process, possibly not our child, still runs; a zombie, not yet reaped by its parent, has ended. */
export function isRunning(pid: number): boolean {
  // An absolute path: a test may have changed this process's PATH.
  const env = {PATH: '/usr/bin:/bin'}
  const {stdout} = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], {encoding: 'utf8', env})
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z')
}
