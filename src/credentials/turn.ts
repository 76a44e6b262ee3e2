import {join} from 'node:path'
import {holdingLock} from '../lock.js'

// Beyond what the other's keychain may take.
const MARGIN_MS = 10_000

/**
 * Does something with the keychain and the record of logins that no other process of ours does at the same time, such
 * as looking what is there and replacing it.
 * @param timeoutMs how long one keychain operation may take, in milliseconds
 * @throws {BackendError} if its turn does not come
 */
export function inTurn<T>(
  {dataDir, timeoutMs}: {dataDir: string; timeoutMs: number},
  work: () => Promise<T>,
): Promise<T> {
  return holdingLock(join(dataDir, 'heroku-keychain'), timeoutMs + MARGIN_MS, work)
}
