import type {Interfaces} from '@oclif/core'
import {fileURLToPath} from 'node:url'
import type {Hosts} from '../hosts.js'
import type {Subject} from './steady-state.js'

/** What git is to be configured for, as a command of this host CLI sees it. */
export function subjectFor(config: Pick<Interfaces.Config, 'cacheDir' | 'dataDir'>, hosts: Hosts): Subject {
  return {
    env: process.env,
    dataDir: config.dataDir,
    cacheDir: config.cacheDir,
    hosts: {git: hosts.git, api: hosts.api},
    helper: fileURLToPath(new URL('../git-helper.cjs', import.meta.url)),
  }
}
