// Where the password store of `pass` is, and whether it is set up. Starts no process: auth:status and every choice of a store ask.
import {statSync} from 'node:fs'
import {join, resolve} from 'node:path'
import {findProgram} from '../process/find-program.js'

/** The folder of our entries, below the store's. */
export const ENTRIES = 'heroku-cli'

/** The hint for a password store that is not set up. */
export const INIT_HINT = 'pass init YOUR-GPG-ID'

/** The hint for a machine without a desktop, where pass is not set up. */
export const SET_UP_PASS =
  'set up pass, which needs no desktop: gpg --quick-gen-key you@example.com && pass init you@example.com'

/** The store's folder; as pass does, an empty variable counts as unset. */
export function storeFolder({HOME = '/', PASSWORD_STORE_DIR = ''}: NodeJS.ProcessEnv): string {
  return PASSWORD_STORE_DIR === '' ? join(HOME, '.password-store') : resolve(PASSWORD_STORE_DIR)
}

/** The file with the keys that our entries are encrypted for: the nearest one, as pass does. Undefined if there is none. */
export function gpgIdFile(env: NodeJS.ProcessEnv): string | undefined {
  const store = storeFolder(env)
  return [join(store, ENTRIES, '.gpg-id'), join(store, '.gpg-id')].find(isFile)
}

/** What is missing for the password store, and how to get it; undefined if it can be used. */
export function missingPasswordStore(env: NodeJS.ProcessEnv): {missing: string; hint: string} | undefined {
  if (findProgram('gpg', env) === undefined) return {missing: 'gpg is not installed', hint: 'install gpg (GnuPG)'}
  if (gpgIdFile(env) === undefined) return {missing: 'pass is not set up', hint: INIT_HINT}
  return undefined
}

function isFile(path: string): boolean {
  try {
    return statSync(path, {throwIfNoEntry: false})?.isFile() ?? false
  } catch {
    return false
  }
}
