import {join} from 'node:path'
import {withLock} from '../files/lock.js'

// Beyond what the other's keychain may take.
const MARGIN_MS = 10_000

/** How long a turn is waited for: as long as a keychain operation may take, or not even that. In milliseconds. */
type Wait = {timeoutMs: number} | {waitMs: number}

/**
 * Does something with the keychain and the record of logins that no other process of ours does at the same time, such
 * as looking what is there and replacing it.
 * @param work is given a function that throws if the lock was lost; to be called before anything is changed
 * @throws {StorageError} if its turn does not come, or the lock was lost
 */
export function withLoginLock<T>(
  {dataDir, ...wait}: {dataDir: string} & Wait,
  work: (assertHeld: () => void) => Promise<T>,
): Promise<T> {
  const waitMs = 'waitMs' in wait ? wait.waitMs : wait.timeoutMs + MARGIN_MS
  return withLock(join(dataDir, 'heroku-keychain'), waitMs, work)
}
