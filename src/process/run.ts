// The one door to other programs: no shell, data on stdin, a deadline always, and nothing left running after it.
import {defined} from '../defined.js'
import {execa} from 'execa'
import {detached, endTree, MAX_OUTPUT, supervise, toolEnv} from './supervise.js'

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
export type ToolResult =
  | {status: 'exited'; code: number; stdout: string; stderr: string}
  | {status: 'killed'; signal: string}
  | {status: 'timed-out'}
  /** We were told to end while it ran, by this signal. Whatever it was for is not to be done in another way. */
  | {status: 'interrupted'; signal: NodeJS.Signals}
  | {status: 'not-started'; code: string}
  | {status: 'too-much-output'}

/** Runs a program by absolute path. Never rejects. */
export type RunTool = (file: string, args: readonly string[], options: RunOptions) => Promise<ToolResult>

export const run: RunTool = async (file, args, options) => {
  // execa would throw; no program can be given one.
  if ([file, ...args].some((each) => each.includes('\0'))) return {status: 'not-started', code: 'EINVAL'}
  const start = () => {
    const tool = execa(file, [...args], {
      stdout: options.discardStdout ? 'ignore' : 'pipe',
      ...defined({cwd: options.cwd}),
      env: toolEnv(options.env),
      extendEnv: false,
      detached,
      reject: false,
      stripFinalNewline: false,
      maxBuffer: MAX_OUTPUT,
      windowsHide: true,
      // NODE_DEBUG=execa would otherwise print stdout, and stdout is the token.
      verbose: 'none',
    })
    // Not execa's `input`, which becomes one of the options that NODE_DEBUG=child_process prints.
    // Where nothing could be started it is closed already; a tool may end without reading all of it.
    tool.stdin.on('error', () => undefined)
    tool.stdin.end(options.input ?? '')
    const done = tool.then((ended) => {
      if (ended.isMaxBuffer) endTree(tool)
      return ended
    })
    return {tool, done}
  }

  const done = await supervise(start, options.timeoutMs)
  if ('status' in done) return done
  if (done.isMaxBuffer) return {status: 'too-much-output'}
  if (done.exitCode !== undefined)
    return {status: 'exited', code: done.exitCode, stdout: done.stdout ?? '', stderr: done.stderr}
  if (done.signal !== undefined) return {status: 'killed', signal: done.signal}
  return {status: 'not-started', code: done.code ?? 'UNKNOWN'}
}
