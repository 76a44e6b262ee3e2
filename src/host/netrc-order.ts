// What the main thread and the one that asks the four tiers for it say to each other.
import type {MessagePort} from 'node:worker_threads'
import type {Interrupt} from '../interrupt.js'
import type {PolledTool} from '../polled-tool.js'
import type {Reply, Request} from './netrc-answer.js'

/** What the thread is started with. */
export interface Link {
  /** Where the order comes from, and the outcome goes. */
  port: MessagePort
  /** One number, shared by both: how far the thread is. */
  state: Int32Array
}

export interface Order {
  request: Request
  /** The name of the host CLI, which begins what the user is told. */
  bin: string
  /** oclif's `config.dataDir`. */
  dataDir: string
  /** Whether stderr is a terminal, where somebody may answer a keychain's prompt. */
  terminal: boolean
  /** The keyring's tool, if it was asked already. */
  asked?: PolledTool | undefined
}

export const WAITING = 0
export const STARTED = 1
export const DONE = 2

export type Outcome = Reply | {interrupted: Interrupt}
