import {UserError} from '../errors.js'

/** The exit status that a shell reports for a program that a signal ended. */
export const exitStatusOf = (signal: NodeJS.Signals) =>
  // Loaded here: the git helper imports this file, and rarely needs it.
  128 + process.getBuiltinModule('node:os').constants.signals[signal]

/** A signal ended the operation. */
export const interruptedBy = (signal: NodeJS.Signals) =>
  new UserError(`interrupted (${signal})`, undefined, exitStatusOf(signal))

/** The signals that end a command: Ctrl-C; `kill`, timeout(1) or a supervisor; a closed terminal. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs `action` before a signal ends this process. Other listeners still run.
 * @returns a function that removes the listeners
 */
export function beforeSignalsEnd(action: (signal: NodeJS.Signals) => void): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    action(signal)
    release()
    // Ours was the only listener, so the signal's default action is still due.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  const release = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
  // Before all others: signal-exit (in proper-lockfile) ends the process only if no other listener is left.
  for (const signal of SIGNALS) process.prependListener(signal, onSignal)
  return release
}

// Longer than another thread of this process, which the kernel may have given the signal to, waits for a processor.
const RELEASE_MS = 1000

/** Defers signals until `work` returns: the process must not end before the program that it waits for. */
export function holdingSignals<T>(work: () => T): T {
  const release = beforeSignalsEnd(() => undefined)
  try {
    return work()
  } finally {
    // A signal that came in the meantime is delivered in a later turn of the event loop; without a listener it is dropped.
    setTimeout(release, RELEASE_MS).unref()
  }
}
