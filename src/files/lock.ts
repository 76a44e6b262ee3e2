// A lock beside a file, for those who change what it guards: a folder, so that it is there or not on every file system.
import {chmod, stat, utimes} from 'node:fs/promises'
import {setTimeout as sleep} from 'node:timers/promises'
import {codeOf, StorageError} from '../errors.js'
import {fileError} from './file-error.js'

/** A lock whose holder was killed is ours after this; a living holder renews it every two seconds. */
const STALE_MS = 4000

/** A turn that was had. */
export interface Turn {
  /** Whether it is still ours: a process that was stopped for a while may have lost it. */
  isHeld: () => boolean
  /** Ends it. What cannot be released is stale soon. */
  end: () => Promise<void>
}

/**
 * Does something that no other process of ours does at the same time.
 * @param target what is guarded; the lock is `<target>.lock`
 * @param waitMs how long to wait for another process's turn, in milliseconds
 * @param work is given a function that throws if the lock was lost; to be called before anything is changed for good
 * @throws {StorageError} if the lock cannot be had
 */
export async function withLock<T>(
  target: string,
  waitMs: number,
  work: (assertHeld: () => void) => Promise<T>,
): Promise<T> {
  const lockPath = `${target}.lock`
  const turn = await takeTurn(target, waitMs).catch((error: unknown) => {
    throw codeOf(error) === 'ELOCKED' ? heldByOther(lockPath, waitMs) : fileError('lock', lockPath, error)
  })
  try {
    return await work(() => {
      if (!turn.isHeld()) throw new StorageError('failed', `lost ${lockPath} to another program`, 'try again')
    })
  } finally {
    await turn.end()
  }
}

/**
 * Waits for a turn; for those who have words of their own for it.
 * @throws {Error} 'ELOCKED' if it does not come, or the file system's if there can be no lock
 */
export async function takeTurn(target: string, waitMs: number): Promise<Turn> {
  const {default: lockfile} = await import('proper-lockfile')
  let held = true
  const onCompromised = () => {
    held = false
  }
  const until = performance.now() + waitMs
  for (;;) {
    try {
      const release = await lockfile.lock(target, {realpath: false, stale: STALE_MS, onCompromised})
      // Where the umask lets others write, they could put a file into it, and it would stay.
      await chmod(`${target}.lock`, 0o700).catch(() => undefined)
      return {isHeld: () => held, end: () => release().catch(() => undefined)}
    } catch (error) {
      if (codeOf(error) === 'ELOCKED' && (await makeStaleIfAhead(`${target}.lock`))) continue
      // Retries are not left to the library: it would also try a folder that we may not write to again and again.
      if (codeOf(error) !== 'ELOCKED' || performance.now() >= until) throw error
      await sleep(20 + Math.random() * 60)
    }
  }
}

/**
 * Makes a lock stale whose time is ahead of the clock: the clock was set back, and nothing renews the lock, or that would
 * have changed its time. A holder that lives after all sees by the time that the lock is lost.
 */
async function makeStaleIfAhead(lockPath: string): Promise<boolean> {
  try {
    const {mtimeMs} = await stat(lockPath)
    if (mtimeMs <= Date.now() + STALE_MS) return false
    await utimes(lockPath, 0, 0)
    return true
  } catch {
    return false
  }
}

const heldByOther = (lockPath: string, waitMs: number) =>
  new StorageError(
    'timed-out',
    `${lockPath} is still held by another program after ${waitMs / 1000} s`,
    `if no heroku command is running: rmdir ${lockPath}`,
  )
