// Sends a signal to a command as a terminal or timeout(1) does: to its whole process group.
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import type {PluggedHost} from './plugged-host.js'

interface SignalPlan {
  signal: NodeJS.Signals
  /** Send the signal once this is on its stderr. */
  after: string
  /** Its stdin. */
  input?: string
  /** Runs between the output and the signal. */
  meanwhile?: () => Promise<unknown>
}

/** Runs `heroku` as on a desktop, where a user can answer prompts. Resolves to its exit status or final signal. */
export async function toldToEnd(
  {env, sandbox}: PluggedHost,
  args: readonly string[],
  {after, input = '', meanwhile, signal}: SignalPlan,
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
