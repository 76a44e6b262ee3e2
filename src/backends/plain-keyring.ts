// GNOME Keyring stores a collection without a password in plain text, with its secrets (gkm-secret-textual.c).
import {readdirSync, readFileSync} from 'node:fs'
import {homedir} from 'node:os'
import {isAbsolute, join} from 'node:path'
import {SERVICE} from './backend.js'

/** The next step, for messages. */
export const SET_A_PASSWORD = 'set a password for the keyring in Seahorse (Passwords and Keys)'

/**
 * The files of GNOME Keyring that hold a Heroku token in plain text. Starts no process.
 * @param env where HOME and XDG_DATA_HOME are looked up
 * @returns absolute paths; unreadable files are left out
 */
export function plainKeyrings(env: NodeJS.ProcessEnv): string[] {
  const {HOME: home = homedir(), XDG_DATA_HOME: data = ''} = env
  const folder = join(isAbsolute(data) ? data : join(home, '.local', 'share'), 'keyrings')
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.keyring'))
      .map((name) => join(folder, name))
      .filter(holdsToken)
  } catch {
    return []
  }
}

function holdsToken(path: string): boolean {
  try {
    const text = readFileSync(path, 'latin1')
    return text.startsWith('[keyring]') && text.includes(`\nvalue=${SERVICE}\n`)
  } catch {
    return false
  }
}
