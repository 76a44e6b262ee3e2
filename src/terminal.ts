// What commands need of a terminal beyond printing: a key, an answer, a secret. Only commands use it.
import {addAbortSignal} from 'node:stream'
import {read} from 'read'
import {UserError} from './user-error.js'

/** Whether somebody can answer: keys come from a terminal, and questions show on one. */
export const isInteractive = () => process.stdin.isTTY && process.stderr.isTTY

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

/** The user does not want to go on. Exit status as of a program that Ctrl-C ended. */
export const cancelled = () => new UserError('login cancelled', undefined, 130)

/**
 * Waits for one key. The terminal is as before afterwards, whatever happens.
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
 * Asks a question on stderr and reads one line.
 * @throws {UserError} with exit status 130 on Ctrl-C or at the end of input
 */
export async function ask(question: string, options: {secret?: boolean; default?: string} = {}): Promise<string> {
  // `read` never settles on Ctrl-D; node then has nothing left to wait for, and would just end.
  const {promise: ended, reject} = withRejecter()
  const onIdle = () => {
    reject(cancelled())
  }
  process.once('beforeExit', onIdle)
  try {
    const answer = read({
      prompt: question,
      output: process.stderr,
      silent: options.secret === true,
      ...(options.default === undefined ? {} : {default: options.default}),
    })
    const text = await Promise.race([answer, ended])
    // A password may begin or end with a blank.
    return options.secret ? text : text.trim()
  } catch {
    throw cancelled()
  } finally {
    process.off('beforeExit', onIdle)
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
 * Runs something that Ctrl-C may end.
 * @param action must heed the signal wherever it waits
 * @throws {UserError} with exit status 130 if it did
 */
export async function interruptible<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const interrupt = () => {
    controller.abort()
  }
  process.once('SIGINT', interrupt)
  try {
    return await action(controller.signal)
  } catch (error) {
    throw controller.signal.aborted ? cancelled() : error
  } finally {
    process.off('SIGINT', interrupt)
  }
}

/**
 * Reads all of stdin, as for a token that is piped in.
 * @param signal ends it before that
 */
export async function readStdin(signal?: AbortSignal): Promise<string> {
  if (signal) addAbortSignal(signal, process.stdin)
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
