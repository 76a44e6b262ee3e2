import {existsSync, statSync} from 'node:fs'
import {join} from 'node:path'

/** The files that can be git's global configuration, in the order in which git reads them. */
export function globalFiles(env: NodeJS.ProcessEnv): string[] {
  if (env.GIT_CONFIG_GLOBAL !== undefined) return env.GIT_CONFIG_GLOBAL === '' ? [] : [env.GIT_CONFIG_GLOBAL]
  const home = env.HOME ?? (process.platform === 'win32' ? homeOnWindows(env) : undefined)
  // An empty XDG_CONFIG_HOME counts as none.
  const configured = env.XDG_CONFIG_HOME === '' ? undefined : env.XDG_CONFIG_HOME
  const xdg = configured ?? (home && join(home, '.config'))
  return [...(xdg ? [join(xdg, 'git', 'config')] : []), ...(home ? [join(home, '.gitconfig')] : [])]
}

/** Where git looks there if HOME is not set, which may be on a network and away just now (git's compat/mingw.c). */
export function homeOnWindows({HOMEDRIVE, HOMEPATH, USERPROFILE}: NodeJS.ProcessEnv): string | undefined {
  const share = HOMEDRIVE !== undefined && HOMEPATH !== undefined ? HOMEDRIVE + HOMEPATH : undefined
  return share !== undefined && statSync(share, {throwIfNoEntry: false})?.isDirectory() ? share : USERPROFILE
}

export const existingFiles = (env: NodeJS.ProcessEnv) => globalFiles(env).filter((file) => existsSync(file))
