// Runs a command of the user's in our place: with our stdin, stdout, stderr and terminal, without a shell and without a
// timeout. We wait for it, pass signals on to it, and end as it did.
import {type ChildProcess, spawn} from 'node:child_process'
import {writeFileSync} from 'node:fs'
import {inspect} from 'node:util'
import {codeOf} from '../errors.js'
import {exitStatusOf} from './signals.js'

/** How the command ended; `code` of a command that was not started is the system's, such as `ENOENT`. */
export type CommandEnd =
  {status: 'exited'; code: number} | {status: 'killed'; signal: NodeJS.Signals} | {status: 'not-started'; code: string}

/** A signal that we receive while the command runs, and whether to pass it on. */
export type SignalRule = [signal: NodeJS.Signals, forward: boolean]

/**
 * What happens to the signals that would end us before the command.
 *
 * A terminal sends SIGINT to the command, too, and a second one often means "at once". On Windows no signal can be passed on:
 * the console sends Ctrl-C, Ctrl-Break and its own end to the command, too.
 */
export const signalRules = (platform: NodeJS.Platform): SignalRule[] =>
  platform === 'win32'
    ? [
        ['SIGINT', false],
        ['SIGBREAK', false],
        ['SIGHUP', false],
      ]
    : [
        ['SIGINT', false],
        ['SIGTERM', true],
        ['SIGHUP', true],
        ['SIGQUIT', true],
      ]

/**
 * Runs a command and waits for it. Never rejects.
 * @param file a path, or a name that the system looks up on the PATH of `env`
 * @param env the command's whole environment
 */
export async function runInForeground(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<CommandEnd> {
  let command: ChildProcess | undefined
  const release = takeSignals(signalRules(process.platform), (signal) => command?.kill(signal))
  try {
    command = withoutStrings(() => spawn(file, args, {env, stdio: 'inherit'}))
    return await endOf(command)
  } catch (error) {
    // What spawn throws: E2BIG, and EINVAL for a script of Windows such as npm.cmd.
    return {status: 'not-started', code: codeOf(error) ?? 'UNKNOWN'}
  } finally {
    release()
  }
}

const endOf = (command: ChildProcess) =>
  new Promise<CommandEnd>((resolve) => {
    command.on('error', (error) => {
      // With a process id it runs, and a signal could not be passed on: it is another user's, such as sudo.
      if (command.pid === undefined) resolve({status: 'not-started', code: codeOf(error) ?? 'UNKNOWN'})
    })
    command.on('exit', (code, signal) => {
      resolve(signal === null ? {status: 'exited', code: code ?? 1} : {status: 'killed', signal})
    })
  })

/**
 * Takes signals away from the listeners of the host, which end the process (CLI 9 to 11: after they sent telemetry).
 * @returns a function that gives them back
 */
function takeSignals(rules: readonly SignalRule[], forward: (signal: NodeJS.Signals) => void): () => void {
  const undo = rules.map(([signal, forwarded]) => {
    const theirs = process.rawListeners(signal) as NodeJS.SignalsListener[]
    const ours = () => {
      if (forwarded) forward(signal)
    }
    // First, since a signal without a listener would end us.
    process.on(signal, ours)
    for (const listener of theirs) process.off(signal, listener)
    return () => {
      for (const listener of theirs) process.on(signal, listener)
      process.off(signal, ours)
    }
  })
  return () => {
    for (const each of undo) each()
  }
}

/** Hides strings from NODE_DEBUG=child_process, which prints the environment of a program that is started. */
function withoutStrings<T>(start: () => T): T {
  if (!process.env.NODE_DEBUG) return start()
  const before = {...inspect.defaultOptions}
  inspect.defaultOptions = {maxArrayLength: 0, maxStringLength: 0}
  try {
    return start()
  } finally {
    inspect.defaultOptions = before
  }
}

/**
 * Ends this process by a signal that ended the command. Where that is not possible, this process ends with the exit status that
 * a shell reports for the signal.
 */
export function endBySignal(signal: NodeJS.Signals): void {
  process.exitCode = exitStatusOf(signal)
  try {
    // Some signals make the system write our memory, which has the token, to a file. On Linux this leaves it out.
    writeFileSync('/proc/self/coredump_filter', '0')
  } catch {
    // Another system, or no permission.
  }
  // A listener that is removed leaves the system's default action; node itself ignores SIGPIPE, and listens for SIGUSR1.
  if (signal !== 'SIGKILL') process.on(signal, () => undefined)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}
