// Windows denies a change of a file that another process has open or is just removing; a moment later it allows it.
import {codeOf} from '../errors.js'

const CODES = ['EPERM', 'EACCES', 'EBUSY']

/** Whether an error may come from another process that has the file or folder open. On Windows, access rights cause the same. */
export const mayBeHeldOpen = (error: unknown, platform = process.platform): boolean =>
  platform === 'win32' && CODES.includes(codeOf(error) ?? '')
