import {accessSync, constants, statSync} from 'node:fs'
import {posix, win32} from 'node:path'

// No .cmd or .bat: they need a shell, and we never start one.
const EXTENSIONS_ON_WINDOWS = ['.exe', '.com']

/**
 * Looks up a program on PATH. Starts nothing.
 * @param name the program's name, without an extension
 * @param env the environment that has PATH
 * @returns its absolute path, or undefined if there is no executable one
 */
export function findProgram(name: string, env: NodeJS.ProcessEnv): string | undefined {
  return candidates(name, env, process.platform).find(isProgram)
}

/**
 * The absolute paths that a program may have, in the order of PATH.
 * @param platform as `process.platform`
 */
export function candidates(name: string, env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string[] {
  const windows = platform === 'win32'
  const paths = windows ? win32 : posix
  const path = env[windows ? pathKey(env) : 'PATH'] ?? ''
  const folders = windows ? splitQuoted(path) : path.split(paths.delimiter)
  const extensions = windows ? EXTENSIONS_ON_WINDOWS : ['']
  // An empty or relative entry means the current folder: we would run a program of any repository.
  return folders
    .filter((folder) => paths.isAbsolute(folder))
    .flatMap((folder) => extensions.map((extension) => paths.join(folder, name + extension)))
}

/** Windows spells it `Path`, and in a copy of the environment names are case-sensitive. */
const pathKey = (env: NodeJS.ProcessEnv) => Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'

/** The entries without their quotes: on Windows an entry may be quoted, in whole or in part, and then may hold a semicolon. */
const splitQuoted = (path: string) =>
  (path.match(/(?:"[^"]*"?|[^";])+/gu) ?? []).map((entry) => entry.replaceAll('"', ''))

function isProgram(file: string): boolean {
  try {
    // Most folders do not have it, and an exception takes time.
    if (!statSync(file, {throwIfNoEntry: false})?.isFile()) return false
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
