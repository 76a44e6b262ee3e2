// The time that a tool has had: real time, less what a busy machine took from it.
import {readFileSync} from 'node:fs'
import {availableParallelism} from 'node:os'

const TICK_MS = 250

/** From this many runnable processes per processor, we count less time. */
const MANY = 4

/** The least share of a tick that counts, so that the wait for a hanging keychain ends. */
const LEAST = 0.1

let lost = 0
let lostUntil = 0

/** In milliseconds. Not performance.now(), which takes longer to load than this file; the git helper must be fast. */
const now = () => process.uptime() * 1000

/** In milliseconds. */
export const toolTime = () => now() - lost

/**
 * Calls back once, after a time by {@link toolTime}.
 * @param timeoutMs in milliseconds
 * @returns a function that cancels the call
 */
export function afterToolTime(timeoutMs: number, then: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const end = toolTime() + timeoutMs
  const wait = () => {
    const step = Math.min(TICK_MS, end - toolTime())
    if (step <= 0) {
      then()
      return
    }
    const due = now() + step
    timer = setTimeout(() => {
      noteTick(step, due)
      wait()
    }, step)
  }
  wait()
  return () => {
    clearTimeout(timer)
  }
}

/**
 * The tool and the keychain lose more than our own delay, since the scheduler wakes a sleeping process, such as this
 * one, before busy ones. (With 200 helpers and four busy loops on two cores, calls took 2.6 s, and the delays were
 * 0.8 s.) So we subtract three times as much, or what the number of runnable processes suggests.
 * @param step how long we slept, in milliseconds
 * @param due when the timer was due, by {@link now}
 */
function noteTick(step: number, due: number): void {
  const from = Math.max(due, lostUntil)
  lostUntil = Math.max(lostUntil, now())
  const delay = Math.max(0, lostUntil - from)
  lost += delay + step * Math.min(1 - LEAST, Math.max((2 * delay) / step, 1 - shareOfProcessor()))
}

/** A runnable process's share, at most 1, by the fourth field of /proc/loadavg (proc(5)); 1 where there is no such file. */
function shareOfProcessor(): number {
  try {
    const [, runnable] = / (\d+)\/\d+ /u.exec(readFileSync('/proc/loadavg', 'latin1')) ?? []
    return Math.min(1, (MANY * availableParallelism()) / Number(runnable ?? 0))
  } catch {
    return 1
  }
}
