// Records what others can see of a program: arguments and variables of the programs it starts, its output, and every
// file that it writes, also one that is gone when it ends.
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {lstat, readdir, readFile, readlink} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {basename, join} from 'node:path'
import type {Finding} from './canary.js'
import type {RunOptions, Sandbox} from './sandbox.js'
import {inTerminal, type Step} from './terminal.js'
import {bytesIn, bytesOf, callsIn, type Executed, LONGEST, parseTrace} from './trace.js'

/** Where a secret can be seen. `screen` is a terminal, with `stdout` and `stderr` in one. */
export type Channel = 'argv' | 'env' | 'stdout' | 'stderr' | 'screen' | 'file' | 'file name'

/** One observed text, bytes as `latin1`. */
export interface Sight {
  channel: Channel
  /** The program's name, or the path. */
  where: string
  text: string
}

export interface Seen {
  exitCode: number | null
  /** Both in one, in a terminal. */
  stdout: string
  stderr: string
  executed: Executed[]
  sights: Sight[]
}

/** A secret that was seen. */
export interface Leak extends Finding {
  channel: Channel
  where: string
}

const WRITING = ['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2']
// Hexadecimal strings can't be confused with strace's own punctuation; -y adds the file's path.
const STRACE = ['--seccomp-bpf', '-f', '-qq', '-v', '-xx', '-y', '-s', String(LONGEST), '-e', 'signal=none']
const CALLS = `trace=execve,execveat,${WRITING.join(',')}`
// strace doesn't see writes that node makes through io_uring.
const ENV = {UV_USE_IO_URING: '0'}

/**
 * Runs a program in the sandbox as {@link Sandbox.run} does, or in a terminal whose user takes the steps.
 * @throws {Error} as that does, or if strace left anything out
 */
export async function witness(
  sandbox: Sandbox,
  file: string,
  args: readonly string[],
  {steps, ...options}: RunOptions & {steps?: readonly Step[]} = {},
): Promise<Seen> {
  // Outside of the sandbox, so that it isn't searched: the trace contains all secrets.
  const folder = mkdtempSync(join(tmpdir(), 'keychain-witness-'))
  try {
    const output = join(folder, 'strace')
    const traced = [...STRACE, '-e', CALLS, '-o', output, '--', file, ...args]
    const env = {...options.env, ...ENV}
    const ended = steps
      ? await atTerminal(sandbox, traced, steps, {...options, env})
      : await sandbox.run('strace', traced, {...options, env})
    const trace = readFileSync(output, 'latin1')
    const executed = parseTrace(trace)
    const sights = [...said(ended, steps !== undefined), ...shown(executed), ...written(trace)]
    return {...ended, executed, sights}
  } finally {
    rmSync(folder, {recursive: true, force: true})
  }
}

async function atTerminal(
  sandbox: Sandbox,
  args: string[],
  steps: readonly Step[],
  {env, timeoutMs}: RunOptions,
): Promise<Pick<Seen, 'exitCode' | 'stdout' | 'stderr'>> {
  const {exitCode, raw} = await inTerminal('strace', args, {
    env: sandbox.envWith(env),
    cwd: sandbox.home,
    steps,
    ...(timeoutMs === undefined ? {} : {timeoutMs}),
  })
  return {exitCode, stdout: raw, stderr: ''}
}

function said({stderr, stdout}: Pick<Seen, 'stdout' | 'stderr'>, terminal: boolean): Sight[] {
  if (terminal) return [{channel: 'screen', where: 'the terminal', text: stdout}]
  return [
    {channel: 'stdout', where: 'stdout', text: stdout},
    {channel: 'stderr', where: 'stderr', text: stderr},
  ]
}

function shown(executed: readonly Executed[]): Sight[] {
  return executed.flatMap(({argv, env, file}): Sight[] => [
    {channel: 'argv', where: basename(file), text: argv.join('\n')},
    {channel: 'env', where: basename(file), text: env.join('\n')},
  ])
}

/** The data written to files, by path; not to pipes, sockets and terminals. */
function written(trace: string): Sight[] {
  const files = new Map<string, string>()
  for (const {call} of callsIn(trace)) {
    const [, name = '', path = ''] = /^(\w+)\(\d+<((?:\\x[\da-f]{2})*)>/u.exec(call) ?? []
    if (!WRITING.includes(name)) continue
    const file = Buffer.from(bytesOf(path), 'latin1').toString('utf8')
    if (!file.startsWith('/') || file.startsWith('/dev/')) continue
    if (call.includes('"...')) throw new Error(`strace cut short what was written to ${file}`)
    files.set(file, (files.get(file) ?? '') + bytesIn(call.slice(call.indexOf('>'))).join(''))
  }
  return [...files].flatMap(([where, text]): Sight[] => [
    {channel: 'file', where, text},
    {channel: 'file name', where, text: where},
  ])
}

/**
 * Finds every file, folder and link below some folders that any program created or changed since a moment.
 * @param since milliseconds since 1970
 */
export async function filesSince(since: number, folders: readonly string[]): Promise<Sight[]> {
  const sights = await Promise.all(folders.map((folder) => filesBelow(folder, since)))
  return sights.flat()
}

async function filesBelow(folder: string, since: number): Promise<Sight[]> {
  const entries = await readdir(folder, {withFileTypes: true}).catch(() => [])
  const sights = await Promise.all(
    entries.map(async (entry): Promise<Sight[]> => {
      const path = join(folder, entry.name)
      const stat = await lstat(path).catch(() => undefined)
      const below = entry.isDirectory() ? await filesBelow(path, since) : []
      // No program can set ctime back. The file system's clock may lag behind ours by a tick.
      if (!stat || stat.ctimeMs < since - 20) return below
      const name: Sight = {channel: 'file name', where: path, text: path}
      if (entry.isSymbolicLink()) return [name, {channel: 'file', where: path, text: await readlink(path)}]
      if (!entry.isFile()) return [name, ...below]
      return [name, {channel: 'file', where: path, text: await readFile(path, 'latin1')}]
    }),
  )
  return sights.flat()
}

/** The search's findings in everything observed, each finding in the same place only once. */
export function leaksIn(sights: readonly Sight[], search: (text: string) => Finding[]): Leak[] {
  const leaks = sights.flatMap(({channel, text, where}) => search(text).map((found) => ({channel, where, ...found})))
  return [...new Map(leaks.map((leak) => [JSON.stringify(leak), leak])).values()]
}
