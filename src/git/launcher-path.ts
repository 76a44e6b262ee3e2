import {join} from 'node:path'

/** The launcher that git is pointed to. */
export const launcherPath = (dataDir: string) => join(dataDir, 'git-credential-helper')
