// What both ways of starting a tool have in common: its environment, its end, and how long it is waited for.
import buffer from 'node:buffer'
import type {Readable} from 'node:stream'
import {beforeSignalsEnd} from './signals.js'

/** No tool we use has more to say than this, in characters; a broken one may print for ever. */
export const MAX_OUTPUT = 4_000_000

// After its tree was killed a tool has nothing left to say; a grandchild that fled to a session of its own may still
// hold the pipes open, and is not waited for.
const GRACE_MS = 500

const windows = process.platform === 'win32'

/** A process group of its own, so that the whole tree can be ended. On Windows it would be a console window. */
export const detached = !windows

/**
 * What a tool's environment has other than ours; undefined takes a variable away.
 *
 * The user's own API key is no tool's business. The locale gives messages in English and still lets a non-ASCII account
 * name through, without any locale being installed (measured with secret-tool 0.20.5).
 *
 * GLib's debug output goes to stdout, in the midst of a token (G_MESSAGES_DEBUG and G_DBUS_DEBUG, GLib 2.74).
 */
export const TOOL_ENV: Readonly<Record<string, string | undefined>> = {
  HEROKU_API_KEY: undefined,
  G_MESSAGES_DEBUG: undefined,
  G_DBUS_DEBUG: undefined,
  LC_ALL: 'C',
  CHARSET: 'UTF-8',
}

/** The environment of a tool: ours, with those changes and more; undefined takes a variable away. */
export const toolEnv = (changes: Record<string, string | undefined> = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  ...TOOL_ENV,
  ...changes,
})

/**
 * Hides the content of buffers from NODE_DEBUG's output: `stream` (and so `*`) prints the first 50 bytes of each chunk,
 * which is a whole token or password (node 20 to 24).
 */
export function hideBytes(): void {
  if (process.env.NODE_DEBUG) buffer.INSPECT_MAX_BYTES = 0
}

/** In milliseconds. Not performance.now(), which takes longer to load than all of this file, and the git helper has no time. */
export const now = () => process.uptime() * 1000

// How late a timer comes tells how long this process was kept from running.
const TICK_MS = 100

let lost = 0
let lostUntil = 0

/**
 * The time that a tool has had, in milliseconds: {@link now} without what a busy machine takes from it. The scheduler
 * wakes a process that sleeps, as this one, before those that work, so the tool and the keychain lose more than our own
 * delay: three times as much is taken off. (Beside 200 helpers and four busy loops on two cores, calls took 2.6 s, and
 * the delays were 0.8 s.) A quarter of each tick counts in any case, so that a keychain that hangs is not waited for
 * without end.
 */
export const timeHad = () => now() - lost

/**
 * @param step how long we slept, in milliseconds
 * @param due when we were to run, as of {@link now}
 */
function noteDelay(step: number, due: number): void {
  const from = Math.max(due, lostUntil)
  lostUntil = Math.max(lostUntil, now())
  const delay = Math.max(0, lostUntil - from)
  lost += delay + Math.min(2 * delay, 0.75 * step)
}

/** Why a tool was ended by us. */
export type Unfinished = {status: 'timed-out'} | {status: 'interrupted'; signal: NodeJS.Signals}

interface Tool {
  pid?: number | undefined
  stdout: Readable | null
  stderr: Readable | null
}

/**
 * Starts a tool and waits until it is done, for so long. At the deadline, and when this process ends or is told to, the
 * tool is ended with all that it has started.
 * @param start is called at once; what it throws is thrown
 * @param timeoutMs in milliseconds of {@link timeHad}
 * @returns what came of it, or why nothing did
 */
export async function supervise<T>(
  start: () => {tool: Tool; done: Promise<T>},
  timeoutMs: number,
): Promise<T | Unfinished> {
  hideBytes()
  let interrupted: NodeJS.Signals | undefined
  let tool: Tool | undefined
  // Before it is there: a signal that comes in the next moment is delivered once it is.
  const release = onOurOwnEnd((signal) => {
    interrupted = signal
    if (tool) endTree(tool)
  })
  let timer: NodeJS.Timeout | undefined
  const end = timeHad() + timeoutMs
  const deadline = new Promise<'timed-out'>((resolve) => {
    const wait = () => {
      const step = Math.min(TICK_MS, end - timeHad())
      if (step <= 0) {
        resolve('timed-out')
        return
      }
      const due = now() + step
      timer = setTimeout(() => {
        noteDelay(step, due)
        wait()
      }, step)
    }
    wait()
  })
  try {
    const started = start()
    tool = started.tool
    const {done} = started
    const first = await Promise.race([done, deadline])
    if (interrupted) return {status: 'interrupted', signal: interrupted}
    if (first !== 'timed-out') return first
    endTree(tool)
    await Promise.race([done, sleep(GRACE_MS)])
    tool.stdout?.destroy()
    tool.stderr?.destroy()
    return {status: 'timed-out'}
  } finally {
    clearTimeout(timer)
    release()
  }
}

const sleep = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref()
  })

/** Ends a tool and all that it has started, at once. */
export function endTree({pid}: Pick<Tool, 'pid'>): void {
  if (pid === undefined) return
  if (windows) {
    const {spawn} = process.getBuiltinModule('node:child_process')
    const taskkill = `${process.env.SystemRoot ?? String.raw`C:\Windows`}\\System32\\taskkill.exe`
    spawn(taskkill, ['/T', '/F', '/PID', String(pid)], {stdio: 'ignore', windowsHide: true}).on(
      'error',
      () => undefined,
    )
    return
  }

  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/**
 * Calls `end` if this process ends or is told to, by a signal: Ctrl-C does not reach another process group.
 * @returns a function that takes the arrangement back
 */
function onOurOwnEnd(end: (signal?: NodeJS.Signals) => void): () => void {
  const onExit = () => {
    end()
  }
  const releaseSignals = beforeSignalsEnd((signal) => {
    end(signal)
    process.off('exit', onExit)
  })
  process.on('exit', onExit)
  return () => {
    process.off('exit', onExit)
    releaseSignals()
  }
}
