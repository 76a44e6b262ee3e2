import {lstatSync, type Stats} from 'node:fs'
import {dirname, resolve} from 'node:path'
import {codeOf, StorageError} from '../errors.js'

/** Makes the system's 'no' into words: which file, which errno, and what to do about it. */
export function fileError(verb: string, path: string, error: unknown): StorageError {
  const code = codeOf(error) ?? 'unknown error'
  const denied = ['EACCES', 'EPERM', 'EROFS'].includes(code)
  return new StorageError(denied ? 'denied' : 'failed', `could not ${verb} ${path} (${code})`, nextStep(code, path))
}

/** The error for a pipe, socket or device, of which a read may never end. A folder says no by itself. */
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

/** What went wrong with a file, in as few words as say it. */
export function causeOf(error: unknown): string {
  return error instanceof StorageError ? error.message : (codeOf(error) ?? 'unknown error')
}

function nextStep(code: string, path: string): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'free some disk space and try again; the file is as it was'
    case 'ENOENT':
      return `mkdir -p ${dirname(path)}`
    case 'EISDIR':
      return `move the folder ${path} out of the way`
    case 'EBUSY':
      return `${path} is in use or mounted by itself; mount its folder instead, or close the program that uses it`
    case 'EROFS':
      return `${dirname(path)} is on a read-only file system; the file is as it was`
    case 'EACCES':
    case 'EPERM':
      return accessCommand(path) ?? `ls -la ${dirname(path)}`
    default:
      return `ls -la ${dirname(path)}`
  }
}

/**
 * The command that gives the user access to a path that may not exist yet: `sudo chown` where another user owns a file or
 * folder in a folder of the user's own (as after one `sudo -E heroku …`), `chmod` where the user's own mode forbids it.
 * @returns undefined where neither is the cause
 */
export function accessCommand(path: string): string | undefined {
  const uid = process.geteuid?.()
  const gid = process.getegid?.()
  // Root is not stopped by owners and modes.
  if (!uid || gid === undefined) return undefined

  let foreign: {place: string; stats: Stats} | undefined
  for (let place = resolve(path); ; place = dirname(place)) {
    const stats = statsOf(place)
    if (stats && stats.uid !== uid) foreign = {place, stats}
    else if (stats && foreign)
      return `sudo chown ${foreign.stats.isDirectory() ? '-R ' : ''}${uid}:${gid} ${quoted(foreign.place)}`
    else if (stats) {
      const command = modeCommand(place, stats)
      if (command !== undefined) return command
    }
    if (place === dirname(place)) return undefined
  }
}

function modeCommand(place: string, stats: Stats): string | undefined {
  if (stats.isDirectory()) return (stats.mode & 0o700) === 0o700 ? undefined : `chmod u+rwx ${quoted(place)}`
  return !stats.isFile() || (stats.mode & 0o600) === 0o600 ? undefined : `chmod u+rw ${quoted(place)}`
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch {
    // Not there, or in a folder that we cannot search; then that folder is the one to name.
    return undefined
  }
}

/** A path as one word of a POSIX shell. */
const quoted = (path: string) => (/^[\w@%+=:,./-]+$/u.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`)
