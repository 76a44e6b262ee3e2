// A tool for somebody whom no event reaches: who stands still, or is another thread than the one that has started it.
import {existsSync, readFileSync} from 'node:fs'
import type {Readable} from 'node:stream'
import {type AskedAhead, readerOf} from './asked-ahead.js'
import {startTool} from './light-run.js'
import type {Ran} from './run.js'
import {endTree, now} from './tool-process.js'

const LOOK_EVERY_MS = 1

/** What another thread has to know to look at it. */
export interface PolledTool {
  /** The tool's absolute path, and what it was told. */
  call: readonly string[]
  pid: number
  /** The file descriptors of its stdout and stderr. */
  pipes: readonly [stdout: number, stderr: number]
  /** What has been read from there, a character for each byte. */
  heard: readonly [stdout: string, stderr: string]
}

/** As long as it is looked at, the thread that has started the tool must stand still, or all of this is void. */
export interface Polling extends AskedAhead {
  /** For whoever is to look on. */
  handOver: () => PolledTool
}

/** Looks at a tool. */
export function pollTool({call, heard, pid, pipes}: PolledTool): Polling {
  const readers = [readerOf(pipes[0], heard[0]), readerOf(pipes[1], heard[1])] as const
  const look = (): Ran | 'none yet' | undefined => {
    const [stdout, stderr] = [readers[0](), readers[1]()]
    if (stdout.tooMuch || stderr.tooMuch) return undefined
    if (!stdout.complete || !stderr.complete) return 'none yet'
    const code = exitCodeOf(pid)
    // Not every kernel tells the status: 0 stands there then. A tool that succeeds has something to say.
    if (code === 0 && stdout.heard.length === 0) return undefined
    return typeof code === 'number'
      ? {ended: 'exited', code, stdout: stdout.heard.toString(), stderr: stderr.heard.toString()}
      : code
  }
  return {
    look: (asked) => (asked.join('\0') === call.join('\0') ? look() : undefined),
    endTool() {
      if (typeof look() !== 'object') endTree({pid})
    },
    handOver: () => ({call, pid, pipes, heard: [latin1(readers[0]().heard), latin1(readers[1]().heard)]}),
  }
}

const latin1 = (bytes: Buffer) => bytes.toString('latin1')

const ZOMBIE = 'Z'

/**
 * The exit status of a process, which nobody tells one that stands still: a process that has ended is a zombie until it
 * was waited for, and its status is the last thing that is told of it (Linux, proc(5)).
 * @returns undefined if it was ended by a signal, or nothing is told
 */
function exitCodeOf(pid: number): number | 'none yet' | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The second field is a name, and may hold anything.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .trimEnd()
    .split(' ')
  if (fields[0] !== ZOMBIE) return 'none yet'
  const status = Number(fields.at(-1))
  // As of wait(2): the signal is in the lowest seven bits, the exit status above the eighth.
  return Number.isInteger(status) && (status & 0x7f) === 0 ? status >> 8 : undefined
}

/**
 * Starts a tool.
 * @param call the tool's absolute path, and what it is told
 * @returns undefined if it was not started, or cannot be looked at: nothing but Linux tells how another process ended
 * @throws {Error} of node, if no program can be given that
 */
export function startPolledTool(call: readonly [string, ...string[]]): (Polling & {close: () => void}) | undefined {
  if (!existsSync('/proc/self/stat')) return undefined
  const [program, ...args] = call
  const tool = startTool(program, args)
  tool.on('error', () => undefined)
  tool.unref()
  const {pid, stderr, stdout} = tool
  const pipes = [descriptorOf(stdout), descriptorOf(stderr)] as const
  const [first, second] = pipes
  const close = () => {
    stdout?.destroy()
    stderr?.destroy()
  }
  if (pid === undefined || first === undefined || second === undefined) {
    endTree(tool)
    close()
    return undefined
  }

  const polling = pollTool({call, pid, pipes: [first, second], heard: ['', '']})
  return {
    ...polling,
    close() {
      polling.endTool()
      close()
    },
  }
}

/**
 * Stands still until a tool has ended, for so long.
 * @param timeoutMs in milliseconds
 */
export function waitStandingStill(look: () => ReturnType<AskedAhead['look']>, timeoutMs: number): Ran | undefined {
  const end = now() + timeoutMs
  let ran = look()
  while (ran === 'none yet' && now() < end) {
    Atomics.wait(nobody, 0, 0, LOOK_EVERY_MS)
    ran = look()
  }
  return ran === 'none yet' ? undefined : ran
}

/** Nothing that is documented tells it; who has none asks in another way. */
function descriptorOf(stream: Readable | null): number | undefined {
  const {fd} = (stream ? (Reflect.get(stream, '_handle') ?? {}) : {}) as {fd?: unknown}
  return typeof fd === 'number' && fd >= 0 ? fd : undefined
}

const nobody = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
