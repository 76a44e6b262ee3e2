import {existsSync} from 'node:fs'
import {homedir} from 'node:os'
import {join} from 'node:path'

/** The files that can be git's global configuration, in the order in which git reads them. */
export function globalFiles(env: NodeJS.ProcessEnv): string[] {
  if (env.GIT_CONFIG_GLOBAL !== undefined) return env.GIT_CONFIG_GLOBAL === '' ? [] : [env.GIT_CONFIG_GLOBAL]
  const home = env.HOME ?? (process.platform === 'win32' ? homedir() : undefined)
  // An empty XDG_CONFIG_HOME counts as none.
  const configured = env.XDG_CONFIG_HOME === '' ? undefined : env.XDG_CONFIG_HOME
  const xdg = configured ?? (home && join(home, '.config'))
  return [...(xdg ? [join(xdg, 'git', 'config')] : []), ...(home ? [join(home, '.gitconfig')] : [])]
}

export const existingFiles = (env: NodeJS.ProcessEnv) => globalFiles(env).filter((file) => existsSync(file))
