// Injects a fault into one program call: a shell script corrupts the program's output, or replaces the program. The
// script is a process of the real `run`, even if the program itself is simulated in this process.
import {basename} from 'node:path'
import {run, type RunOptions, type RunTool} from '../../src/process/run.js'

/** What a keychain that is asked for Ada's token gives as hers. */
export const WRONG_TOKEN = 'HRKU-somebody-elses'

export const EVES_TOKEN = 'HRKU-eves'

/** The time limit for a program that hangs. */
const HANG_MS = 100

const did = 'T=$(mktemp -d); "$@" >"$T/o" 2>"$T/e"; code=$?'
const both = (spoil: string) => `${did}; (${spoil}) <"$T/o"; (${spoil}) <"$T/e" >&2; rm -r "$T"; exit $code`

/** Shell scripts, with the program and its arguments as their arguments. */
export const PROGRAM_FAULTS: Readonly<Record<string, string>> = {
  'cannot be started': '',
  fails: 'exit 1',
  'fails with a word': 'echo "it went wrong" >&2; exit 3',
  'fails though it was done': `${did}; rm -r "$T"; exit 1`,
  hangs: 'sleep 1000',
  'hangs though it was done': 'sleep 1000',
  'is killed': 'kill -KILL $$',
  'is killed after it was done': `${did}; rm -r "$T"; kill -KILL $$`,
  'succeeds without doing it': 'exit 0',
  garbage: String.raw`${did}; rm -r "$T"; printf '\377\200\0<html>{"' | tee /dev/stderr; exit 0`,
  'half an answer': both('cat >"$T/h"; head -c $(( $(wc -c <"$T/h") / 2 )) "$T/h"'),
  'the wrong token': both(
    String.raw`sed 's/^\(password=\)\{0,1\}HRKU-.*/\1${WRONG_TOKEN}/; s/account = .*/account = eve@example.com/'`,
  ),
  '10 MB': String.raw`${did}; rm -r "$T"; head -c 10000000 /dev/zero | tr '\0' x | tee /dev/stderr; exit 0`,
  CRLF: both(String.raw`sed 's/$/\r/'`),
  'ANSI sequences': both(String.raw`printf '\033[31m'; cat; printf '\033[2J'`),
}

/** Of a git credential helper, which says whose token it gives. */
const ANOTHER_ACCOUNT = "another account's token"

const ALL_FAULTS: typeof PROGRAM_FAULTS = {
  ...PROGRAM_FAULTS,
  [ANOTHER_ACCOUNT]: both(`sed 's/^username=.*/username=eve@example.com/; s/^password=.*/password=${EVES_TOKEN}/'`),
}

/** The faults of a call. */
export const programFaultsFor = (call: string): string[] =>
  Object.keys(/^git-credential-.* get$/u.test(call) ? ALL_FAULTS : PROGRAM_FAULTS)

export interface Injected {
  run: RunTool
  /** The calls so far: the program and its verb. */
  calls: string[]
}

/** `world` with a fault in one call. @param at the call's index, from 0; -1 for no fault */
export function injecting(world: RunTool, fault: string, at = -1): Injected {
  const calls: string[] = []
  return {
    calls,
    async run(file, args, options) {
      const index = calls.push(nameOf(file, args)) - 1
      if (index !== at) return world(file, args, options)
      const script = ALL_FAULTS[fault] ?? ''
      if (script === '') return run('/nowhere/at/all', args, options)
      const isDone = script.includes('"$@"')
      const program = isDone && isSimulated(file) ? await replayed(world, file, args, options) : [file, ...args]
      const plant = (timeoutMs: number) =>
        run('/bin/sh', ['-c', `PATH=/usr/bin:/bin; ${script}`, 'sh', ...program], {...options, timeoutMs})
      if (!fault.startsWith('hangs')) return plant(options.timeoutMs)
      if (fault !== 'hangs') await world(file, args, options)
      return plant(HANG_MS)
    },
  }
}

const isSimulated = (file: string) => isGpg(file) || basename(file) === 'secret-tool'

/** Makes the call, and creates a program that returns the same answer. */
async function replayed(world: RunTool, file: string, args: readonly string[], options: RunOptions): Promise<string[]> {
  const answer = await world(file, args, {...options, discardStdout: false})
  if (answer.status !== 'exited') throw new Error(`${file} ${answer.status} with nothing going wrong`)
  const {code, stderr, stdout} = answer
  return ['/bin/sh', '-c', 'printf %s "$1"; printf %s "$2" >&2; exit "$3"', 'sh', stdout, stderr, String(code)]
}

function nameOf(file: string, args: readonly string[]): string {
  const verb = isGpg(file)
    ? args.find((arg) => /^--(?:en|de)crypt$/u.test(arg))
    : basename(file).startsWith('git-credential-')
      ? args.at(-1)
      : args.find((arg) => !arg.startsWith('-') && arg !== 'config')
  return `${basename(file)} ${verb ?? args[0] ?? ''}`
}

const isGpg = (file: string) => basename(file) === 'gpg'
