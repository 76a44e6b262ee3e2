// netrc-parser's API is synchronous, so a lookup for it blocks the process: one call of the keyring's tool in the common case,
// a worker process (worker.ts) for everything else. Tokens are passed through pipes only.
import type {SpawnSyncReturns} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import {attributes} from '../../backends/secret-tool.js'
import {assertAccount} from '../../backends/credential-rules.js'
import {accountAtOnce, findAtOnce} from '../../credentials/find.js'
import type {FoundCredential, CredentialStores, StoresContext} from '../../credentials/stores.js'
import {UserError} from '../../errors.js'
import {block} from '../../process/block.js'
import {findProgram} from '../../process/find-program.js'
import {exitStatusOf, SIGNALS} from '../../process/signals.js'
import {detached, endTree, toolEnv} from '../../process/supervise.js'
import type {Reply, Request} from './requests.js'

/** The worker's input, as JSON on stdin. */
export interface Order {
  request: Request
  /** The name of the host CLI; each notice begins with it. */
  bin: string
  /** oclif's `config.dataDir`. */
  dataDir: string
}

const WORKER = new URL('../../netrc-worker.cjs', import.meta.url)

// The keyring answers in 20 ms (measured). Short, because Ctrl-C does not reach the tool: it has its own process group.
const KEYRING_MS = 500
const WORKER_START_MS = 20_000
/** More keychain operations and gpg calls than one request needs: a save reads, writes and reads back. */
const MOST_OPERATIONS = 6
/** The exit status of a process that Ctrl-C ended on Windows: STATUS_CONTROL_C_EXIT. */
const CONTROL_C_EXIT = 0xc0_00_01_3a

/** `secret-tool search` prints this for one item that is unlocked (libsecret 0.15 to 0.21.7). */
const ONE_ITEM =
  /^\[[^\n]*\]\nlabel = [^\n]*\nsecret = ([^\n]*)\n(?:created = [^\n]*\n)?(?:modified = [^\n]*\n)?(?:schema = [^\n]*\n)?$/u

/**
 * Reads the current account's token from the keyring, with `secret-tool search`: unlike `lookup` it never shows a prompt, so
 * that the worker's lookup shows the only one.
 * @returns undefined if there is no such keyring, or the result is not conclusive; then the worker finds out
 */
export function askKeyring(stores: CredentialStores, timeoutMs = KEYRING_MS): FoundCredential | undefined {
  const account = stores.keychain ? nameToAsk(stores) : undefined
  if (account === undefined || stores.keychainOf(account)?.name !== 'secret-service') return undefined
  const program = findProgram('secret-tool', stores.context.env)
  if (program === undefined) return undefined
  const ended = block(program, ['search', ...attributes(account)], {
    detached,
    env: toolEnv(),
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: timeoutMs,
  })
  // The whole process group. Without a process the pid is 0, which would mean our own group.
  if (ended.error && ended.pid > 0) endTree(ended)
  if (ended.error || ended.status !== 0) return undefined
  const token = ONE_ITEM.exec(ended.stdout)?.[1]
  return token === undefined ? undefined : findAtOnce(stores, {account, token})
}

/** The account to ask the keyring for; undefined if the worker has to find out. */
function nameToAsk(stores: CredentialStores): string | undefined {
  try {
    const account = accountAtOnce(stores)
    if (account !== undefined) assertAccount(account)
    return account
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

/**
 * The time limit for a worker, in milliseconds. The worker's own deadlines are much shorter; this limit is for a worker that does
 * not start or end.
 */
export const workerLimitMs = ({gpgTimeoutMs, timeoutMs}: Pick<StoresContext, 'gpgTimeoutMs' | 'timeoutMs'>) =>
  MOST_OPERATIONS * (timeoutMs + (gpgTimeoutMs ?? timeoutMs)) + WORKER_START_MS

/**
 * Runs a request in a worker process, which prints notices on our stderr. Ctrl-C reaches the worker too: the worker ends its
 * tool, and then this process exits.
 */
export function askWorker(order: Order, limitMs: number, worker = WORKER): Reply {
  const ended = block(process.execPath, [fileURLToPath(worker)], {
    // Node's options for this process are not meant for the worker.
    env: {...process.env, NODE_OPTIONS: undefined},
    // Not a string: NODE_DEBUG=child_process would print it.
    input: Buffer.from(JSON.stringify(order)),
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: limitMs,
    // Windows sends Ctrl-C to the processes of a console (Microsoft, "CTRL+C and CTRL+BREAK Signals"). windowsHide is for "the
    // subprocess console window" (Node) and may become CREATE_NO_WINDOW, with which "the console handle for the application is
    // not set" (Microsoft, "Process Creation Flags"). The worker opens no window: it uses our console.
    windowsHide: false,
  })
  const signal = signalThatEnded(ended)
  if (signal) process.exit(exitStatusOf(signal))
  return parseReply(ended) ?? {failed: {...NO_ANSWER, exitCode: 1}}
}

const NO_ANSWER = {
  message: 'heroku-keychain failed: its worker process did not answer',
  hint: 'try again, or set HEROKU_API_KEY',
}

function signalThatEnded({signal, status}: SpawnSyncReturns<string>): NodeJS.Signals | undefined {
  if (status === CONTROL_C_EXIT) return 'SIGINT'
  return SIGNALS.find((each) => each === signal || exitStatusOf(each) === status)
}

function parseReply({status, stdout}: SpawnSyncReturns<string>): Reply | undefined {
  if (status !== 0) return undefined
  try {
    const reply = JSON.parse(stdout) as Partial<Reply>
    return 'ok' in reply || 'failed' in reply ? (reply as Reply) : undefined
  } catch {
    return undefined
  }
}
