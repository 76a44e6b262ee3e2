// The programs that a program starts, with arguments and variables, which other users of the machine can see.
import {mkdtemp, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Finished, RunOptions, Sandbox} from './sandbox.js'

/** A started program: the traced one first, then its descendants. */
export interface Executed {
  pid: number
  /** The file, as passed to execve. */
  file: string
  argv: string[]
  /** `NAME=value`, as passed to execve. */
  env: string[]
}

export interface Trace {
  /** The command to run instead of the program. */
  file: string
  args: string[]
  /**
   * The programs started so far, in order. Read it after the program has ended.
   * @throws {Error} if strace left anything out
   */
  executed(): Promise<Executed[]>
}

// Longer than any argument can be in Linux (128 KiB).
export const LONGEST = 200_000

/** Prepares to run a program under strace by other means, such as in a terminal; otherwise use {@link traced}. */
export async function underTrace(sandbox: Sandbox, file: string, args: readonly string[]): Promise<Trace> {
  const output = join(await mkdtemp(join(sandbox.root, 'trace-')), 'execve')
  // Hexadecimal strings can't be confused with strace's own punctuation. --seccomp-bpf lets all calls but execve run at
  // full speed.
  const how = ['--seccomp-bpf', '-f', '-qq', '-v', '-xx', '-s', String(LONGEST)]
  return {
    file: 'strace',
    args: [...how, '-e', 'trace=execve,execveat', '-e', 'signal=none', '-o', output, '--', file, ...args],
    executed: async () => parseTrace(await readFile(output, 'latin1')),
  }
}

/**
 * Runs a program in the sandbox, as {@link Sandbox.run} does, and returns the programs that it started.
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
 * Parses the output of `strace -f -v -xx -e trace=execve`.
 * @throws {Error} at a successful call that it can't parse, or that strace has truncated
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

/** All calls of a trace, in the order in which they returned; interrupted lines are joined. */
export function callsIn(text: string): SystemCall[] {
  const calls: SystemCall[] = []
  const unfinished = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, pid = '', event = ''] = /^(\d+) +(.*)$/u.exec(line) ?? []
    // A thread that calls execve takes over its process's id; the rest of the call is logged under that id.
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

// A failed execve, as for each folder of PATH without the program, started nothing.
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

/** The strings in a piece of a trace, one character per byte. */
export function bytesIn(text: string): string[] {
  return [...text.matchAll(new RegExp(STRING, 'gu'))].map(([quoted]) => bytesOf(quoted))
}

/** Decodes a quoted string, one character per byte. */
export const bytesOf = (text: string) => Buffer.from(text.replace(/["\\x]/gu, ''), 'hex').toString('latin1')

function parseStrings(text: string): string[] {
  return bytesIn(text).map((bytes) => Buffer.from(bytes, 'latin1').toString('utf8'))
}
