// Calls of a tool that were made before those were there who know what to ask: while git's helper is starting, or in the
// place of the thread that older readers of .netrc wait for. Starting takes as long again as the keyring does. Whoever
// asks ahead guesses, and the tiers decide: whatever they ask that was not asked ahead is asked in the usual way.
import {readSync} from 'node:fs'
import type {Ran, Run} from './run.js'
import {beforeSignalsEnd} from './signals.js'
import {MAX_OUTPUT, now} from './tool-process.js'

// As much as a pipe holds.
const READ_BYTES = 65_536
const LOOK_EVERY_MS = 5

/** A call that was made. */
export interface AskedAhead {
  /**
   * What has come of it by now.
   * @param call what is to be asked: the tool's absolute path, and what it is told
   * @returns undefined if that is another call than was made, or nothing can come of it
   */
  look: (call: readonly string[]) => Ran | 'none yet' | undefined
  /** Ends the tool with all that it has started, if it has not ended by itself. */
  endTool: () => void
}

/**
 * Runs tools, save for the call that was made already, whose answer is waited for instead. It is given once: whoever
 * asks again wants to know what has changed.
 */
export function runUnlessAskedAhead(asked: AskedAhead, run: Run): Run {
  let given = false
  return async (program, args, options) => {
    const end = now() + options.timeoutMs
    const ran = given ? undefined : await answerTo([program, ...args], asked, end)
    given ||= ran !== undefined
    return ran ?? run(program, args, {...options, timeoutMs: Math.max(1, Math.ceil(end - now()))})
  }
}

/** @param end until when to wait, as of `now` */
async function answerTo(call: readonly string[], {endTool, look}: AskedAhead, end: number): Promise<Ran | undefined> {
  let ran = look(call)
  if (ran === 'none yet') {
    let interrupted = undefined as NodeJS.Signals | undefined
    const release = beforeSignalsEnd((signal) => {
      interrupted = signal
      endTool()
    })
    while (ran === 'none yet' && now() < end) {
      await sleep(LOOK_EVERY_MS)
      ran = look(call)
    }
    release()
    // Whoever is about to end asks nothing again.
    if (interrupted) return {ended: 'interrupted', signal: interrupted}
  }

  if (ran === undefined || ran === 'none yet') endTool()
  return ran === 'none yet' ? {ended: 'timed-out'} : ran
}

/**
 * Reads what there is in a pipe by now, each time that it is called.
 * @param pipe a file descriptor; reading it must never stand still
 * @param before what somebody else has read of it, a character for each byte
 */
export function readerOf(pipe: number, before = ''): () => {heard: Buffer; complete: boolean; tooMuch: boolean} {
  const chunk = Buffer.alloc(READ_BYTES)
  let heard = Buffer.from(before, 'latin1')
  let complete = false
  return () => {
    try {
      while (!complete && heard.length <= MAX_OUTPUT) {
        const length = readSync(pipe, chunk)
        complete = length === 0
        heard = Buffer.concat([heard, chunk.subarray(0, length)])
      }
    } catch {
      // There is no more as yet.
    }

    return {heard, complete, tooMuch: heard.length > MAX_OUTPUT}
  }
}

const sleep = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms)
  })
