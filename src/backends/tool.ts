import type {ToolResult, RunTool} from '../process/run.js'
import {toolTime} from '../process/tool-clock.js'
import {StorageError} from '../errors.js'
import {interruptedBy} from '../process/signals.js'

/** How a backend calls its tool. */
export interface ToolOptions {
  run: RunTool
  /** The timeout of one operation of the backend, in milliseconds, for all calls that it needs. */
  timeoutMs: number
  /** The absolute path of the tool. Default: the system's. */
  program?: string
  /** Prints one line for the user. */
  notify?: (line: string) => void
}

export interface CallOptions {
  /** The tool's stdin: the only way to pass a secret. */
  input?: string
  /** Discards stdout unread. */
  discardStdout?: boolean
  /** Variables to set; undefined removes one. */
  env?: Record<string, string | undefined>
  cwd?: string
  /** See `RunOptions`. */
  pinentry?: boolean
}

/** The tool's exit status and output. `stdout` may hold a secret. */
export interface Answer {
  code: number
  stdout: string
  stderr: string
}

/**
 * One call of the tool.
 * @throws {StorageError} if there is no exit status: 'unavailable' if it cannot be started, 'timed-out' after the
 * operation's timeout, 'failed' if it was killed or printed too much
 * @throws {UserError} if this process received a signal: callers must not fall back to another store
 */
export type Call = (args: readonly string[], options?: CallOptions) => Promise<Answer>

/**
 * Starts the clock of one operation.
 * @param name the tool's name in messages
 * @param program the tool's absolute path
 * @returns a function that calls the tool; its calls share the operation's timeout
 */
export function startOperation(name: string, program: string, {run, timeoutMs}: ToolOptions): Call {
  const deadline = toolTime() + timeoutMs
  return async (args, options = {}) => {
    const left = Math.max(1, Math.ceil(deadline - toolTime()))
    return answerOf(name, timeoutMs, await run(program, args, {...options, timeoutMs: left}))
  }
}

function answerOf(name: string, timeoutMs: number, result: ToolResult): Answer {
  switch (result.status) {
    case 'exited':
      return result
    case 'timed-out':
      throw new StorageError('timed-out', `${name} did not answer within ${timeoutMs / 1000} s`)
    case 'interrupted':
      throw interruptedBy(result.signal)
    case 'not-started':
      throw new StorageError('unavailable', `${name} could not be started (${result.code})`)
    case 'killed':
      throw new StorageError('failed', `${name} was ended by ${result.signal}`)
    case 'too-much-output':
      throw new StorageError('failed', `${name} answered with far too much output`)
  }
}
