// A program that a test signals while it runs, in a process group of its own.
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {within} from './supervised.js'

export interface Running {
  readonly pid: number
  /** Resolves once this is on its stdout, after what an earlier call waited for. @throws {Error} if it ends before */
  says(text: string): Promise<void>
  /** Signals the program alone. */
  signal(signal: NodeJS.Signals): void
  /** Signals its process group, as a terminal does. */
  signalGroup(signal: NodeJS.Signals): void
  /** Its exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** Its output so far. */
  output(): {stdout: string; stderr: string}
}

/** The time limit of a program, in milliseconds. */
const LIMIT_MS = 30_000

/** @param input its stdin; default: a pipe that stays open */
export function start(
  file: string,
  args: readonly string[],
  {cwd, env, input}: {cwd: string; env: NodeJS.ProcessEnv; input?: string},
): Running {
  const program = spawn(file, args, {cwd, env, detached: true})
  const {pid = Number.NaN} = program
  const said = {stdout: '', stderr: ''}
  program.stdin.on('error', () => undefined)
  if (input !== undefined) program.stdin.end(input)
  program.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
  program.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
  const closed = once(program, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const late = new Error(`${file} ${args.join(' ')} took more than ${LIMIT_MS} ms`)
  const ended = within(LIMIT_MS, late, closed).then(
    ([code, signal]) => signal ?? code ?? Number.NaN,
    (error: unknown) => {
      process.kill(-pid, 'SIGKILL')
      throw error
    },
  )
  let upTo = 0
  return {
    pid,
    ended,
    output: () => said,
    signal: (signal) => process.kill(pid, signal),
    signalGroup: (signal) => process.kill(-pid, signal),
    async says(text) {
      const over = ended.then(() => {
        throw new Error(`it ended before it said ${text}: ${said.stdout}${said.stderr}`)
      })
      // It may end later, after this was said.
      over.catch(() => undefined)
      while (!said.stdout.includes(text, upTo)) await Promise.race([once(program.stdout, 'data'), over])
      upTo = said.stdout.indexOf(text, upTo) + text.length
    },
  }
}
