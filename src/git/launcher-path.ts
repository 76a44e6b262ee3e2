import {join} from 'node:path'
import {sharedFolder} from './data-dir.js'

/** The launcher's file name, as in every version. */
export const LAUNCHER = 'git-credential-helper'

/** The user's one launcher. */
export const launcherPath = (env: NodeJS.ProcessEnv) => join(sharedFolder(env), LAUNCHER)
