// The macOS keychain, through Apple's `security`. Its output and exit statuses are from its sources (Security-61901,
// SecurityTool/macOS).
import {type Backend, type Credential, SERVICE} from './backend.js'
import {StorageError} from '../errors.js'
import {accountsOf, addCommand, HINTS, LONGEST_LINE_BYTES, NOT_FOUND, failureOf} from './macos-security.js'
import {assertAccount, assertStorable, isToken} from './credential-rules.js'
import {type Answer, type Call, startOperation, type ToolOptions} from './tool.js'

// Each keychain of the search list can hold one item per service and account. More keychains than this are unlikely.
const MOST_DUPLICATES = 20

/** Opens the macOS keychain: generic passwords in the keychains of the search list; new items go to the default one. */
export function openMacosKeychain(options: ToolOptions): Backend {
  const start = () => startWithHints(options)

  return {
    name: 'macos-keychain',

    async get(account) {
      assertAccount(account)
      return find(start(), account)
    },

    async set(credential) {
      assertStorable(credential)
      const line = addCommand(credential)
      if (Buffer.byteLength(line) > LONGEST_LINE_BYTES)
        throw new StorageError('refused', 'the token is too long for the macOS keychain', HINTS.refused)
      await add(start(), credential, line)
    },

    async remove(account) {
      assertAccount(account)
      return removeAll(start(), account)
    },

    async accounts() {
      return list(start())
    },
  }
}

function startWithHints(options: ToolOptions): Call {
  const call = startOperation('the macOS keychain', options.program ?? '/usr/bin/security', options)
  return async (args, callOptions) => {
    try {
      return await call(args, callOptions)
    } catch (error) {
      if (error instanceof StorageError && error.hint === undefined)
        throw new StorageError(error.problem, error.message, HINTS[error.problem])
      throw error
    }
  }
}

// An account may begin with a dash: getopt takes the word after -a as its argument in any case.
const selector = (account: string) => ['-s', SERVICE, '-a', account]

async function find(call: Call, account: string): Promise<string | undefined> {
  const answer = await call(['find-generic-password', ...selector(account), '-w'])
  if (isAbsent(answer)) return undefined
  if (answer.code !== 0) throw failureOf(answer.code, 'read the token')

  // -w adds one newline. It prints a value that is not printable ASCII as unmarked hexadecimal; our tokens are ASCII.
  const token = answer.stdout.slice(0, -1)
  if (!answer.stdout.endsWith('\n') || !isToken(token))
    throw new StorageError('failed', 'what the macOS keychain holds for this account is not a token', HINTS.failed)
  return token
}

async function add(call: Call, {account, token}: Credential, line: string): Promise<void> {
  // Without the newline nothing would run, and the exit status would be 0. stdout is discarded: it can echo parts of
  // the line.
  const {code} = await call(['-i'], {input: `${line}\n`, discardStdout: true})
  if (code !== 0) throw failureOf(code, 'store the token')
  // It also exits 0 when it stored an empty password, or when a refused update made a second item in another keychain.
  if ((await find(call, account)) !== token)
    throw new StorageError('failed', 'the macOS keychain did not keep the token as it was stored', HINTS.failed)
}

async function removeAll(call: Call, account: string): Promise<boolean> {
  // It removes only the first match, and prints "password has been deleted." even when it was not.
  for (let removed = 0; removed < MOST_DUPLICATES; removed++) {
    const answer = await call(['delete-generic-password', ...selector(account)], {discardStdout: true})
    if (isAbsent(answer)) return removed > 0
    if (answer.code !== 0) throw failureOf(answer.code, 'remove the token')
  }

  throw new StorageError('failed', 'the macOS keychain still holds the token after it was removed', HINTS.failed)
}

async function list(call: Call): Promise<string[]> {
  // Cheap, and enough for a user who has never logged in: without a match no dump is needed.
  const first = await call(['find-generic-password', '-s', SERVICE], {discardStdout: true})
  if (isAbsent(first)) return []
  if (first.code !== 0) throw failureOf(first.code, 'list the accounts')

  // find prints only the first match; dump prints all. Without -d it decrypts nothing and shows no prompt.
  const dump = await call(['dump-keychain'])
  if (dump.code !== 0) throw failureOf(dump.code, 'list the accounts')
  const accounts = accountsOf(dump.stdout, SERVICE)
  if (accounts.length === 0)
    throw new StorageError('failed', "the macOS keychain's list of entries could not be read", HINTS.failed)
  return [...new Set(accounts.filter(isUsable))]
}

/**
 * Whether there is no such item. A search that could not start has the same exit status, and names the call that failed
 * (find_first_generic_password in keychain_find.c).
 * @throws {StorageError} 'unavailable' for a search that could not start
 */
function isAbsent({code, stderr}: Answer): boolean {
  if (code !== NOT_FOUND) return false
  if (stderr.includes('SecKeychainSearchCreateFromAttributes'))
    throw new StorageError('unavailable', 'the macOS keychains cannot be searched', HINTS.unavailable)
  return true
}

/** Whether this can be an account of ours: other programs may use the same service name. */
function isUsable(account: string | undefined): account is string {
  if (account === undefined) return false
  try {
    assertAccount(account)
    return true
  } catch {
    return false
  }
}
