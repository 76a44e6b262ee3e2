// What the launcher asks the keyring while node is starting: asking from node takes as long again as the keyring does.
// The launcher guesses, and the tiers decide: whatever they ask that was not asked ahead is asked in the usual way.
import {constants, openSync, readSync} from 'node:fs'
import type {Ran, Run} from '../run.js'
import {beforeSignalsEnd} from '../signals.js'
import {endTree, MAX_OUTPUT, now} from '../tool-process.js'

const READ_BYTES = 8192
const LOOK_EVERY_MS = 5

/**
 * Runs tools, save for the call that the launcher has made already, whose answer is read instead.
 *
 * The launcher writes: the tool's process group; the call, a line for each word; the tool's stdout; and after a NUL each
 * its exit status and its stderr.
 * @param file where to read all that
 * @param run what runs everything else
 */
export function runUnlessAskedAhead(file: string, run: Run): Run {
  const launcher = listenTo(file)
  if (!launcher) return run
  // Nobody goes on waiting for the answer to a prompt.
  process.on('exit', launcher.endTool)
  return async (program, args, options) => {
    const end = now() + options.timeoutMs
    const ran = await answerTo(textOf(Buffer.from(`${[program, ...args].join('\n')}\n`)), launcher, end)
    return ran ?? run(program, args, {...options, timeoutMs: Math.max(1, Math.ceil(end - now()))})
  }
}

/** A character for each byte: in UTF-8, two names that are no UTF-8 could look alike. */
const textOf = (bytes: Buffer) => bytes.toString('latin1')

interface Launcher {
  /** Listens to what there is by now. `rest` is all but the first line. */
  listen: () => {complete: boolean; tooMuch: boolean; rest: string}
  /** Ends the tool with all that it has started, if it has not ended by itself. */
  endTool: () => void
}

/** @returns undefined if there is nothing to listen to */
function listenTo(file: string): Launcher | undefined {
  let pipe: number
  try {
    // Opened anew, so that reading it never stands still (Linux, proc(5)).
    pipe = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    return undefined
  }

  const chunk = Buffer.alloc(READ_BYTES)
  let heard = Buffer.alloc(0)
  let complete = false
  const hear = () => {
    try {
      while (!complete && heard.length <= MAX_OUTPUT) {
        const length = readSync(pipe, chunk)
        complete = length === 0
        heard = Buffer.concat([heard, chunk.subarray(0, length)])
      }
    } catch {
      // There is no more as yet.
    }

    const text = textOf(heard)
    const [group = ''] = text.split('\n', 1)
    return {group, rest: text.slice(group.length + 1)}
  }

  return {
    listen: () => ({rest: hear().rest, complete, tooMuch: heard.length > MAX_OUTPUT}),
    endTool() {
      const {group} = hear()
      if (!complete && /^\d+$/u.test(group)) endTree({pid: Number(group)})
    },
  }
}

/**
 * Waits for what came of a call.
 * @param call a line for each word
 * @param end until when to wait, as of `now`
 * @returns undefined if it was not made, or came to nothing
 */
async function answerTo(call: string, launcher: Launcher, end: number): Promise<Ran | undefined> {
  let heard = launcher.listen()
  const mayBeIt = () => !heard.tooMuch && (heard.rest.startsWith(call) || call.startsWith(heard.rest))
  if (!heard.complete) {
    const release = beforeSignalsEnd(launcher.endTool)
    while (!heard.complete && mayBeIt() && now() < end) {
      await sleep(LOOK_EVERY_MS)
      heard = launcher.listen()
    }
    release()
  }

  if (heard.complete) return answerIn(heard.rest, call)
  launcher.endTool()
  return mayBeIt() ? {ended: 'timed-out'} : undefined
}

/** Nothing, if the call is another one, or the tool did not end by itself. */
function answerIn(rest: string, call: string): Ran | undefined {
  if (!rest.startsWith(call)) return undefined
  const [, stdout = '', status, stderr = ''] = /^([^]*)\0(\d+)\0([^\0]*)$/u.exec(rest.slice(call.length)) ?? []
  const code = Number(status)
  // What a shell says of a program that it could not start, or that a signal has ended, begins at 126.
  return code < 126 ? {ended: 'exited', code, stdout, stderr} : undefined
}

const sleep = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms)
  })
