// Calls a hook before every file operation of a program, so that a test can make it fail or end the program there.
import fs from 'node:fs'
import promises from 'node:fs/promises'
import {createRequire, syncBuiltinESMExports} from 'node:module'

/** Called with the operation's name before the operation; an error that it throws replaces the operation. */
export type Before = (operation: string) => void

type Operation = (this: unknown, ...args: unknown[]) => unknown
type Operations = Record<string, Operation>

const PROMISES = [
  'access',
  'appendFile',
  'lstat',
  'mkdir',
  'open',
  'readFile',
  'readdir',
  'readlink',
  'realpath',
  'rename',
  'rm',
  'stat',
  'unlink',
]
/** Operations that only read: ending a program before one of them is the same as before the next. */
export const LOOKS = [
  'access',
  'lstat',
  'readFile',
  'readdir',
  'readlink',
  'realpath',
  'stat',
  'handle.stat',
  'lock.stat',
]
const OF_A_HANDLE = ['writeFile', 'chmod', 'sync', 'stat']
// The operations of proper-lockfile, which calls graceful-fs with a callback as the last argument.
const OF_A_LOCK = ['mkdir', 'stat', 'rmdir', 'utimes']

/**
 * Calls `before` before each operation on a file below a folder, from now on.
 * @param bundled whether the program under test is a bundle, with its own copy of graceful-fs
 * @returns a function that undoes this
 */
export async function watchFiles(folder: string, before: Before, bundled = false): Promise<() => void> {
  const undo: (() => void)[] = []
  const replace = (object: unknown, name: string, wrap: (original: Operation) => Operation) => {
    const operations = object as Operations
    const original = operations[name]
    if (original === undefined) throw new Error(`there is no ${name}`)
    operations[name] = wrap(original)
    undo.push(() => {
      operations[name] = original
    })
  }
  const isOurs = (path: unknown) => typeof path === 'string' && path.startsWith(folder)

  const handle = await promises.open(folder)
  for (const name of PROMISES)
    replace(promises, name, (original) => async (...args) => {
      if (isOurs(args[0])) before(name)
      return await original.apply(promises, args)
    })

  for (const name of OF_A_HANDLE)
    replace(
      Object.getPrototypeOf(handle),
      name,
      (original) =>
        async function (...args) {
          before(`handle.${name}`)
          return await original.apply(this, args)
        },
    )
  await handle.close()

  const locks: unknown = bundled
    ? fs
    : createRequire(createRequire(import.meta.url).resolve('proper-lockfile'))('graceful-fs')
  for (const name of OF_A_LOCK)
    replace(
      locks,
      name,
      (original) =>
        function (...args) {
          const callback = args.at(-1)
          if (isOurs(args[0]) && typeof callback === 'function')
            try {
              before(`lock.${name}`)
            } catch (error) {
              process.nextTick(callback, error)
              return undefined
            }
          return original.apply(this, args)
        },
    )

  syncBuiltinESMExports()
  return () => {
    for (const each of undo) each()
    syncBuiltinESMExports()
  }
}
