import {dirname} from 'node:path'
import {BackendError} from './backends/backend.js'

/** The system's name for what went wrong (`ENOSPC`), or undefined if this is no error of the system's. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Makes the system's 'no' into words: which file, which errno, and what to do about it. */
export function fileTrouble(verb: string, path: string, error: unknown): BackendError {
  const code = codeOf(error) ?? 'unknown error'
  const denied = ['EACCES', 'EPERM', 'EROFS'].includes(code)
  return new BackendError(denied ? 'denied' : 'failed', `could not ${verb} ${path} (${code})`, nextStep(code, path))
}

/** What went wrong with a file, in as few words as say it. */
export function causeOf(error: unknown): string {
  return error instanceof BackendError ? error.message : (codeOf(error) ?? 'unknown error')
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
    default:
      return `ls -la ${dirname(path)}`
  }
}
