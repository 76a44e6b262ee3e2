// Being asked before every operation on files that a program does: to have it fail, or to end it there and then.
import fs from 'node:fs'
import promises from 'node:fs/promises'
import {createRequire, syncBuiltinESMExports} from 'node:module'

/** Called with the operation's name before it is done; what it throws is thrown instead. */
export type Before = (operation: string) => void

type Operation = (this: unknown, ...args: unknown[]) => unknown
type Operations = Record<string, Operation>

const PROMISES = [
  'access',
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
const OF_A_HANDLE = ['writeFile', 'chmod', 'sync', 'stat']
// What proper-lockfile does, through graceful-fs, with a callback last.
const OF_A_LOCK = ['mkdir', 'stat', 'rmdir', 'utimes']

/**
 * Asks before each operation on a file below a folder, from now on.
 * @param bundled whether the program under test is one file, and so has a copy of graceful-fs of its own
 * @returns what undoes it
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
