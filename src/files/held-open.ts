// Windows denies a change of a file that another process has open or is just removing; a moment later it allows it.
import {setTimeout as sleep} from 'node:timers/promises'
import {codeOf} from '../errors.js'

const CODES = ['EPERM', 'EACCES', 'EBUSY']
const hasItsCode = (error: unknown) => CODES.includes(codeOf(error) ?? '')

const ON_WINDOWS_MS = 5000
// A drive of Windows in WSL, and a network share, do the same.
const ELSEWHERE_MS = 300
const LONGEST_PAUSE_MS = 200

/** Whether an error may come from another process that has the file or folder open. On Windows, access rights cause the same. */
export const mayBeHeldOpen = (error: unknown, platform = process.platform): boolean =>
  platform === 'win32' && hasItsCode(error)

/**
 * Retries a rename or a removal while another process, such as a virus scanner or an editor, may have the file open: for 5 s on
 * Windows, 0.3 s elsewhere.
 * @param platform as `process.platform`
 * @throws {Error} the last one of `change`
 */
export async function retryWhileHeldOpen(change: () => Promise<void>, platform = process.platform): Promise<void> {
  const deadline = performance.now() + (platform === 'win32' ? ON_WINDOWS_MS : ELSEWHERE_MS)
  for (let pause = 10; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      await change()
      return
    } catch (error) {
      if (!hasItsCode(error) || performance.now() >= deadline) throw error
      await sleep(pause)
    }
  }
}
