// The thread that asks the four tiers for somebody who stands still in the meantime.
import type {Worker} from 'node:worker_threads'
import type {Link} from './netrc-order.js'

const FILE = new URL('../netrc-worker.cjs', import.meta.url)

/** A thread that waits for its one order. It does not keep the process from its end. */
export interface Thread extends Link {
  worker: Worker
}

/**
 * Starts a thread. That takes as long as starting node does.
 * @param file default: the one that this package was built with
 */
export function startThread(file: URL = FILE): Thread {
  // Loaded here, since most commands do without a thread.
  const threads = process.getBuiltinModule('node:worker_threads')
  const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const {port1: port, port2: theirs} = new threads.MessageChannel()
  const workerData: Link = {port: theirs, state}
  // Whatever this process was told to load first is of no use there; its variables count as they are when it asks.
  const worker = new threads.Worker(file, {workerData, transferList: [theirs], execArgv: [], env: threads.SHARE_ENV})
  worker.unref()
  // It would be thrown at nobody; that there is no answer says it.
  worker.on('error', () => undefined)
  return {worker, port, state}
}
