import type {ToolResult, RunTool} from '../process/run.js'
import {timeHad} from '../process/supervise.js'
import {StorageError} from '../errors.js'
import {interruptedBy} from '../process/signals.js'

/** What a backend needs to call its tool. */
export interface ToolOptions {
  run: RunTool
  /** How long one operation of the backend may take, in milliseconds, however many calls of the tool it needs. */
  timeoutMs: number
  /** The tool to call instead of the system's own, by absolute path. */
  program?: string
  /** Tells the user one line. */
  notify?: (line: string) => void
}

export interface CallOptions {
  /** What the tool reads on stdin: the only way that a secret goes in. */
  input?: string
  /** Throw stdout away unread. */
  discardStdout?: boolean
  /** Variables to set; undefined takes one away. */
  env?: Record<string, string | undefined>
  cwd?: string
}

/** The tool's exit status and output. `stdout` may hold a secret. */
export interface Answer {
  code: number
  stdout: string
  stderr: string
}

/**
 * One call of the tool.
 * @throws {StorageError} if there is no exit status: 'unavailable' if it cannot be started, 'timed-out' at the end of
 * the operation's time, 'failed' if it was killed or said more than anyone can want
 * @throws {UserError} if this process was told to end, so that nobody looks for another way
 */
export type Call = (args: readonly string[], options?: CallOptions) => Promise<Answer>

/**
 * Starts the clock of one operation.
 * @param name what the user calls the tool, for messages
 * @param program the tool's absolute path
 * @returns a function that calls the tool; all calls together have the operation's time
 */
export function startOperation(name: string, program: string, {run, timeoutMs}: ToolOptions): Call {
  const end = timeHad() + timeoutMs
  return async (args, options = {}) => {
    const left = Math.max(1, Math.ceil(end - timeHad()))
    return answerOf(name, timeoutMs, await run(program, args, {...options, timeoutMs: left}))
  }
}

function answerOf(name: string, timeoutMs: number, ran: ToolResult): Answer {
  switch (ran.status) {
    case 'exited':
      return ran
    case 'timed-out':
      throw new StorageError('timed-out', `${name} did not answer within ${timeoutMs / 1000} s`)
    case 'interrupted':
      throw interruptedBy(ran.signal)
    case 'not-started':
      throw new StorageError('unavailable', `${name} could not be started (${ran.code})`)
    case 'killed':
      throw new StorageError('failed', `${name} was ended by ${ran.signal}`)
    case 'too-much-output':
      throw new StorageError('failed', `${name} answered with far too much output`)
  }
}
