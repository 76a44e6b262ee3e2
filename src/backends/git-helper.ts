// Any git credential helper, such as `git credential-cache` or a password manager's.
import {isAbsolute} from 'node:path'
import type {Backend} from './backend.js'
import {StorageError} from '../errors.js'
import {printable} from '../ui/printable.js'
import {assertAccount, assertStorable, isToken} from './credential-rules.js'
import {type Answered, formatRequest, gitProgram, HELPER_ENV, parseAnswer, type Request} from './git-credential.js'
import {type Call, startOperation, type ToolOptions} from './tool.js'

// The helpers in git's contrib folder read a line into 1024 bytes, before git 2.41: `password=`, the token, a newline and a NUL.
const LONGEST_BYTES = 1000

const IN_MEMORY = 'heroku login --store "helper:cache --timeout 28800"'
const BY_PATH = 'heroku login --store helper:/path/to/helper'

/** A helper as a program to run; the operation is its last argument. */
export interface Helper {
  /** Its name in messages. */
  name: string
  /** As the user would run it, without the operation. */
  command: string
  program: string
  args: string[]
}

/**
 * Parses a helper like a value of git's `credential.helper`, but without a shell: arguments are split at blanks, and cannot be
 * quoted.
 * @param value a name for `git credential-NAME` or an absolute path, and arguments
 * @param env the environment to look up git in
 * @throws {StorageError} 'refused' for a value that we do not run; 'unavailable' if git is not installed
 */
export function parseHelper(value: string, env: NodeJS.ProcessEnv): Helper {
  assertHelper(value)
  const [first = '', ...args] = value.split(/[ \t]+/u).filter((word) => word !== '')
  const isPath = isAbsolute(first)
  const name = printable(isPath ? first : `git credential-${first}`)
  const command = printable([name, ...args].join(' '))
  if (isPath) return {name, command, program: first, args}
  return {name, command, program: gitProgram(env), args: [`credential-${first}`, ...args]}
}

/** @throws {StorageError} */
function assertHelper(value: string): void {
  const [first] = value.trim().split(/\s+/u)
  if (!first) throw new StorageError('refused', 'the credential helper has no name', IN_MEMORY)
  if (/[^\P{Cc}\t]/u.test(value))
    throw new StorageError('refused', "a credential helper's name cannot hold a control character", IN_MEMORY)
  if (first.startsWith('!')) throw new StorageError('refused', 'a credential helper cannot be a shell command', BY_PATH)
  if (first === 'store') throw new StorageError('refused', 'git credential-store keeps tokens in plain text', IN_MEMORY)
  if (!isAbsolute(first) && /[/\\]/u.test(first))
    throw new StorageError('refused', 'a credential helper is a name or an absolute path', BY_PATH)
}

/**
 * Opens a git credential helper.
 * @param options `value`: see {@link parseHelper}; `host`: the API's host, which tokens are stored for; `accounts` returns the
 * accounts with a token in this helper, since the protocol cannot list them; `env`: where git is looked up
 * @throws {StorageError} as {@link parseHelper}
 */
export function openGitHelper(
  options: ToolOptions & {value: string; host: string; accounts: () => string[]; env: NodeJS.ProcessEnv},
): Backend {
  const {accounts, env, host, value} = options
  const helper = parseHelper(value, env)
  const start = () => startOperation(helper.name, helper.program, options)

  const ask = async (call: Call, operation: 'get' | 'store' | 'erase', request: Omit<Request, 'host'>) => {
    const {code, stderr, stdout} = await call([...helper.args, operation], {
      input: formatRequest({host, ...request}),
      env: HELPER_ENV,
    })
    if (code !== 0 && /^git: '.*' is not a git command/mu.test(stderr))
      throw new StorageError('unavailable', `${helper.name} is not installed`, 'git help -a | grep credential-')
    return {code, ...parseAnswer(stdout)}
  }

  const lookup = async (call: Call, account: string): Promise<string | undefined> => {
    const {code, password, ...answered} = await ask(call, 'get', {username: account})
    if (password === undefined) {
      if (code !== 0) throw failed(helper, `failed (exit ${code})`)
      if (answered.quit) throw failed(helper, 'did not give the token')
      return undefined
    }
    if (!isFor(account, answered)) return undefined
    if (!isToken(password)) throw failed(helper, 'gave a password that is not a token')
    return password
  }

  return {
    name: 'git-helper',

    async get(account) {
      assertAccount(account)
      return lookup(start(), account)
    },

    async set(credential) {
      assertStorable(credential)
      const {account, token} = credential
      if (Math.max(Buffer.byteLength(account), Buffer.byteLength(token)) > LONGEST_BYTES)
        throw new StorageError('refused', `a git credential helper takes at most ${LONGEST_BYTES} bytes`)
      const call = start()
      const {code} = await ask(call, 'store', {username: account, password: token})
      if (code !== 0) throw failed(helper, `could not store the token (exit ${code})`)
      if ((await lookup(call, account)) !== token) throw failed(helper, 'did not keep the token as it was stored')
    },

    async remove(account) {
      assertAccount(account)
      const call = start()
      if ((await lookup(call, account)) === undefined) return false
      // Without a password: git 2.42 and later would remove only that one.
      const {code} = await ask(call, 'erase', {username: account})
      if (code !== 0) throw failed(helper, `could not remove the token (exit ${code})`)
      if ((await lookup(call, account)) !== undefined) throw failed(helper, 'still holds the token')
      return true
    },

    accounts: () => Promise.resolve(accounts()),
  }
}

/** A helper that knows only one account need not name it. */
const isFor = (account: string, {username}: Answered) => username === undefined || username === account

// The hint asks for a host without a token of ours: a helper prints what it finds.
const failed = ({command, name}: Helper, what: string) =>
  new StorageError('failed', `${name} ${what}`, `try: echo host=example.com | ${command} get`)
