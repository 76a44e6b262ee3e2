// Windows, seen from WSL: where its drive is mounted, and its PowerShell, for the Windows password vault.
import {readFileSync, statSync} from 'node:fs'
import {posix} from 'node:path'

/** The timeout of one operation from WSL, in milliseconds: the first start of a program of Windows takes seconds. */
export const FROM_WSL_MS = 15_000

const POWERSHELL = 'Windows/System32/WindowsPowerShell/v1.0/powershell.exe'
const TYPES = ['9p', 'drvfs', 'virtiofs']

/** What `openWindowsVault` needs to run from WSL. */
export interface Windows {
  /** Where the drive with Windows is mounted. */
  drive: string
  /** The path of powershell.exe. */
  program: string
}

/**
 * Finds Windows from its WSL. Starts no process, and looks neither at PATH nor at binfmt_misc, which a user may configure.
 * @param env the environment that has WSL's variables
 * @param mounts the text of /proc/self/mounts, see proc_pid_mounts(5)
 * @returns undefined outside of WSL, and in a container on its kernel
 */
export function findWindows(env: NodeJS.ProcessEnv, mounts?: string): Windows | undefined {
  if (!env.WSL_INTEROP && !env.WSL_DISTRO_NAME) return undefined
  return drivesIn(mounts ?? readMounts())
    .map((drive) => ({drive, program: posix.join(drive, POWERSHELL)}))
    .find(({program}) => isFile(program))
}

/** The mount points of whole drives: their source, or an option `path=`, is a drive letter, on some versions with a backslash. */
function drivesIn(mounts: string): string[] {
  return mounts.split('\n').flatMap((line) => {
    const [source = '', drive = '', type = '', options = ''] = line.split(' ').map(decode)
    const sources = [source, ...options.split(/[,;]/u).map((option) => /^path=(.*)$/u.exec(option)?.[1] ?? '')]
    return TYPES.includes(type) && sources.some((each) => /^[a-z]:\\?$/iu.test(each)) ? [drive] : []
  })
}

/** The kernel writes blanks and backslashes as three octal digits. */
const decode = (field: string) =>
  field.replaceAll(/\\([0-3][0-7]{2})/gu, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

function readMounts(): string {
  try {
    return readFileSync('/proc/self/mounts', 'utf8')
  } catch {
    return ''
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}
