// Windows PasswordVault (the Credential Locker), through Windows PowerShell 5.1: later versions cannot load the type
// (PowerShell/PowerShell#13042). One process per operation, since starting one takes most of a second.
import {defined} from '../defined.js'
import type {Backend} from './backend.js'
import {StorageError} from '../errors.js'
import {systemProgram} from '../process/windows-root.js'
import {assertAccount, assertStorable} from './credential-rules.js'
import {type Answer, startOperation, type ToolOptions} from './tool.js'
import {ARGUMENTS, CONSTRAINED, MARK} from './windows-vault-script.js'

const PROGRAM = 'Windows PowerShell'
const VAULT = 'the Windows password vault'

// The limit reported in hypit-ai/hypit#291; Microsoft's reference does not mention it.
const LONGEST_TOKEN = 512

type Verb = 'get' | 'set' | 'remove' | 'accounts'

/** The script's result; `values` is one token, or the accounts. */
interface Outcome {
  status: 'token' | 'accounts' | 'absent' | 'removed' | 'kept'
  values: string[]
}

/**
 * Opens the PasswordVault.
 * @param options `env` is this process's environment; `program` replaces the powershell.exe of its SystemRoot; `drive` is where
 * the drive of Windows is mounted, in WSL
 */
export function openWindowsVault(options: ToolOptions & {env?: NodeJS.ProcessEnv; drive?: string}): Backend {
  const {drive, env = process.env, program = windowsPowerShell(env)} = options
  // From a folder of Linux's, each start of a program of Windows takes seconds (microsoft/WSL#8472). WSLENV names the variables
  // that WSL passes to Windows; it needs none.
  const callOptions = () => ({env: {...withoutModulePath(env), WSLENV: undefined}, ...defined({cwd: drive})})

  const ask = async (verb: Verb, account = '', token = ''): Promise<Outcome> => {
    const call = startOperation(PROGRAM, program, options)
    const input = `${verb} ${encode(account)} ${encode(token)}\n`
    const answer = await call(ARGUMENTS, {input, ...callOptions()})
    if (drive !== undefined && ![0, CONSTRAINED].includes(answer.code)) throw unreachable()
    return outcomeOf(answer)
  }

  return {
    name: 'windows-vault',

    async get(account) {
      assertAccount(account)
      const {status, values} = await ask('get', account)
      if (status === 'absent') return undefined
      if (status === 'token') return values[0]
      throw garbled()
    },

    async set(credential) {
      assertStorable(credential)
      const {account, token} = credential
      if (token.length > LONGEST_TOKEN)
        throw new StorageError('refused', `a token of over ${LONGEST_TOKEN} characters does not fit ${VAULT}`)
      const {status, values} = await ask('set', account, token)
      if (status !== 'token' || values[0] !== token)
        throw new StorageError('failed', `${VAULT} did not keep the token as it was stored`)
    },

    async remove(account) {
      assertAccount(account)
      const {status} = await ask('remove', account)
      if (status === 'absent') return false
      if (status === 'removed') return true
      if (status === 'kept') throw new StorageError('failed', `${VAULT} still holds the token`, BY_HAND)
      throw garbled()
    },

    async accounts() {
      const {status, values} = await ask('accounts')
      if (status === 'absent') return []
      if (status === 'accounts') return values
      throw garbled()
    },
  }
}

const windowsPowerShell = (env: NodeJS.ProcessEnv) => systemProgram(env, 'WindowsPowerShell', 'v1.0', 'powershell.exe')

/**
 * Removes PSModulePath, in any spelling: variable names ignore case on Windows, but not in a copy of the environment.
 */
function withoutModulePath(env: NodeJS.ProcessEnv): Record<string, undefined> {
  const names = Object.keys(env).filter((name) => name.toLowerCase() === 'psmodulepath')
  return Object.fromEntries(names.map((name) => [name, undefined]))
}

const BY_HAND = 'remove heroku-cli in Credential Manager, under Web Credentials'
const WAYS_ON = 'set HEROKU_API_KEY, or HEROKU_NETRC_WRITE=true to use the _netrc file (.netrc in WSL)'

/**
 * WSL's relay exits with 1 if it cannot reach Windows: its interoperability is disabled, or WSL_INTEROP is that of a terminal that
 * was closed, as over ssh and in cron. If Linux does not know Windows' programs at all, a shell reads powershell.exe, and exits
 * with 2 or 126.
 */
const unreachable = () =>
  new StorageError(
    'unavailable',
    'cannot reach Windows from this WSL',
    'try again in a new WSL terminal, or run: wsl.exe --shutdown',
  )

const NOT_FOUND = '80070490'
const NO_LOGON_SESSION = '80070520'

/** @throws {StorageError} for anything but an answer of the script; it does not contain the output */
function outcomeOf({code, stdout}: Answer): Outcome {
  if (code === CONSTRAINED)
    throw new StorageError('denied', `a policy keeps ${PROGRAM} in constrained language mode`, WAYS_ON)
  if (code !== 0)
    throw new StorageError('failed', `${PROGRAM} ended with exit code ${code} and without an answer`, WAYS_ON)

  // Don't trim: the newline proves that the output is complete. stderr may hold progress as CLIXML.
  const [, status = '', rest = ''] = new RegExp(`^${MARK} ([a-z]+)((?: [A-Za-z0-9+/=]+)*)\n$`, 'u').exec(stdout) ?? []
  const fields = rest.split(' ').slice(1)
  if (status === 'error') return outcomeOfError(fields)
  if (status === 'accounts') return {status, values: fields.map(decode)}
  if (status === 'token' && fields.length === 1) return {status, values: fields.map(decode)}
  if ((status === 'absent' || status === 'kept') && fields.length === 0) return {status, values: []}
  throw garbled()
}

/** @param fields the step, and the exceptions' HRESULTs, outermost first */
function outcomeOfError([step = '', ...results]: string[]): Outcome {
  const innermost = results.at(-1)
  if (innermost === undefined || !results.every((result) => /^[0-9A-F]{8}$/u.test(result))) throw garbled()
  if (results.includes(NO_LOGON_SESSION))
    throw new StorageError(
      'unavailable',
      `${VAULT} is closed to this logon session (SSH, WinRM or a service)`,
      `${WAYS_ON}, or sign in at the computer itself`,
    )

  if (results.includes(NOT_FOUND)) {
    if (step === 'look') return {status: 'absent', values: []}
    if (step === 'remove' || step === 'gone') return {status: 'removed', values: []}
  }

  if (step === 'open')
    throw new StorageError('unavailable', `this Windows has no password vault (0x${innermost})`, WAYS_ON)
  if (step === 'twin')
    throw new StorageError('refused', `${VAULT} holds an account whose name differs in case alone`, BY_HAND)
  throw new StorageError('failed', `${VAULT} failed (0x${innermost})`, WAYS_ON)
}

const garbled = () => new StorageError('failed', `${PROGRAM} gave an answer that makes no sense`, WAYS_ON)

const encode = (text: string) => Buffer.from(text, 'utf8').toString('base64')

function decode(field: string): string {
  const text = Buffer.from(field, 'base64').toString('utf8')
  if (encode(text) !== field) throw garbled()
  return text
}
