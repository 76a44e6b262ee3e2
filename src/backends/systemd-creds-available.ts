// Whether this machine has systemd-creds for ordinary users, for the choice of a store: no process is started.
import {statSync} from 'node:fs'
import {findProgram} from '../process/find-program.js'

/** The socket of systemd 256 and later; no such socket is in a container without systemd. */
const SOCKET = '/run/systemd/io.systemd.Credentials'

/**
 * @param env where PATH is looked up
 * @param socket the path of systemd's socket
 * @returns the absolute path of systemd-creds, or what is missing
 */
export function findSystemdCreds(env: NodeJS.ProcessEnv, socket = SOCKET): {program: string} | {missing: string} {
  const program = findProgram('systemd-creds', env)
  if (program === undefined) return {missing: 'systemd-creds is not installed'}
  return isSocket(socket) ? {program} : {missing: 'systemd 256 or later is not running'}
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket()
  } catch {
    return false
  }
}
