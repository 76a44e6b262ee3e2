import type {Interfaces} from '@oclif/core'
import {fileURLToPath} from 'node:url'
import type {Endpoints} from '../heroku/endpoints.js'
import type {SetupTarget} from './setup-stamp.js'

/** What git is to be configured for, as a command of this host CLI sees it. */
export function setupTarget(config: Pick<Interfaces.Config, 'cacheDir' | 'dataDir'>, hosts: Endpoints): SetupTarget {
  return {
    env: process.env,
    dataDir: config.dataDir,
    cacheDir: config.cacheDir,
    hosts: {git: hosts.git, api: hosts.api},
    helper: fileURLToPath(new URL('../git-helper.cjs', import.meta.url)),
  }
}
