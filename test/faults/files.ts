// Injects faults into file operations, however a module imports them: replaces node's functions in this process, and
// counts the calls for files below one folder.
import fs from 'node:fs'
import {syncBuiltinESMExports} from 'node:module'

export const FILE_FAULTS = ['EACCES', 'ENOSPC', 'EIO', 'half is written', 'garbage', 'half is read', '10 MB'] as const
export type FileFault = (typeof FILE_FAULTS)[number]

/** The faults of an operation: a read, for example, never fails with ENOSPC. */
export function faultsFor(call: string): FileFault[] {
  if (call.startsWith('readFile')) return ['EACCES', 'EIO', 'garbage', 'half is read', '10 MB']
  if (call.startsWith('write') || call.startsWith('handle.write')) return ['EACCES', 'ENOSPC', 'EIO', 'half is written']
  if (/^(?:open|rename|mkdir|handle\.sync)/u.test(call)) return ['EACCES', 'ENOSPC', 'EIO']
  return ['EACCES', 'EIO']
}

interface Armed {
  folder: string
  fault: FileFault
  at: number
  calls: string[]
  /** Kill this process instead of failing. */
  kill: boolean
}

let armed: Armed | undefined

const GARBAGE = Buffer.from('\u00FF\u0080<html>{"\u001B[2J', 'latin1')
const names = [
  'readFile',
  'open',
  'rename',
  'unlink',
  'stat',
  'lstat',
  'realpath',
  'readlink',
  'readdir',
  'mkdir',
  'rmdir',
] as const
const more = ['access', 'rm', 'chmod', 'utimes', 'writeFile'] as const
const sync = ['readFileSync', 'writeFileSync', 'mkdirSync', 'statSync', 'rmSync'] as const

type Any = (...args: unknown[]) => unknown

/** This call's fault, if it has one. */
function due(name: string, path: unknown): FileFault | undefined {
  if (!armed || typeof path !== 'string' || !path.startsWith(armed.folder)) return undefined
  const short = path.slice(armed.folder.length + 1).replaceAll(/[0-9a-f]{16}/gu, '*')
  const index = armed.calls.push(`${name} ${short}`) - 1
  if (index !== armed.at) return undefined
  if (armed.kill) process.kill(process.pid, 'SIGKILL')
  return armed.fault
}

const failure = (code: string, path: unknown) =>
  Object.assign(new Error(`${code}: a planted fault, ${String(path)}`), {code, errno: -5, syscall: 'x', path})

/** The content that a read returns with this fault; undefined for a fault where the read fails. */
function spoilt(fault: FileFault, read: unknown): unknown {
  const bytes = Buffer.isBuffer(read) ? read : Buffer.from(String(read))
  const instead = {
    garbage: GARBAGE,
    'half is read': bytes.subarray(0, bytes.length / 2),
    '10 MB': Buffer.alloc(10_000_000, 'x'),
  }[fault as 'garbage']
  return Buffer.isBuffer(read) ? instead : instead.toString('utf8')
}

const isSpoilt = (fault: FileFault) => fault === 'garbage' || fault === 'half is read' || fault === '10 MB'
const codeFor = (fault: FileFault) => (fault === 'half is written' ? 'ENOSPC' : fault)

function watched(handle: fs.promises.FileHandle, path: string): fs.promises.FileHandle {
  return new Proxy(handle, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== 'function') return value
      return async (...args: unknown[]) => {
        const fault = key === 'close' ? undefined : due(`handle.${String(key)}`, path)
        if (fault === 'half is written' && key === 'writeFile') {
          const bytes = Buffer.from(args[0] as string)
          await target.writeFile(bytes.subarray(0, bytes.length / 2))
        }
        if (fault !== undefined) throw failure(codeFor(fault), path)
        return (value as Any).apply(target, args)
      }
    },
  })
}

function replacePromise(name: string): void {
  const real = Reflect.get(fs.promises, name) as Any
  Reflect.set(fs.promises, name, async (...args: unknown[]) => {
    const fault = due(name, args[0])
    if (fault !== undefined && !isSpoilt(fault)) throw failure(codeFor(fault), args[0])
    const result = await real(...args)
    if (fault !== undefined) return spoilt(fault, result)
    const ours = armed && typeof args[0] === 'string' && args[0].startsWith(armed.folder)
    return name === 'open' && ours ? watched(result as fs.promises.FileHandle, args[0] as string) : result
  })
}

function replaceCallback(name: string): void {
  const real = Reflect.get(fs, name) as Any
  const replaced = (...args: unknown[]) => {
    const fault = due(`${name}()`, args[0])
    const done = args.at(-1)
    if (fault === undefined || typeof done !== 'function') return real(...args)
    setImmediate(() => (done as Any)(failure(isSpoilt(fault) ? 'EIO' : codeFor(fault), args[0])))
    return undefined
  }
  Reflect.set(fs, name, Object.assign(replaced, real))
}

function replaceSync(name: string): void {
  const real = Reflect.get(fs, name) as Any
  Reflect.set(fs, name, (...args: unknown[]) => {
    const fault = due(name, args[0])
    if (fault !== undefined && !isSpoilt(fault)) throw failure(codeFor(fault), args[0])
    const result = real(...args)
    return fault === undefined ? result : spoilt(fault, result)
  })
}

let replaced = false

/** Replaces node's functions, once. Call it before the modules under test load proper-lockfile, which copies them. */
export function watchFiles(): void {
  if (replaced) return
  replaced = true
  for (const name of [...names, ...more]) replacePromise(name)
  for (const name of ['mkdir', 'rmdir', 'stat', 'utimes']) replaceCallback(name)
  for (const name of sync) replaceSync(name)
  syncBuiltinESMExports()
}

/**
 * Runs `action` with a fault in one file operation below a folder.
 * @param at the operation's index, from 0; -1 for no fault
 * @param kill whether to kill this process at that operation
 * @returns the action's result, and the operations
 */
export async function withFileFault<T>(
  folder: string,
  fault: FileFault,
  at: number,
  action: () => Promise<T>,
  kill = false,
): Promise<{result: T; calls: string[]}> {
  const calls: string[] = []
  armed = {folder, fault, at, calls, kill}
  try {
    return {result: await action(), calls}
  } finally {
    armed = undefined
  }
}
