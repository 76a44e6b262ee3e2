// A user at a terminal: waits for what the program shows, and types.
import {spawn} from 'node:child_process'
import type {Socket} from 'node:net'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'
import {stripVTControlCharacters} from 'node:util'
import type {Env} from './sandbox.js'
import {PYTHON, underSupervision, within} from './supervised.js'

const PTY = fileURLToPath(new URL('./pty.py', import.meta.url))

/** Special keys and what they send. */
export const keys = {
  enter: '\r',
  ctrlC: '\u0003',
  ctrlD: '\u0004',
  escape: '\u001B',
  backspace: '\u007F',
  up: '\u001B[A',
  down: '\u001B[B',
  right: '\u001B[C',
  left: '\u001B[D',
}

export interface Size {
  rows: number
  columns: number
}

/** A step of the user: waits, then actions. All fields are optional and apply in this order. */
export interface Step {
  /** Wait until this is on the screen, after the previous step's match. */
  expect?: string | RegExp
  /** Wait for raw mode: before it, the terminal echoes input, and Ctrl-C is a signal. */
  raw?: boolean
  /** Resize the window. */
  resize?: Size
  /** Run this while the program waits. */
  then?: () => Promise<unknown>
  /** Send this signal to the program's process group, as a closed terminal or a supervisor does. */
  signal?: NodeJS.Signals
  /** Type this. */
  send?: string | Buffer
}

export interface TerminalOptions {
  env: Env
  cwd: string
  steps?: readonly Step[]
  /** Time limit in milliseconds. Default: 30 s. */
  timeoutMs?: number
  /** Default: 24 rows and 80 columns. */
  size?: Size
}

export interface Session {
  /** The complete output without colours and cursor movements; lines end in `\n`. */
  screen: string
  /** The complete output, unchanged. */
  raw: string
  exitCode: number | null
  signal: NodeJS.Signals | null
  /** The output of `stty -a` before and after the program: equal if the program restored the terminal. */
  settings: {before: string; after: string}
  /** The names of the programs that it left running. */
  left: string[]
}

type Ending = Pick<Session, 'exitCode' | 'signal' | 'left'> & Session['settings']

/**
 * Runs a program in its own pseudo-terminal and takes the steps in order. `TERM` is `xterm-256color` unless `env` sets
 * something other than `dumb`.
 * @throws {Error} with the complete output, if the program ended before the last step, or took too long
 */
export async function inTerminal(file: string, args: readonly string[], options: TerminalOptions): Promise<Session> {
  const {env, cwd, steps = [], timeoutMs = 30_000, size = {rows: 24, columns: 80}} = options
  const program = [file, ...args]
  const child = spawn(...underSupervision(PYTHON, [PTY, String(size.rows), String(size.columns), ...program]), {
    env: {...env, TERM: env.TERM === undefined || env.TERM === 'dumb' ? 'xterm-256color' : env.TERM},
    cwd,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const [keyboard, picture, errors, lifeline, control] = child.stdio as unknown as [
    Socket,
    Socket,
    Socket,
    Socket,
    Socket,
  ]
  // EPIPE if the program ends before it has read its input; its exit is reported anyway.
  for (const pipe of [keyboard, lifeline, control]) pipe.on('error', () => undefined)

  const changed = newChange()
  const state: {raw: string; rawAnswers: number; ending?: Ending; closed: boolean; errors: string} = {
    raw: '',
    rawAnswers: 0,
    closed: false,
    errors: '',
  }
  picture.setEncoding('utf8').on('data', (text: string) => {
    state.raw += text
    changed.tell()
  })
  errors.setEncoding('utf8').on('data', (text: string) => (state.errors += text))
  createInterface({input: control}).on('line', (line) => {
    if (line === 'raw') state.rawAnswers += 1
    else state.ending = JSON.parse(line) as Ending
    changed.tell()
  })
  child
    .on('error', (error) => (state.errors += error.message))
    .on('close', () => {
      state.closed = true
      changed.tell()
    })

  const until = async (what: string, reached: () => boolean) => {
    while (!reached()) {
      if (state.closed) throw new Error(`it ended before ${what}`)
      await changed.next()
    }
  }
  const shown = {upTo: 0}
  const take = async ({expect, raw = false, resize, signal, then, send}: Step) => {
    if (expect !== undefined) {
      await until(`it showed ${String(expect)}`, () => {
        const end = endOf(expect, visible(state.raw), shown.upTo)
        shown.upTo = end ?? shown.upTo
        return end !== undefined
      })
    }
    if (raw) {
      const wanted = state.rawAnswers + 1
      control.write('raw\n')
      await until('it read key by key', () => state.rawAnswers === wanted)
    }
    if (resize) control.write(`resize ${resize.rows} ${resize.columns}\n`)
    await then?.()
    if (signal !== undefined) control.write(`signal ${signal}\n`)
    if (send !== undefined) keyboard.write(send)
  }
  const session = async () => {
    for (const step of steps) await take(step)
    await until('its end was told', () => state.closed)
  }

  try {
    await within(timeoutMs, new Error(`it took more than ${timeoutMs} ms`), session())
    if (!state.ending) throw new Error('it ended without a word')
  } catch (error) {
    lifeline.destroy()
    while (!state.closed) await changed.next()
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`${program.join(' ')}: ${why}\n${visible(state.raw)}${state.errors}`, {cause: error})
  }

  const {exitCode, signal, before, after, left} = state.ending
  return {screen: visible(state.raw), raw: state.raw, exitCode, signal, settings: {before, after}, left}
}

/** Removes control sequences, also an incomplete one at the end, so that the visible text only ever grows. */
function visible(raw: string): string {
  // eslint-disable-next-line no-control-regex -- this matches control sequences
  const whole = raw.replace(/(?:\u001B(?:[[\]()#;?]*[\d;?]*)?|\r)$/u, '')
  return stripVTControlCharacters(whole).replaceAll('\r\n', '\n')
}

/** The end of the first match after `from`, if there is one. */
function endOf(wanted: string | RegExp, text: string, from: number): number | undefined {
  const rest = text.slice(from)
  if (typeof wanted === 'string') {
    const at = rest.indexOf(wanted)
    return at === -1 ? undefined : from + at + wanted.length
  }
  const match = new RegExp(wanted.source, wanted.flags.replace(/[gy]/gu, '')).exec(rest)
  return match ? from + match.index + match[0].length : undefined
}

/** An event to wait for that happens repeatedly. */
function newChange() {
  let waiting: (() => void)[] = []
  return {
    tell() {
      const all = waiting
      waiting = []
      for (const each of all) each()
    },
    next: () => new Promise<void>((resolve) => waiting.push(resolve)),
  }
}
