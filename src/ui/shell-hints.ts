// Hints that are commands of a shell. On Windows, PowerShell and cmd need other forms than a POSIX shell; which of the two runs us
// cannot be known: PSModulePath is often set for the whole machine, and each inherits the other's variables.
import {withoutTerminal} from '../errors.js'

/** What a hint depends on. */
export interface System {
  env: NodeJS.ProcessEnv
  /** As `process.platform`. */
  platform: NodeJS.Platform
}

/** Git Bash sets MSYSTEM, and other POSIX shells on Windows set SHELL. */
const isPosixShell = ({env, platform}: System) => platform !== 'win32' || Boolean(env.MSYSTEM) || Boolean(env.SHELL)

/** Removes a variable. A part of a sentence: `… first` can follow. */
export const unsetHint = (name: string, system: System = process) =>
  isPosixShell(system) ? `unset ${name}` : `unset ${name} (PowerShell: Remove-Item Env:${name}; cmd: set ${name}=)`

/** Sets a variable for the commands that follow. */
export const exportHint = (name: string, value: string, system: System = process) =>
  isPosixShell(system) ? `export ${name}=${value}` : `$env:${name} = '${value}' (cmd: set ${name}=${value})`

/** Runs one command with a variable. The form for Windows works in PowerShell, too. */
export const withVariableHint = (name: string, value: string, command: string, system: System = process) =>
  isPosixShell(system) ? `${name}=${value} ${command}` : `cmd /c "set ${name}=${value}&& ${command}"`

/** Gives a command a file as stdin. PowerShell has no `<`; the form for Windows works in both of its shells. */
export const fromFileHint = (command: string, file: string, system: System = process) =>
  isPosixShell(system) ? `${command} < ${file}` : `type ${file} | ${command}`

/**
 * The next step where a login needs a terminal. Git Bash's own window (mintty) is no console: without winpty, stdin is a pipe for
 * a program of Windows. In a CI job winpty would fail.
 */
export const terminalHint = (bin: string, {env, platform}: System = process) =>
  platform === 'win32' && env.MSYSTEM && !env.CI ? `winpty ${bin} login` : withoutTerminal(bin)
