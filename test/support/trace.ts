// Which programs a program starts, with which arguments and variables: what anybody on the machine could have seen.
import {mkdtemp, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Finished, RunOptions, Sandbox} from './sandbox.js'

/** A program that was started: by the one under trace, or by one that it started, and so on. Itself is the first. */
export interface Executed {
  pid: number
  /** The file, as it was given to the system. */
  file: string
  argv: string[]
  /** `NAME=value`, as a program has them. */
  env: string[]
}

export interface Trace {
  /** What to run instead of the program. */
  file: string
  args: string[]
  /**
   * Everything that was started so far, in order. Read it when the program has ended.
   * @throws {Error} if strace left anything out
   */
  executed(): Promise<Executed[]>
}

// Longer than any argument can be in Linux (128 KiB).
export const LONGEST = 200_000

/** Prepares to run a program under strace, in a terminal for example; {@link traced} is for all else. */
export async function underTrace(sandbox: Sandbox, file: string, args: readonly string[]): Promise<Trace> {
  const output = join(await mkdtemp(join(sandbox.root, 'trace-')), 'execve')
  // Strings in hexadecimal, so that nothing in them looks like strace's own punctuation; the filter in the kernel
  // lets everything but execve run at full speed.
  const how = ['--seccomp-bpf', '-f', '-qq', '-v', '-xx', '-s', String(LONGEST)]
  return {
    file: 'strace',
    args: [...how, '-e', 'trace=execve,execveat', '-e', 'signal=none', '-o', output, '--', file, ...args],
    executed: async () => parseTrace(await readFile(output, 'latin1')),
  }
}

/**
 * Runs a program in the sandbox, as {@link Sandbox.run} does, and tells what it has started.
 * @throws {Error} as that does, or if strace left anything out
 */
export async function traced(
  sandbox: Sandbox,
  file: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<Finished & {executed: Executed[]}> {
  const trace = await underTrace(sandbox, file, args)
  const finished = await sandbox.run(trace.file, trace.args, options)
  return {...finished, executed: await trace.executed()}
}

/**
 * Reads what `strace -f -v -xx -e trace=execve` has written.
 * @throws {Error} at a call that succeeded and that it does not understand, or that strace has cut short
 */
export function parseTrace(text: string): Executed[] {
  return callsIn(text)
    .filter(({call}) => /^execve(?:at)?\(/u.test(call))
    .filter(succeeded)
    .map(({pid, call}) => parseCall(pid, call))
}

/** A system call, in one piece. */
export interface SystemCall {
  pid: number
  call: string
}

/** Every call of a trace, in the order of their ends, whatever came in between. */
export function callsIn(text: string): SystemCall[] {
  const calls: SystemCall[] = []
  const unfinished = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, pid = '', event = ''] = /^(\d+) +(.*)$/u.exec(line) ?? []
    // A thread that starts a program gets the id of its process; the rest is told under that.
    const [, begun, changed] = /^(.*) <(?:unfinished|pid changed to (\d+)) \.\.\.>$/u.exec(event) ?? []
    if (begun !== undefined) {
      unfinished.set(changed ?? pid, begun)
      continue
    }

    const rest = /^<\.\.\. \w+ resumed>(.*)$/u.exec(event)?.[1]
    const call = rest === undefined ? event : `${unfinished.get(pid) ?? ''}${rest}`
    if (rest !== undefined) unfinished.delete(pid)
    if (call !== '') calls.push({pid: Number(pid), call})
  }
  return calls
}

// What was not found, in one folder of PATH after the other, was never started.
const succeeded = ({call}: SystemCall) => /\) += 0$/u.test(call)

const STRING = String.raw`"(?:\\x[\da-f]{2})*"`
const LIST = String.raw`\[(?:${STRING}(?:, ${STRING})*)?\]`
const CALL = new RegExp(String.raw`^(?:execve\(|execveat\([^"]*)(${STRING}), (${LIST}), (${LIST})`, 'u')

function parseCall(pid: number, call: string): Executed {
  const match = CALL.exec(call)
  if (!match) throw new Error(`strace wrote what is not understood here: ${call.slice(0, 500)}`)
  const [, file = '', argv = '', env = ''] = match
  return {pid, file: parseStrings(file)[0] ?? '', argv: parseStrings(argv), env: parseStrings(env)}
}

/** The strings in a piece of a trace, one character a byte. */
export function bytesIn(text: string): string[] {
  return [...text.matchAll(new RegExp(STRING, 'gu'))].map(([quoted]) => bytesOf(quoted))
}

/** What a quoted string stands for, one character a byte. */
export const bytesOf = (text: string) => Buffer.from(text.replace(/["\\x]/gu, ''), 'hex').toString('latin1')

function parseStrings(text: string): string[] {
  return bytesIn(text).map((bytes) => Buffer.from(bytes, 'latin1').toString('utf8'))
}
