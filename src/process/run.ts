// Runs other programs: no shell, secrets on stdin, always a timeout, and no process left behind.
import {defined} from '../defined.js'
import {execa} from 'execa'
import {detached, endTree, MAX_OUTPUT, supervise, toolEnv} from './supervise.js'

/** How a program is run. */
export interface RunOptions {
  /** Its stdin: the only way to pass a secret. Default: empty. */
  input?: string
  /** In milliseconds. */
  timeoutMs: number
  /** Variables to set in addition to ours; undefined removes one. */
  env?: Record<string, string | undefined>
  /** The working directory. Default: ours. */
  cwd?: string
  /** Discards stdout unread, for tools that print secrets that we don't need. */
  discardStdout?: boolean
  /** The program is gpg, with its status lines on stderr: its prompt is ended before it. */
  pinentry?: boolean
}

/**
 * How the program ended; a non-zero exit is not an error. `stdout` may contain a secret, so no part of this may be put
 * into a message, an error or a cause.
 */
export type ToolResult =
  | {status: 'exited'; code: number; stdout: string; stderr: string}
  | {status: 'killed'; signal: string}
  | {status: 'timed-out'}
  /** We received this signal while it ran: callers must not fall back to another method. */
  | {status: 'interrupted'; signal: NodeJS.Signals}
  | {status: 'not-started'; code: string}
  | {status: 'too-much-output'}

/** Runs a program by absolute path. Never rejects. */
export type RunTool = (file: string, args: readonly string[], options: RunOptions) => Promise<ToolResult>

export const run: RunTool = async (file, args, options) => {
  // execa would throw: no argument can contain a NUL.
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
    // Not execa's `input`: NODE_DEBUG=child_process prints the options. The pipe is closed already if the program could
    // not be started, and a program may exit without reading all of it.
    tool.stdin.on('error', () => undefined)
    tool.stdin.end(options.input ?? '')
    const done = tool.then((result) => {
      if (result.isMaxBuffer) endTree(tool)
      return result
    })
    return {tool, done}
  }

  const done = await supervise(start, options)
  if ('status' in done) return done
  if (done.isMaxBuffer) return {status: 'too-much-output'}
  if (done.exitCode !== undefined)
    return {status: 'exited', code: done.exitCode, stdout: done.stdout ?? '', stderr: done.stderr}
  if (done.signal !== undefined) return {status: 'killed', signal: done.signal}
  return {status: 'not-started', code: done.code ?? 'UNKNOWN'}
}
