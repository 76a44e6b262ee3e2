import {join} from 'node:path'

/** The launcher that git is pointed to. Apart from launcher.ts, for those who look at it before every command. */
export const launcherPath = (dataDir: string) => join(dataDir, 'git-credential-helper')
