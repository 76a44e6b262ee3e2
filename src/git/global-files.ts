import {existsSync} from 'node:fs'
import {join} from 'node:path'

/** The files that can be git's global configuration, in the order in which git reads them. */
export function globalFiles(env: NodeJS.ProcessEnv): string[] {
  if (env.GIT_CONFIG_GLOBAL !== undefined) return env.GIT_CONFIG_GLOBAL === '' ? [] : [env.GIT_CONFIG_GLOBAL]
  const home = env.HOME ?? (process.platform === 'win32' ? homeOnWindows() : undefined)
  // An empty XDG_CONFIG_HOME counts as none.
  const configured = env.XDG_CONFIG_HOME === '' ? undefined : env.XDG_CONFIG_HOME
  const xdg = configured ?? (home && join(home, '.config'))
  return [...(xdg ? [join(xdg, 'git', 'config')] : []), ...(home ? [join(home, '.gitconfig')] : [])]
}

/** Loaded here, since this is asked before every command, on Windows alone, and mostly answered by HOME. */
const homeOnWindows = () => process.getBuiltinModule('node:os').homedir()

export const existingFiles = (env: NodeJS.ProcessEnv) => globalFiles(env).filter((file) => existsSync(file))
