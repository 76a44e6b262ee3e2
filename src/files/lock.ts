// A lock beside a file: a folder, which every file system creates atomically.
import {chmod, lstat, stat, utimes} from 'node:fs/promises'
import {setTimeout as sleep} from 'node:timers/promises'
import {codeOf, StorageError} from '../errors.js'
import {fileError} from './file-error.js'
import {mayBeHeldOpen} from './held-open.js'

/** A lock that has not been renewed for this long is taken over: its holder was killed. Holders renew it every 2 s. */
const STALE_MS = 4000

/** A held lock. */
export interface Lock {
  /** Whether we still hold it: a process that was stopped for a while may have lost it. */
  isHeld: () => boolean
  /** Releases it. A lock that cannot be released is soon stale. */
  release: () => Promise<void>
}

/**
 * Runs `work` while holding a lock.
 * @param target the guarded path; the lock is `<target>.lock`
 * @param waitMs how long to wait for another process's lock, in milliseconds
 * @param work gets a function that throws if the lock was lost, to call before each permanent change
 * @param platform as `process.platform`
 * @throws {StorageError} if the lock cannot be acquired
 */
export async function withLock<T>(
  target: string,
  waitMs: number,
  work: (assertHeld: () => void) => Promise<T>,
  platform = process.platform,
): Promise<T> {
  const lockPath = `${target}.lock`
  const lock = await acquireLock(target, waitMs, platform).catch((error: unknown) => {
    throw codeOf(error) === 'ELOCKED' ? heldByOther(lockPath, waitMs) : fileError('lock', lockPath, error)
  })
  try {
    return await work(() => {
      if (!lock.isHeld()) throw new StorageError('failed', `lost ${lockPath} to another program`, 'try again')
    })
  } finally {
    await lock.release()
  }
}

/**
 * Acquires the lock, for callers that report their own errors.
 * @throws {Error} 'ELOCKED' if another process holds it for too long, or the file system's error
 */
export async function acquireLock(target: string, waitMs: number, platform = process.platform): Promise<Lock> {
  const {default: lockfile} = await import('proper-lockfile')
  let held = true
  const onCompromised = () => {
    held = false
  }
  const deadline = performance.now() + waitMs
  for (;;) {
    try {
      const release = await lockfile.lock(target, {realpath: false, stale: STALE_MS, onCompromised})
      // If the umask let others write, they could put a file into it, and it could not be removed.
      await chmod(`${target}.lock`, 0o700).catch(() => undefined)
      return {isHeld: () => held, release: () => release().catch(() => undefined)}
    } catch (error) {
      if (codeOf(error) === 'ELOCKED' && (await makeStaleIfAhead(`${target}.lock`))) continue
      const isDenied = mayBeHeldOpen(error, platform)
      // Not the library's retries: it would also retry in a folder that we may not write to.
      if (codeOf(error) !== 'ELOCKED' && !isDenied) throw error
      if (performance.now() >= deadline) throw isDenied && (await exists(`${target}.lock`)) ? locked(error) : error
      await sleep(20 + Math.random() * 60)
    }
  }
}

/** A lock that another process is removing on Windows: the error of the file system says that access is denied. */
const locked = (cause: unknown) => Object.assign(new Error('the lock is held', {cause}), {code: 'ELOCKED'})

/** True if it is unknown: a folder that is being removed on Windows cannot be looked at. */
const exists = (path: string) =>
  lstat(path).then(
    () => true,
    (error: unknown) => codeOf(error) !== 'ENOENT',
  )

/**
 * Makes a lock stale whose time is ahead of the clock: the clock was set back, and no process renews the lock, since
 * that would have changed its time. A holder that is still alive notices by the new time that it has lost the lock.
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
