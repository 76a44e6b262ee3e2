// Calls gpg, for the password store and for a .netrc.gpg.
import {findProgram} from '../process/find-program.js'
import {StorageError} from '../errors.js'
import {type Call, startOperation, type ToolOptions} from './tool.js'

export interface GpgOptions extends ToolOptions {
  /** Where PATH is looked up. */
  env: NodeJS.ProcessEnv
}

/**
 * Starts the clock of one operation.
 * @param what the encrypted thing, for messages
 * @param hint the command that shows gpg's own messages, and lets gpg-agent cache the passphrase for our next try
 * @returns a function that calls gpg, whose status lines are on stderr
 * @throws {StorageError} 'unavailable' if gpg is not installed
 */
export function startGpg(what: string, hint: string, options: GpgOptions): Call {
  const program = options.program ?? findProgram('gpg', options.env)
  if (program === undefined)
    throw new StorageError('unavailable', `${what} is encrypted, and gpg is not installed`, 'install gpg (GnuPG)')
  const call = startOperation('gpg', program, options)
  return async (args, more) => {
    try {
      return await call(['--batch', '--quiet', '--status-fd', '2', ...args], {...more, pinentry: true})
    } catch (error) {
      if (error instanceof StorageError) throw new StorageError(error.problem, `${what}: ${error.message}`, hint)
      throw error
    }
  }
}

/**
 * Why gpg has not decrypted a message: `denied` if it prompted in vain, `locked` if it could not prompt, `no-key` if it has not got
 * the secret key. Undefined for any other reason, such as a message that is not one.
 */
export function refusalIn(stderr: string): 'denied' | 'locked' | 'no-key' | undefined {
  if (/^\[GNUPG:\] PINENTRY_LAUNCHED /mu.test(stderr)) return 'denied'
  // GnuPG 2.4 prints the reason for each key.
  const reasons = [...stderr.matchAll(/^gpg: public key decryption failed: (.*)$/gmu)].map(([, reason]) => reason)
  if (reasons.length > 0) return reasons.every((reason) => reason === 'No secret key') ? 'no-key' : 'locked'
  if (!stderr.includes('No secret key')) return undefined
  // GnuPG 2.2 says so of a key that it could not get the passphrase of, too, but names the key that it has found.
  return /^\[GNUPG:\] KEY_CONSIDERED /mu.test(stderr) ? 'locked' : 'no-key'
}
