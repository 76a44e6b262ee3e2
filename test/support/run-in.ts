import {run, type RunTool} from '../../src/process/run.js'

/**
 * `run` in another environment instead of this process's.
 * @param calls collects the arguments of each call
 */
export const runIn =
  (env: Record<string, string>, calls: Parameters<RunTool>[] = [], cwd?: string): RunTool =>
  (file, args, options) => {
    calls.push([file, args, options])
    const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
    const complete = {...cleared, ...env, LC_ALL: 'C', CHARSET: 'UTF-8', ...options.env}
    return run(file, args, {...options, env: complete, ...(cwd !== undefined && {cwd})})
  }
