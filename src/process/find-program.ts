import {accessSync, constants, statSync} from 'node:fs'
import {delimiter, isAbsolute, join} from 'node:path'

// No .cmd or .bat: they need a shell, and we never start one.
const EXTENSIONS = process.platform === 'win32' ? ['.exe', '.com'] : ['']

/**
 * Looks up a program on PATH. Starts nothing.
 * @param name the program's name, without an extension
 * @param env the environment that has PATH
 * @returns its absolute path, or undefined if there is no executable one
 */
export function findProgram(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env[pathKey(env)] ?? '').split(delimiter)
  // An empty or relative entry means the current folder: we would run a program of any repository.
  const candidates = folders
    .filter(isAbsolute)
    .flatMap((folder) => EXTENSIONS.map((extension) => join(folder, name + extension)))
  return candidates.find(isProgram)
}

/** Windows spells it `Path`, and in a copy of the environment names are case-sensitive. */
const pathKey = (env: NodeJS.ProcessEnv) =>
  process.platform === 'win32' ? (Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH') : 'PATH'

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
