import {accessSync, constants, statSync} from 'node:fs'
import {delimiter, isAbsolute, join} from 'node:path'

// No .cmd or .bat: they cannot be started without a shell, and nothing of ours goes through one.
const ENDINGS = process.platform === 'win32' ? ['.exe', '.com'] : ['']

/**
 * Looks a program up on PATH without starting anything.
 * @param name the program's name, without an ending
 * @param env the environment whose PATH counts
 * @returns its absolute path, or undefined if there is none that we may run
 */
export function findProgram(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env[pathKey(env)] ?? '').split(delimiter)
  // An empty or relative entry means 'wherever the user stands': a program lying in some repository would be run.
  const candidates = folders
    .filter(isAbsolute)
    .flatMap((folder) => ENDINGS.map((ending) => join(folder, name + ending)))
  return candidates.find(isProgram)
}

/** Windows spells it `Path`, and a copied environment is no longer blind to case. */
const pathKey = (env: NodeJS.ProcessEnv) =>
  process.platform === 'win32' ? (Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH') : 'PATH'

function isProgram(file: string): boolean {
  try {
    // Asked in a way that throws nothing where nothing is, as in most folders: an exception takes time.
    if (!statSync(file, {throwIfNoEntry: false})?.isFile()) return false
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
