import {afterToolTime} from '../../src/process/tool-clock.js'

/**
 * What a run resolves to, if it ends in time by the clock of our own limits, which gives it longer on a busy machine.
 * @param timeoutMs in milliseconds; at most ten times as long on the wall
 * @throws {Error} if it does not
 */
export async function endsWithin<T>(timeoutMs: number, run: Promise<T>): Promise<T> {
  const clock: {stop?: () => void} = {}
  const late = new Promise<never>((_, reject) => {
    clock.stop = afterToolTime(timeoutMs, () => {
      reject(new Error(`it did not end within ${timeoutMs} ms`))
    })
  })
  try {
    return await Promise.race([run, late])
  } finally {
    clock.stop?.()
  }
}
