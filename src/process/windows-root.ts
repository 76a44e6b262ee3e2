import {win32} from 'node:path'

/**
 * The path of a program of Windows' own, below `System32`. Absolute: Node looks up a bare name in the current folder first
 * (nodejs/node#46264), and an unset or relative SystemRoot would mean that folder, or its drive, too.
 * @param env the environment that has SystemRoot, in any case: names ignore it on Windows, but not in a copy of the environment
 * @param names the path below `System32`
 */
export function systemProgram(env: NodeJS.ProcessEnv, ...names: string[]): string {
  const root = Object.entries(env).find(([name]) => name.toLowerCase() === 'systemroot')?.[1] ?? ''
  const local = /^[a-z]:\\[^"*/:<>?|]+$/iu.test(root) ? root : String.raw`C:\Windows`
  return win32.join(local, 'System32', ...names)
}
