// The four tiers for somebody who cannot wait otherwise than by standing still: netrc-parser's readers are synchronous.
// They are asked in a thread, so that the token stays inside this process.
import {constants} from 'node:os'
import {MessageChannel, receiveMessageOnPort, Worker} from 'node:worker_threads'
import {beforeSignalsEnd} from '../signals.js'
import type {Reply, Request} from './netrc-answer.js'
import {type Order, type Outcome, STARTED, WAITING} from './netrc-order.js'

const THREAD = new URL('../netrc-worker.cjs', import.meta.url)

// A thread starts in a tenth of a second; far more than that means that it never will.
const START_MS = 20_000

interface Limits {
  /** The thread's file. */
  thread: URL
  /** How long it may take to start, in milliseconds. */
  startMs: number
  /**
   * How long it may take from then on, in milliseconds. Its own deadlines end its work long before; this is for the case
   * that something is badly wrong.
   */
  answerMs: number
}

/**
 * Asks the four tiers, and stands still until they have answered. Ctrl-C ends the process, and the tool.
 * @param timeoutMs how long one operation of a keychain may take, in milliseconds
 * @returns 'failed' too if there is no answer, which is not waited for for ever
 */
export function askStandingStill(
  request: Request,
  options: Pick<Order, 'bin' | 'dataDir' | 'terminal'> & Partial<Limits> & {timeoutMs: number},
): Reply {
  const {timeoutMs, thread = THREAD, startMs = START_MS, answerMs = 6 * timeoutMs + START_MS, ...how} = options
  const outcome = holdingSignals(() => outcomeOf({...how, request}, {thread, startMs, answerMs}))
  if (!('interrupted' in outcome)) return outcome
  // What the shell reports of a program that the signal has ended.
  process.exit(128 + constants.signals[outcome.interrupted])
}

function outcomeOf(order: Omit<Order, 'port' | 'state'>, {answerMs, startMs, thread}: Limits): Outcome {
  const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const {port1: ours, port2: theirs} = new MessageChannel()
  const workerData: Order = {...order, port: theirs, state}
  // Whatever this process was told to load first is of no use there.
  const worker = new Worker(thread, {workerData, transferList: [theirs], execArgv: []})
  worker.unref()
  // It would be thrown at nobody; that there is no answer says it.
  worker.on('error', () => undefined)
  try {
    if (Atomics.wait(state, 0, WAITING, startMs) !== 'timed-out') Atomics.wait(state, 0, STARTED, answerMs)
    const received = receiveMessageOnPort(ours) as {message: Outcome} | undefined
    if (received) return received.message
  } finally {
    ours.close()
    void worker.terminate()
  }

  const message = 'heroku-keychain got no answer from its own thread'
  return {failed: {message, hint: 'try again; or set HEROKU_API_KEY', exitCode: 1}}
}

/** Has signals wait until the work is done: the process must not go before the tool that it has started. */
function holdingSignals<T>(work: () => T): T {
  const release = beforeSignalsEnd(() => undefined)
  try {
    return work()
  } finally {
    // One turn later: what came in the meantime is delivered in between.
    setImmediate(release)
  }
}
