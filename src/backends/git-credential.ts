// git's credential protocol, for the backends that ask a credential helper of git's: git-credential(1), gitcredentials(7).
import {StorageError} from '../errors.js'
import {findProgram} from '../process/find-program.js'
import {OUTSIDE_REPOSITORY} from '../process/outside-repository.js'

/**
 * Set while we ask git for the token: our own credential helper then answers nothing. It may still be in git's configuration,
 * and would ask git again.
 */
export const FORWARDING = 'HEROKU_KEYCHAIN_FORWARDING'

/** A helper's environment. A helper may prompt only in a window of its own; a repository must not choose where a token is stored. */
export const HELPER_ENV: Readonly<Record<string, string | undefined>> = {
  ...OUTSIDE_REPOSITORY,
  GIT_TERMINAL_PROMPT: '0',
  GCM_INTERACTIVE: 'never',
  GIT_ASKPASS: undefined,
  SSH_ASKPASS: undefined,
}

/** @throws {StorageError} 'unavailable' if git is not installed */
export function gitProgram(env: NodeJS.ProcessEnv): string {
  const program = findProgram('git', env)
  if (program === undefined) throw new StorageError('unavailable', 'git is not installed', 'install git')
  return program
}

/** A helper's input. */
export interface Request {
  host: string
  /** Default: any. */
  username?: string
  /** For `store`. */
  password?: string
}

/**
 * Formats a request, as git does: without an empty line at the end.
 * @param request values without control characters, which could add lines
 */
export const formatRequest = ({host, password, username}: Request): string =>
  Object.entries({protocol: 'https', host, username, password})
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}\n`]))
    .join('')

/** What a helper, or `git credential fill`, answered. */
export interface Answered {
  username?: string
  password?: string
  /** `quit=1`: the helper ended the search, because it failed or the user refused. */
  quit?: boolean
}

/** Parses an answer: `name=value` lines up to an empty one. An empty password is none. */
export function parseAnswer(stdout: string): Answered {
  const answered: Answered = {}
  for (const line of stdout.split(/\r?\n/u)) {
    if (line === '') break
    const equals = line.indexOf('=')
    const [name, value] = [line.slice(0, equals), line.slice(equals + 1)]
    if (name === 'username') answered.username = value
    if (name === 'password' && value !== '') answered.password = value
    if (name === 'quit') answered.quit = /^(?:1|true|yes|on)$/iu.test(value)
  }
  return answered
}
