// An X display without a monitor, and a user who answers the dialogs on it.
import {fileURLToPath} from 'node:url'
import type {Env, Sandbox} from './sandbox.js'
import {PYTHON, startSupervised} from './supervised.js'

const ANSWER_DIALOGS = fileURLToPath(new URL('./x11/answer-dialogs.py', import.meta.url))

/** How the user reacts to a dialog: presses its default button, dismisses it, or leaves it open. */
export type Reaction = 'accept' | 'dismiss' | 'ignore'

const KEYS: Record<Reaction, string> = {accept: 'Return', dismiss: 'Escape', ignore: 'None'}

export interface User {
  /** The titles of the dialogs shown so far, in order. */
  readonly dialogs: readonly string[]
  stop(): Promise<void>
}

export interface Display {
  readonly env: Env & {DISPLAY: string}
  /** Starts a user who reacts to every dialog, open ones included, whose title contains one of `titles`. */
  startUser(reaction: Reaction, titles: readonly string[]): Promise<User>
  stop(): Promise<void>
}

/** Starts Xvfb on a display number that it chooses. Needs `xvfb` and `python3-xlib`. */
export async function startDisplay(sandbox: Sandbox): Promise<Display> {
  const server = startSupervised(
    'Xvfb',
    ['-displayfd', '1', '-screen', '0', '1024x768x24', '-nolisten', 'tcp', '-noreset'],
    {env: sandbox.env, cwd: sandbox.home},
  )
  const env = {DISPLAY: `:${await server.line()}`}
  return {
    env,
    async startUser(reaction, titles) {
      const user = startSupervised(PYTHON, [ANSWER_DIALOGS, KEYS[reaction], ...titles], {
        env: sandbox.envWith(env),
        cwd: sandbox.home,
      })
      await user.line()
      const dialogs: string[] = []
      void (async () => {
        try {
          for (;;) dialogs.push(await user.line(NEVER_MS))
        } catch {
          // The user was stopped.
        }
      })()
      return {dialogs, stop: () => user.stop()}
    },
    stop: () => server.stop(),
  }
}

/** The longest timeout that node's timers accept. */
const NEVER_MS = 2 ** 31 - 1
