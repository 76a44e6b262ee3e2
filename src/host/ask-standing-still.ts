// The four tiers for somebody who cannot wait otherwise than by standing still: netrc-parser's readers are synchronous.
// They are asked in a thread, so that the token stays inside this process.
import {exitStatusOf, holdingSignals} from '../signals.js'
import type {Reply} from './netrc-answer.js'
import {type Order, type Outcome, STARTED, WAITING} from './netrc-order.js'
import type {Thread} from './thread.js'

// A thread starts in a tenth of a second; far more than that means that it never will.
const START_MS = 20_000

interface Limits {
  /** How long the thread may take to start, in milliseconds. */
  startMs: number
  /**
   * How long it may take from then on, in milliseconds. Its own deadlines end its work long before; this is for the case
   * that something is badly wrong.
   */
  answerMs: number
}

/**
 * Has a thread ask the four tiers, and stands still until they have answered. Ctrl-C ends the process, and the tool.
 * @param thread one that has not been asked anything
 * @param timeoutMs how long one operation of a keychain may take, in milliseconds
 * @returns 'failed' too if there is no answer, which is not waited for for ever
 */
export function askStandingStill(
  thread: Thread,
  order: Order,
  {timeoutMs, startMs = START_MS, answerMs = 6 * timeoutMs + START_MS}: Partial<Limits> & {timeoutMs: number},
): Reply {
  const outcome = holdingSignals(() => outcomeOf(thread, order, {startMs, answerMs}))
  if (!('interrupted' in outcome)) return outcome
  process.exit(exitStatusOf(outcome.interrupted))
}

function outcomeOf({port, state, worker}: Thread, order: Order, {answerMs, startMs}: Limits): Outcome {
  const {receiveMessageOnPort} = process.getBuiltinModule('node:worker_threads')
  try {
    port.postMessage(order)
    if (Atomics.wait(state, 0, WAITING, startMs) !== 'timed-out') Atomics.wait(state, 0, STARTED, answerMs)
    const received = receiveMessageOnPort(port) as {message: Outcome} | undefined
    if (received) return received.message
  } finally {
    port.close()
    void worker.terminate()
  }

  const message = 'heroku-keychain got no answer from its own thread'
  return {failed: {message, hint: 'try again; or set HEROKU_API_KEY', exitCode: 1}}
}
