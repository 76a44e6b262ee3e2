// How a thread learns of Ctrl-C, and of what else ends all of a terminal's processes, or timeout(1)'s. Signals are
// delivered to the main thread's event loop alone, and that waits for us.
import {type ChildProcess, spawn} from 'node:child_process'

/** Signals that are sent to a whole process group. */
export type Interrupt = 'SIGINT' | 'SIGHUP' | 'SIGTERM'

// A process of our own group gets what is sent to the group. It ends when its stdin does, so with us.
const SENTINEL = ['-e', 'process.stdin.resume()']
/** What Windows has a process end with that Ctrl-C has ended: STATUS_CONTROL_C_EXIT. */
const CONTROL_C_EXIT = 0xc0_00_01_3a

/**
 * Watches for a signal to our process group.
 * @param afterMs how long to wait before anything is started for it, in milliseconds
 * @param interrupted is told which signal it was, at most once
 * @returns a function that ends the watch
 */
export function watchForInterrupt(afterMs: number, interrupted: (signal: Interrupt) => void): () => void {
  let sentinel: ChildProcess | undefined
  const timer = setTimeout(() => {
    const {SystemRoot} = process.env
    sentinel = spawn(process.execPath, SENTINEL, {
      env: SystemRoot === undefined ? {} : {SystemRoot},
      stdio: ['pipe', 'ignore', 'ignore'],
      windowsHide: true,
    })
    sentinel.stdin?.on('error', () => undefined)
    sentinel.on('error', () => undefined)
    sentinel.on('exit', (code, signal) => {
      if (signal === 'SIGINT' || signal === 'SIGHUP' || signal === 'SIGTERM') interrupted(signal)
      if (code === CONTROL_C_EXIT) interrupted('SIGINT')
    })
  }, afterMs)
  return () => {
    clearTimeout(timer)
    sentinel?.removeAllListeners('exit')
    sentinel?.kill('SIGKILL')
  }
}
