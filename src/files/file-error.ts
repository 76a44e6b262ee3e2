import {lstatSync, type Stats} from 'node:fs'
import {dirname, resolve} from 'node:path'
import {codeOf, StorageError} from '../errors.js'

/**
 * Turns a file system error into a StorageError: the file, the errno, and the next step.
 * @param platform as `process.platform`
 */
export function fileError(verb: string, path: string, error: unknown, platform = process.platform): StorageError {
  const code = codeOf(error) ?? 'unknown error'
  const denied = ['EACCES', 'EPERM', 'EROFS'].includes(code)
  return new StorageError(
    denied ? 'denied' : 'failed',
    `could not ${verb} ${path} (${code})`,
    nextStep(code, path, COMMANDS[platform === 'win32' ? 'windows' : 'posix']),
  )
}

/** The error for a pipe, socket or device, whose read may never end. For a folder the system reports an error. */
export function notAFile(verb: string, path: string, stats: Stats): StorageError | undefined {
  const what = stats.isFIFO()
    ? 'a named pipe'
    : stats.isSocket()
      ? 'a socket'
      : stats.isCharacterDevice() || stats.isBlockDevice()
        ? 'a device'
        : undefined
  if (what === undefined) return undefined
  return new StorageError(
    'failed',
    `could not ${verb} ${path}: it is ${what}`,
    `mv ${quoted(path)} ${quoted(`${path}.old`)}`,
  )
}

/**
 * The error for a file with the read-only attribute of Windows, which a rename over it respects.
 * @param platform as `process.platform`
 */
export function readOnlyOnWindows(
  path: string,
  {mode}: {mode: number},
  platform = process.platform,
): StorageError | undefined {
  // node reports the attribute as a missing permission to write. Elsewhere a mode does not stop a rename.
  if (platform !== 'win32' || (mode & 0o200) !== 0) return undefined
  return new StorageError('denied', `could not write ${path}: it is read-only`, `attrib -r "${path}"`)
}

/** A file's error in a few words. */
export function causeOf(error: unknown): string {
  return error instanceof StorageError ? error.message : (codeOf(error) ?? 'unknown error')
}

/** Commands for the next step. Those for Windows work in cmd and in PowerShell. */
const COMMANDS = {
  posix: {makeFolder: (path: string) => `mkdir -p ${quoted(path)}`, list: (path: string) => `ls -la ${quoted(path)}`},
  windows: {makeFolder: (path: string) => `mkdir "${path}"`, list: (path: string) => `icacls "${path}"`},
}

function nextStep(code: string, path: string, {list, makeFolder}: (typeof COMMANDS)['posix']): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'free some disk space and try again; the file is as it was'
    case 'ENOENT':
      return makeFolder(dirname(path))
    case 'EISDIR':
      return `move the folder ${path} out of the way`
    case 'EBUSY':
      return `${path} is in use or mounted by itself; mount its folder instead, or close the program that uses it`
    case 'EROFS':
      return `${dirname(path)} is on a read-only file system; the file is as it was`
    case 'EACCES':
    case 'EPERM':
      return accessCommand(path) ?? list(dirname(path))
    default:
      return list(dirname(path))
  }
}

/**
 * The command that gives the user access to a path, which may not exist yet: `sudo chown` if another user owns a file
 * or folder in the user's own folder (as after `sudo -E heroku …`), `chmod` if the user's own mode denies it.
 * @returns undefined if neither is the cause
 */
export function accessCommand(path: string): string | undefined {
  const uid = process.geteuid?.()
  const gid = process.getegid?.()
  // Owners and modes do not restrict root.
  if (!uid || gid === undefined) return undefined

  let foreign: {path: string; stats: Stats} | undefined
  for (let current = resolve(path); ; current = dirname(current)) {
    const stats = statsOf(current)
    if (stats && stats.uid !== uid) foreign = {path: current, stats}
    else if (stats && foreign)
      return `sudo chown ${foreign.stats.isDirectory() ? '-R ' : ''}${uid}:${gid} ${quoted(foreign.path)}`
    else if (stats) {
      const command = modeCommand(current, stats)
      if (command !== undefined) return command
    }
    if (current === dirname(current)) return undefined
  }
}

function modeCommand(path: string, stats: Stats): string | undefined {
  if (stats.isDirectory()) return (stats.mode & 0o700) === 0o700 ? undefined : `chmod u+rwx ${quoted(path)}`
  return !stats.isFile() || (stats.mode & 0o600) === 0o600 ? undefined : `chmod u+rw ${quoted(path)}`
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch {
    // Missing, or in a folder that we cannot search: the command is then for that folder.
    return undefined
  }
}

/** Quotes a path for a POSIX shell. */
const quoted = (path: string) => (/^[\w@%+=:,./-]+$/u.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`)
