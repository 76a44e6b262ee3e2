// `run` without execa, for the git helper, which git starts for every push: execa takes 18 ms to load, bundled; node
// itself takes 22 ms, child_process 3 ms. It passes the tests of `run`.
import {codeOf} from '../errors.js'
import type {ToolResult, RunTool, RunOptions} from './run.js'
import {detached, endTree, MAX_OUTPUT, supervise, toolEnv} from './supervise.js'

function start(file: string, args: readonly string[], {cwd, discardStdout, env, input}: RunOptions) {
  // Loaded here: most commands start no tool.
  const {spawn} = process.getBuiltinModule('node:child_process')
  const tool = spawn(file, args, {
    cwd,
    env: toolEnv(env),
    detached,
    // 'ignore' is at end of file at once, and takes less time than an empty pipe.
    stdio: [input === undefined ? 'ignore' : 'pipe', discardStdout ? 'ignore' : 'pipe', 'pipe'],
    windowsHide: true,
  })
  const output = {stdout: '', stderr: ''}
  const done = new Promise<ToolResult>((resolve) => {
    tool.on('error', (error: NodeJS.ErrnoException) => {
      resolve({status: 'not-started', code: error.code ?? 'UNKNOWN'})
    })
    tool.on('close', (code, signal) => {
      resolve(code === null ? {status: 'killed', signal: signal ?? 'UNKNOWN'} : {status: 'exited', code, ...output})
    })
    for (const name of ['stdout', 'stderr'] as const)
      tool[name]?.setEncoding('utf8').on('data', (text: string) => {
        output[name] += text
        if (output[name].length <= MAX_OUTPUT) return
        endTree(tool)
        resolve({status: 'too-much-output'})
      })
  })

  // A tool may exit without reading all of it.
  tool.stdin?.on('error', () => undefined)
  tool.stdin?.end(input)
  return {tool, done}
}

export const spawnTool: RunTool = async (file, args, options) => {
  try {
    // spawn throws E2BIG, ENOTDIR, and a NUL in an argument.
    return await supervise(() => start(file, args, options), options)
  } catch (error) {
    return {status: 'not-started', code: codeOf(error) ?? 'UNKNOWN'}
  }
}
