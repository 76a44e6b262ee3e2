import {UserError} from '../errors.js'

/** The exit status that the shell reports of a program that a signal has ended. */
export const exitStatusOf = (signal: NodeJS.Signals) =>
  // Loaded here, since the git helper has this file, and hardly ever needs it.
  128 + process.getBuiltinModule('node:os').constants.signals[signal]

/** A signal ended the operation. */
export const interruptedBy = (signal: NodeJS.Signals) =>
  new UserError(`interrupted (${signal})`, undefined, exitStatusOf(signal))

/** Those that end a command: Ctrl-C, a supervisor's, `kill`'s or timeout(1)'s, and a closed terminal's. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Has something done before a signal ends this process. Whoever else listens for it goes on deciding what it does.
 * @param action is told which signal it is
 * @returns a function that takes the arrangement back
 */
export function beforeSignalsEnd(action: (signal: NodeJS.Signals) => void): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    action(signal)
    release()
    // Ours was the only listener: what the signal does by default is still to happen.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  const release = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
  // First of all: signal-exit, which proper-lockfile has, ends the process only if nobody else listens any more.
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
