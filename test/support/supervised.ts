// Programs that outlive one call, but never this process, however it ends.
import {type ChildProcess, spawn} from 'node:child_process'
import type {Socket} from 'node:net'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'

/** Debian's Python, which has the D-Bus bindings. Another one may come first on PATH. */
export const PYTHON = '/usr/bin/python3'

const SUPERVISE = fileURLToPath(new URL('./supervise.py', import.meta.url))

/** The command that runs `file` under supervise.py; descriptor 3 must be a pipe that we hold. */
export function underSupervision(file: string, args: readonly string[]): [file: string, args: string[]] {
  return [PYTHON, [SUPERVISE, file, ...args]]
}

/** How a program ended: with a status, or by a signal. */
export interface Ending {
  exitCode: number | null
  signal: NodeJS.Signals | null
}

export interface Supervised {
  /** Resolves when the program and all its descendants have ended, for any reason. */
  readonly ended: Promise<Ending>
  /**
   * Resolves to the next line on its stdout.
   * @throws {Error} with its stderr, if it ends first or `deadlineMs` (ten seconds, unless given) have passed
   */
  line(deadlineMs?: number): Promise<string>
  /** Its stderr so far. */
  stderr(): string
  /** Ends it and all its descendants. Does nothing if it has ended. */
  stop(): Promise<void>
}

export interface SupervisedOptions {
  env: NodeJS.ProcessEnv
  cwd: string
  /** Its stdin. Default: empty. */
  input?: string
}

/**
 * Starts a program that runs until it ends, until `stop()`, or until this process ends.
 * It does not keep this process alive.
 */
export function startSupervised(file: string, args: readonly string[], options: SupervisedOptions): Supervised {
  const {child, lifeline, stderr, stdin, stdout} = spawnSupervised(file, args, options)
  stdin.end(options.input ?? '')

  let complaints = ''
  stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
  const ended = endOf(child)
  const lines = createInterface({input: stdout})[Symbol.asyncIterator]()

  return {
    ended,
    async line(deadlineMs = 10_000) {
      const late = new Error(`${file} said nothing for ${deadlineMs} ms`)
      const next = await within(deadlineMs, late, lines.next())
      if (next.done === true) throw new Error(`${file} ended: ${complaints}`)
      return next.value
    },
    stderr: () => complaints,
    async stop() {
      // Keeps this process alive until the program has ended.
      child.ref()
      lifeline.destroy()
      await ended
    },
  }
}

/**
 * The same with raw pipes, for callers with their own protocol. The program ends when `lifeline` is closed. Neither it
 * nor its pipes keep this process alive.
 */
export function spawnSupervised(
  file: string,
  args: readonly string[],
  {cwd, env}: {cwd: string; env: NodeJS.ProcessEnv},
) {
  const child = spawn(...underSupervision(file, args), {
    env,
    cwd,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    // Ctrl-C at the terminal ends the test run only; the supervisor then notices that its pipe is closed.
    detached: true,
  })
  const [stdin, stdout, stderr, lifeline] = child.stdio as unknown as [Socket, Socket, Socket, Socket]
  for (const pipe of [stdin, stdout, stderr, lifeline]) {
    pipe.unref()
    // EPIPE if the program ends before it has read its input; `ended` reports that.
    pipe.on('error', () => undefined)
  }
  child.unref()
  return {child, stdin, stdout, stderr, lifeline}
}

function endOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, signal) => {
      resolve({exitCode, signal})
    })
  })
}

/**
 * Settles as `action` does.
 * @throws {Error} `late`, if it takes longer than `ms` milliseconds
 */
export async function within<T>(ms: number, late: Error, action: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(late)
    }, ms)
  })
  try {
    return await Promise.race([action, deadline])
  } finally {
    clearTimeout(timer)
  }
}
