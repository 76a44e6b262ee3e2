import type {Interfaces} from '@oclif/core'
import {createRequire} from 'node:module'
import {patchNetrcParser} from './netrc-parser/patch.js'
import {openSyncCredentials, type SyncCredentials} from './sync-credentials.js'

// One for the process, however many copies of netrc-parser there are.
let credentials: SyncCredentials | undefined

/**
 * Lays the four tiers over a copy of netrc-parser.
 * @param parser its folder
 */
export function standBeforeNetrc(config: Interfaces.Config, parser: string): void {
  credentials ??= openSyncCredentials(config)
  patchNetrcParser(createRequire(import.meta.url)(parser), credentials)
}
