// Programs that live longer than one call, and that never outlive this process, however it ends.
import {type ChildProcess, spawn} from 'node:child_process'
import type {Socket} from 'node:net'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'

/** Debian's own Python: the one that its D-Bus bindings belong to. Another may well come first on PATH. */
export const PYTHON = '/usr/bin/python3'

const SUPERVISE = fileURLToPath(new URL('supervise.py', import.meta.url))

/** The program and arguments that run `file` as supervise.py has it; its descriptor 3 is to be a pipe that we hold. */
export function underSupervision(file: string, args: readonly string[]): [file: string, args: string[]] {
  return [PYTHON, [SUPERVISE, file, ...args]]
}

/** How a program ended: by itself with a status, or by a signal. */
export interface Ending {
  exitCode: number | null
  signal: NodeJS.Signals | null
}

export interface Supervised {
  /** Resolves when the program and everything that it started have ended, for whatever reason. */
  readonly ended: Promise<Ending>
  /**
   * Resolves to the next line on its stdout.
   * @throws {Error} with its stderr, if it ends first or `deadlineMs` (ten seconds, unless given) have passed
   */
  line(deadlineMs?: number): Promise<string>
  /** Everything that it has said on stderr so far. */
  stderr(): string
  /** Ends it, with everything that it started. Does nothing if it has ended. */
  stop(): Promise<void>
}

export interface SupervisedOptions {
  env: NodeJS.ProcessEnv
  cwd: string
  /** What it reads on stdin. Default: nothing, at end of file. */
  input?: string
}

/**
 * Starts a program that runs until it ends, until `stop()`, or until this process is gone.
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
      // Waiting for it is worth staying alive for.
      child.ref()
      lifeline.destroy()
      await ended
    },
  }
}

/**
 * The same, for whoever talks to it in ways of their own. It ends when `lifeline` is closed. Neither it nor its pipes keep
 * this process alive.
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
    // Ctrl-C at the terminal is for the test run; the supervisor learns of its end by itself.
    detached: true,
  })
  const [stdin, stdout, stderr, lifeline] = child.stdio as unknown as [Socket, Socket, Socket, Socket]
  for (const pipe of [stdin, stdout, stderr, lifeline]) {
    pipe.unref()
    // EPIPE, when the program ends before it has read or we have written; its end says it all.
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
 * Resolves as `action` does.
 * @throws {Error} `late`, if that takes longer than `ms` milliseconds
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
