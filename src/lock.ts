// A lock beside a file, for those who change what it guards: a folder, so that it is there or not on every file system.
import {setTimeout as sleep} from 'node:timers/promises'
import {BackendError} from './backends/backend.js'
import {codeOf, fileTrouble} from './file-trouble.js'

/** A lock whose holder was killed is ours after this; a living holder renews it every two seconds. */
const STALE_MS = 4000

/**
 * Does something that no other process of ours does at the same time.
 * @param target what is guarded; the lock is `<target>.lock`
 * @param waitMs how long to wait for another process's turn, in milliseconds
 * @param work is given a function that throws if the lock was lost; to be called before anything is changed for good
 * @throws {BackendError} if the lock cannot be had
 */
export async function holdingLock<T>(
  target: string,
  waitMs: number,
  work: (assertHeld: () => void) => Promise<T>,
): Promise<T> {
  const lockPath = `${target}.lock`
  let lost = false
  const release = await acquire(target, lockPath, waitMs, () => {
    lost = true
  })
  try {
    return await work(() => {
      if (lost) throw new BackendError('failed', `lost ${lockPath} to another program`, 'try again')
    })
  } finally {
    // A lock that cannot be released is stale soon.
    await release().catch(() => undefined)
  }
}

async function acquire(target: string, lockPath: string, waitMs: number, onCompromised: () => void) {
  const {default: lockfile} = await import('proper-lockfile')
  const end = performance.now() + waitMs
  for (;;) {
    try {
      return await lockfile.lock(target, {realpath: false, stale: STALE_MS, onCompromised})
    } catch (error) {
      // Retries are not left to the library: it would also try a folder that we may not write to again and again.
      if (codeOf(error) !== 'ELOCKED') throw fileTrouble('lock', lockPath, error)
      if (performance.now() >= end) throw heldByOther(lockPath, waitMs)
      await sleep(20 + Math.random() * 60)
    }
  }
}

const heldByOther = (lockPath: string, waitMs: number) =>
  new BackendError(
    'timed-out',
    `${lockPath} is still held by another program after ${waitMs / 1000} s`,
    `if no heroku command is running: rmdir ${lockPath}`,
  )
