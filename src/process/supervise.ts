// The common part of `run` and `spawnTool`: a tool's environment, its timeout, and its termination.
import buffer from 'node:buffer'
import type {Readable} from 'node:stream'
import {endPinentry} from './pinentry.js'
import {beforeSignalsEnd} from './signals.js'
import {afterToolTime} from './tool-clock.js'
import {systemProgram} from './windows-root.js'

/** The most output that we accept, in characters: a broken tool may print without end. */
export const MAX_OUTPUT = 4_000_000

// How long to wait for a killed tool's pipes: a grandchild in a session of its own may still hold them open.
const GRACE_MS = 500

const windows = process.platform === 'win32'

/** A process group of its own, so that the whole tree can be ended. On Windows this would open a console window. */
export const detached = !windows

/**
 * Our changes to a tool's environment; undefined removes a variable.
 *
 * No tool needs HEROKU_API_KEY. With this locale, messages are in English and non-ASCII account names still work, even
 * if no locale is installed (tested with secret-tool 0.20.5). GLib's debug output would go to stdout, between the bytes
 * of a token (G_MESSAGES_DEBUG and G_DBUS_DEBUG, GLib 2.74).
 */
export const TOOL_ENV: Readonly<Record<string, string | undefined>> = {
  HEROKU_API_KEY: undefined,
  G_MESSAGES_DEBUG: undefined,
  G_DBUS_DEBUG: undefined,
  LC_ALL: 'C',
  CHARSET: 'UTF-8',
}

/** A tool's environment: ours with {@link TOOL_ENV}, and these changes; undefined removes a variable. */
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

/** Why we ended a tool. */
export type Unfinished = {status: 'timed-out'} | {status: 'interrupted'; signal: NodeJS.Signals}

interface Limits {
  timeoutMs: number
  pinentry?: boolean | undefined
}

interface Tool {
  pid?: number | undefined
  stdout: Readable | null
  stderr: Readable | null
}

/**
 * Starts a tool and waits for it. After the timeout, and when this process exits or receives a signal, ends the tool
 * and all its children.
 * @param start called at once; its errors are thrown
 * @param limits `timeoutMs` is in milliseconds of a tool's time (tool-clock.ts); for `pinentry` see `RunOptions`
 * @returns the tool's result, or why there is none
 */
export async function supervise<T>(
  start: () => {tool: Tool; done: Promise<T>},
  {pinentry = false, timeoutMs}: Limits,
): Promise<T | Unfinished> {
  hideBytes()
  let interrupted: NodeJS.Signals | undefined
  let tool: Tool | undefined
  let output = ''
  const endTool = () => {
    if (!tool) return
    if (pinentry) endPinentry(output)
    endTree(tool)
  }
  // Before the start, so that no signal is lost; it is delivered after the start.
  const release = onExitOrSignal((signal) => {
    interrupted = signal
    endTool()
  })
  let cancel: () => void = () => undefined
  const deadline = new Promise<'timed-out'>((resolve) => {
    cancel = afterToolTime(timeoutMs, () => {
      resolve('timed-out')
    })
  })
  try {
    const started = start()
    tool = started.tool
    const {done} = started
    if (pinentry)
      tool.stderr?.on('data', (text: Buffer | string) => {
        output += text.toString()
      })
    const first = await Promise.race([done, deadline])
    if (interrupted) return {status: 'interrupted', signal: interrupted}
    if (first !== 'timed-out') return first
    endTool()
    await Promise.race([done, sleep(GRACE_MS)])
    tool.stdout?.destroy()
    tool.stderr?.destroy()
    return {status: 'timed-out'}
  } finally {
    cancel()
    release()
  }
}

const sleep = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref()
  })

/** Kills a tool and all its children. */
export function endTree({pid}: Pick<Tool, 'pid'>): void {
  if (pid === undefined) return
  if (windows) {
    const {spawn} = process.getBuiltinModule('node:child_process')
    const options = {stdio: 'ignore', windowsHide: true} as const
    spawn(systemProgram(process.env, 'taskkill.exe'), ['/T', '/F', '/PID', String(pid)], options).on(
      'error',
      () => undefined,
    )
    return
  }

  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has exited already.
  }
}

/**
 * Calls `end` if this process exits or receives a signal: Ctrl-C does not reach another process group.
 * @returns a function that removes the listeners
 */
function onExitOrSignal(end: (signal?: NodeJS.Signals) => void): () => void {
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
