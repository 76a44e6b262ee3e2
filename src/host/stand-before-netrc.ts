import type {Interfaces} from '@oclif/core'
import {createRequire} from 'node:module'
import {overlayNetrc} from './netrc-overlay.js'
import {openSyncCredentials, type SyncCredentials} from './sync-credentials.js'
import type {Thread} from './thread.js'

// One for the process, however many copies of netrc-parser there are.
let credentials: SyncCredentials | undefined

/**
 * Lays the four tiers over a copy of netrc-parser.
 * @param parser its folder
 * @param start gives a thread that can be asked
 */
export function standBeforeNetrc(config: Interfaces.Config, parser: string, start: () => Thread): void {
  credentials ??= openSyncCredentials(config, start)
  overlayNetrc(createRequire(import.meta.url)(parser), credentials)
}
