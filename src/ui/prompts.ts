// Input from the terminal: a key, an answer, a secret. Only commands use it.
import {defined} from '../defined.js'
import {addAbortSignal} from 'node:stream'
import {read} from 'read'
import {exitStatusOf, SIGNALS} from '../process/signals.js'
import {UserError} from '../errors.js'

/** Whether we can prompt: stdin and stderr are a terminal. */
export const isInteractive = () => process.stdin.isTTY && process.stderr.isTTY

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

/** The user or a signal cancelled the login. The exit status is the signal's. */
export const cancelled = (signal: NodeJS.Signals = 'SIGINT') =>
  new UserError('login cancelled', undefined, exitStatusOf(signal))

/**
 * Waits for one key. Always restores the terminal.
 * @throws {UserError} with exit status 130 on Ctrl-C
 */
export async function waitForKey(): Promise<string> {
  const {stdin} = process
  stdin.setRawMode(true)
  try {
    const key = await new Promise<string>((resolve, reject) => {
      stdin.once('data', (data) => {
        resolve(data.toString())
      })
      stdin.once('end', () => {
        reject(cancelled())
      })
      stdin.resume()
    })
    if (key === CTRL_C || key === CTRL_D) throw cancelled()
    return key
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
  }
}

/**
 * Prints a question on stderr, and waits for a key.
 * @returns false if it was `q`
 * @throws {UserError} with exit status 130 on Ctrl-C
 */
export async function confirmByKey(question: string): Promise<boolean> {
  process.stderr.write(question)
  const key = await waitForKey().finally(() => process.stderr.write('\n'))
  return key.toLowerCase() !== 'q'
}

/**
 * Asks a question on stderr and reads one line.
 * @param options.signal cancels it
 * @throws {UserError} with exit status 130 on Ctrl-C or at the end of input
 */
export async function ask(
  question: string,
  options: {secret?: boolean; default?: string; signal?: AbortSignal} = {},
): Promise<string> {
  // `read` never settles on Ctrl-D; node then has nothing left to wait for, and would just exit.
  const {promise: ended, reject} = withRejecter()
  const onIdle = () => {
    reject(cancelled())
  }
  process.once('beforeExit', onIdle)
  options.signal?.addEventListener('abort', onIdle, {once: true})
  try {
    const answer = read({
      prompt: question,
      output: process.stderr,
      silent: options.secret === true,
      ...defined({default: options.default}),
    })
    const text = await Promise.race([answer, ended])
    // A secret may begin or end with a blank.
    return options.secret ? text : text.trim()
  } catch {
    throw cancelled()
  } finally {
    process.off('beforeExit', onIdle)
    options.signal?.removeEventListener('abort', onIdle)
    if (options.secret) process.stderr.write('\n')
  }
}

function withRejecter(): {promise: Promise<never>; reject: (error: Error) => void} {
  let reject: (error: Error) => void = () => undefined
  const promise = new Promise<never>((_, rejectIt) => {
    reject = rejectIt
  })
  return {promise, reject}
}

/**
 * Runs an action that Ctrl-C, SIGTERM or SIGHUP cancels.
 * @param action must respect the first abort signal wherever it waits, and the second (a repeated Ctrl-C) while it
 * cleans up
 * @throws {UserError} with the signal's exit status, if a signal came before the action failed
 */
export async function interruptible<T>(action: (signal: AbortSignal, insisted: AbortSignal) => Promise<T>): Promise<T> {
  const first = new AbortController()
  const second = new AbortController()
  let received: NodeJS.Signals | undefined
  const interrupt = (signal: NodeJS.Signals) => {
    // A closed terminal sends SIGHUP twice: from the kernel and from the shell.
    if (received && signal === 'SIGINT') second.abort()
    received ??= signal
    first.abort()
    // The terminal is gone, so writes to it fail.
    if (signal === 'SIGHUP') for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  }
  for (const signal of SIGNALS) process.on(signal, interrupt)
  try {
    return await action(first.signal, second.signal)
  } catch (error) {
    throw received ? cancelled(received) : error
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt)
  }
}

/** An abort signal that follows `signal` after some milliseconds, or `atOnce` immediately. */
export function delayed(signal: AbortSignal, ms: number, atOnce: AbortSignal): AbortSignal {
  const controller = new AbortController()
  const abort = () => {
    controller.abort()
  }
  signal.addEventListener('abort', () => setTimeout(abort, ms).unref(), {once: true})
  atOnce.addEventListener('abort', abort, {once: true})
  return controller.signal
}

/**
 * Reads all of stdin, for a piped token. Decodes UTF-16 with a byte order mark, too, as PowerShell's `>` writes it.
 * @param signal cancels it
 */
export async function readStdin(signal?: AbortSignal): Promise<string> {
  if (signal) addAbortSignal(signal, process.stdin)
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return decoded(Buffer.concat(chunks))
}

/** Decodes a text by its byte order mark, which is dropped; without one, as UTF-8. */
export function decoded(bytes: Buffer): string {
  // TextDecoder drops the mark of its own encoding.
  const startsWith = (first: number, second: number) => bytes[0] === first && bytes[1] === second
  const encoding = startsWith(0xff, 0xfe) ? 'utf-16le' : startsWith(0xfe, 0xff) ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}
