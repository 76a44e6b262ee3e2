// The one door to other programs: no shell, data on stdin, a deadline always, and nothing left running after it.
import {execa} from 'execa'

/** How to run a program. */
export interface RunOptions {
  /** What it reads on stdin; the only way that a secret goes in. Default: nothing, at end of file. */
  input?: string
  /** How long it may take, in milliseconds. */
  timeoutMs: number
  /** Variables to set on top of ours; undefined takes one away. */
  env?: Record<string, string | undefined>
  /** The folder to run it in. Default: ours. */
  cwd?: string
  /** Throw stdout away unread, for tools that print secrets beside what we asked for. */
  discardStdout?: boolean
}

/**
 * How it ended. A non-zero exit is an answer like any other; so are the ways not to get one. `stdout` may hold a
 * secret, so none of this goes into a message, an error or a cause.
 */
export type Ran =
  | {ended: 'exited'; code: number; stdout: string; stderr: string}
  | {ended: 'killed'; signal: string}
  | {ended: 'timed-out'}
  | {ended: 'not-started'; code: string}
  | {ended: 'too-much-output'}

/** Runs a program by absolute path. Never rejects. */
export type Run = (file: string, args: readonly string[], options: RunOptions) => Promise<Ran>

// No tool we use has more to say than this; a broken one may print for ever.
const MAX_OUTPUT_CHARACTERS = 4_000_000

// After its tree was killed a tool has nothing left to say; a grandchild that fled to a session of its own may still
// hold the pipes open, and is not waited for.
const GRACE_MS = 500

const windows = process.platform === 'win32'

export const run: Run = async (file, args, options) => {
  const tool = execa(file, [...args], {
    stdout: options.discardStdout ? 'ignore' : 'pipe',
    ...(options.cwd === undefined ? {} : {cwd: options.cwd}),
    // The user's own API key is no tool's business. The locale gives messages in English and still lets a non-ASCII
    // account name through, without any locale being installed (measured with secret-tool 0.20.5).
    env: {...process.env, HEROKU_API_KEY: undefined, LC_ALL: 'C', CHARSET: 'UTF-8', ...options.env},
    extendEnv: false,
    // A process group of its own, so that the whole tree can be ended.
    detached: !windows,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: MAX_OUTPUT_CHARACTERS,
    windowsHide: true,
    // NODE_DEBUG=execa would otherwise print stdout, and stdout is the token.
    verbose: 'none',
  })
  // Not execa's `input`, which becomes one of the options that NODE_DEBUG=child_process prints.
  tool.stdin.end(options.input ?? '')

  const endTree = () => {
    if (tool.pid !== undefined) endProcessTree(tool.pid)
  }
  const release = onOurOwnEnd(endTree)
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<'deadline'>((resolve) => {
    timer = setTimeout(() => {
      resolve('deadline')
    }, options.timeoutMs)
  })

  try {
    const done = await Promise.race([tool, deadline])
    if (done === 'deadline') {
      endTree()
      await Promise.race([tool, sleep(GRACE_MS)])
      tool.stdout?.destroy()
      tool.stderr.destroy()
      return {ended: 'timed-out'}
    }

    if (done.isMaxBuffer) {
      endTree()
      return {ended: 'too-much-output'}
    }

    if (done.exitCode !== undefined)
      return {ended: 'exited', code: done.exitCode, stdout: done.stdout ?? '', stderr: done.stderr}
    if (done.signal !== undefined) return {ended: 'killed', signal: done.signal}
    return {ended: 'not-started', code: done.code ?? 'UNKNOWN'}
  } finally {
    clearTimeout(timer)
    release()
  }
}

const sleep = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref()
  })

function endProcessTree(pid: number): void {
  if (windows) {
    const taskkill = `${process.env.SystemRoot ?? String.raw`C:\Windows`}\\System32\\taskkill.exe`
    void execa(taskkill, ['/T', '/F', '/PID', String(pid)], {reject: false, stdio: 'ignore', verbose: 'none'})
    return
  }

  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/**
 * Calls `end` if this process ends or is told to while a tool runs: Ctrl-C does not reach another process group.
 * @returns a function that takes the arrangement back
 */
function onOurOwnEnd(end: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const onSignal = (signal: NodeJS.Signals) => {
    end()
    release()
    // Ours was the only listener: what the signal does by default is still to happen.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  const release = () => {
    process.off('exit', end)
    for (const signal of signals) process.off(signal, onSignal)
  }

  process.on('exit', end)
  for (const signal of signals) process.on(signal, onSignal)
  return release
}
