// A command that gets a signal, as a terminal or timeout(1) sends it: to the whole process group.
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import type {PluggedHost} from './plugged-host.js'

interface Told {
  signal: NodeJS.Signals
  /** What it has said on stderr by then. */
  after: string
  /** What it reads on stdin. */
  input?: string
  /** Something to look at in between. */
  meanwhile?: () => Promise<unknown>
}

/** Runs `heroku` with somebody there who could answer a prompt. Resolves to its exit status, or the signal that ended it. */
export async function toldToEnd(
  {env, sandbox}: PluggedHost,
  args: readonly string[],
  {after, input = '', meanwhile, signal}: Told,
): Promise<number | NodeJS.Signals> {
  const heroku = spawn(join(sandbox.bin, 'heroku'), args, {
    env: {...env, DISPLAY: ':9'},
    cwd: sandbox.home,
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const ended = once(heroku, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  heroku.stdin.end(input)
  let said = ''
  for await (const text of heroku.stderr.setEncoding('utf8')) {
    said += String(text)
    if (said.includes(after)) break
  }
  await meanwhile?.()
  process.kill(-(heroku.pid ?? NaN), signal)
  const [exitCode, by] = await ended
  return by ?? exitCode ?? NaN
}
