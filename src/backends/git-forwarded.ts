// The credential helpers that git is configured to ask: in a dev container, one that asks git on the machine that runs the
// container, and so our own helper there. Read-only, so that the container holds no secret.
import type {Backend} from './backend.js'
import {StorageError} from '../errors.js'
import {assertAccount, isToken} from './credential-rules.js'
import {type Answered, FORWARDING, formatRequest, gitProgram, HELPER_ENV, parseAnswer} from './git-credential.js'
import {startOperation, type ToolOptions} from './tool.js'

/** The username of our own helper's answer, for which any account's token is valid. */
const PLACEHOLDER = 'heroku'

/**
 * Opens the helpers that git asks for the git host, outside of every repository.
 * @param options `host`: the git host, with its port, if any; `env`: where git is looked up
 * @throws {StorageError} 'unavailable' if git is not installed
 */
export function openGitForwarded(options: ToolOptions & {host: string; env: NodeJS.ProcessEnv}): Backend {
  const {env, host} = options
  const program = gitProgram(env)

  /** @returns undefined if no helper has a credential */
  const fill = async (username?: string): Promise<Answered | undefined> => {
    const call = startOperation('git', program, options)
    // git runs the configuration's core.askPass even if the environment names no such program.
    const {code, stderr, stdout} = await call(['-c', 'core.askPass=', 'credential', 'fill'], {
      input: formatRequest(username === undefined ? {host} : {host, username}),
      env: {...HELPER_ENV, [FORWARDING]: '1'},
    })
    if (code === 0) return parseAnswer(stdout)
    // No helper answered, so git would prompt.
    if (/^fatal: could not read (?:Username|Password) for /mu.test(stderr)) return undefined
    throw failed(`failed (exit ${code})`)
  }

  return {
    name: 'git-forwarded',

    async get(account) {
      assertAccount(account)
      const {password, username} = (await fill(account === PLACEHOLDER ? undefined : account)) ?? {}
      if (password === undefined || ![account, PLACEHOLDER].includes(username ?? '')) return undefined
      if (!isToken(password)) throw failed('gave a password that is not a token')
      return password
    },

    set: () => Promise.reject(readOnly()),

    remove: () => Promise.reject(readOnly()),

    async accounts() {
      const {password, username} = (await fill()) ?? {}
      return password === undefined || username === undefined ? [] : [username]
    },
  }
}

const failed = (what: string) =>
  new StorageError(
    'failed',
    `git's credential helper ${what}`,
    'on the machine that stores the login, run: heroku auth:status',
  )

const readOnly = () =>
  new StorageError(
    'refused',
    "this login comes from git's credential helper",
    'on the machine that stores it, run: heroku login',
  )
