// A home of its own for a program under test: nothing of the developer's is seen, and nothing of theirs is touched.
import {execa} from 'execa'
import {chmodSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync} from 'node:fs'
import {rm} from 'node:fs/promises'
import {homedir, tmpdir} from 'node:os'
import {delimiter, isAbsolute, join, relative} from 'node:path'

const windows = process.platform === 'win32'

/** Variables of a program under test. */
export type Env = Record<string, string>

export interface RunOptions {
  /** Variables to set on top of the sandbox's; undefined takes one away. */
  env?: Record<string, string | undefined>
  /** What it reads on stdin. Default: nothing, at end of file. */
  input?: string | Uint8Array
  /** How long it may take, in milliseconds. Default: 30 s. */
  timeoutMs?: number
  /** The folder to run it in. Default: the sandbox's home. */
  cwd?: string
}

export interface Finished {
  stdout: string
  stderr: string
  exitCode: number
}

export interface Sandbox {
  /** The folder that holds all the others; absolute, and no link on the way. */
  readonly root: string
  /** What `HOME` says. */
  readonly home: string
  /** First on `PATH`, for tools that a test puts there. `node` is there already. */
  readonly bin: string
  /** The whole environment of a program in here: see {@link openSandbox}. */
  readonly env: Env
  /**
   * The sandbox's environment with changes.
   * @throws {Error} if a home folder or an XDG folder of the result lies outside of the sandbox
   */
  envWith(changes: RunOptions['env']): Env
  /**
   * Runs a program; `file` is looked for on the sandbox's `PATH`. Output comes back to the letter.
   * @throws {Error} if it cannot be started, was killed, or took too long (it is ended then, with its process group),
   * or as {@link envWith} does
   */
  run(file: string, args: readonly string[], options?: RunOptions): Promise<Finished>
  /** Removes it all. */
  close(): Promise<void>
}

/** The programs of all sandboxes; they end with us. */
const running = new Set<number | undefined>()
process.once('exit', () => {
  for (const pid of running) endProcessGroup(pid)
})

/** Folders that programs keep things in. A value of these outside of the sandbox is never a test's intention. */
const FOLDERS = [
  'HOME',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'TMPDIR',
  'TEMP',
  'TMP',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_RUNTIME_DIR',
  'XDG_STATE_HOME',
]

/**
 * Opens a sandbox: a temporary folder with a home, and an environment that holds nothing of ours. No display, no
 * session bus, no locale, a dumb terminal, a short `PATH`; and what keeps the Heroku CLI from asking about updates and
 * from reporting what it does.
 */
export function openSandbox(): Sandbox {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'keychain-')))
  const folder = (...names: string[]) => {
    const path = join(root, ...names)
    mkdirSync(path, {recursive: true})
    return path
  }

  const home = folder('home')
  const bin = folder('bin')
  const temporary = folder('tmp')
  const runtime = folder('run')
  // Programs refuse a runtime folder that others can look into.
  chmodSync(runtime, 0o700)
  // Node may live anywhere, beside who knows what else; so it is not its folder that goes on PATH.
  if (!windows) symlinkSync(process.execPath, join(bin, 'node'))

  const env: Env = {
    HOME: home,
    PATH: (windows ? [bin, ...(process.env.PATH ?? '').split(delimiter)] : [bin, '/usr/bin', '/bin']).join(delimiter),
    TMPDIR: temporary,
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_DATA_HOME: join(home, '.local', 'share'),
    XDG_STATE_HOME: join(home, '.local', 'state'),
    XDG_RUNTIME_DIR: runtime,
    TERM: 'dumb',
    SHELL: '/bin/sh',
    // The system's git configuration is not the test's.
    GIT_CONFIG_NOSYSTEM: '1',
    DISABLE_TELEMETRY: 'true',
    // Before version 11 the CLI reports every command all the same; here to where nobody listens.
    HEROKU_ANALYTICS_URL: 'http://127.0.0.1:9/',
    HEROKU_SKIP_NEW_VERSION_CHECK: 'true',
    HEROKU_DISABLE_AUTOUPDATE: '1',
    ...(windows ? windowsEnv(home, temporary, folder) : {}),
  }

  const envWith = (changes: RunOptions['env'] = {}): Env => {
    const merged: Env = {}
    for (const [name, value] of Object.entries({...env, ...changes})) if (value !== undefined) merged[name] = value
    for (const name of FOLDERS) assertInside(root, name, merged[name])
    // A program that finds no HOME asks the system for the user's.
    if (merged.HOME === undefined) throw new Error('a program in the sandbox needs HOME')
    return merged
  }

  return {
    root,
    home,
    bin,
    env,
    envWith,
    async run(file, args, {env, input = '', timeoutMs = 30_000, cwd = home} = {}) {
      const program = execa(file, [...args], {
        env: envWith(env),
        extendEnv: false,
        cwd,
        input,
        // A process group of its own, so that what it started ends with it.
        detached: !windows,
        reject: false,
        stripFinalNewline: false,
        maxBuffer: 100_000_000,
        windowsHide: true,
      })
      running.add(program.pid)
      const deadline = {passed: false}
      const timer = setTimeout(() => {
        deadline.passed = true
        if (windows) program.kill('SIGKILL')
        else endProcessGroup(program.pid)
        // Somebody who fled to a session of their own may hold these, and is not waited for.
        program.stdout.destroy()
        program.stderr.destroy()
      }, timeoutMs)
      const {stdout, stderr, exitCode, shortMessage, isTerminated} = await program
      clearTimeout(timer)
      running.delete(program.pid)
      const said = `\n${stdout}\n${stderr}`
      if (deadline.passed) throw new Error(`${file} ${args.join(' ')} took more than ${timeoutMs} ms${said}`)
      if (exitCode === undefined || isTerminated) throw new Error(`${shortMessage}${said}`)
      return {stdout, stderr, exitCode}
    },
    async close() {
      // A program that is just ending may still write.
      await rm(root, {recursive: true, force: true, maxRetries: 5, retryDelay: 50})
    },
  }
}

function assertInside(root: string, name: string, path: string | undefined): void {
  if (path === undefined) return
  const way = relative(root, path)
  if (!isAbsolute(path) || way.startsWith('..') || isAbsolute(way) || path === homedir())
    throw new Error(`${name}=${path} lies outside of the sandbox ${root}`)
}

function windowsEnv(home: string, temporary: string, folder: (...names: string[]) => string): Env {
  const env: Env = {
    USERPROFILE: home,
    LOCALAPPDATA: folder('home', 'AppData', 'Local'),
    APPDATA: folder('home', 'AppData', 'Roaming'),
    TEMP: temporary,
    TMP: temporary,
  }
  // Windows itself needs these to start a program or to find its own parts.
  for (const name of ['SystemRoot', 'SystemDrive', 'windir', 'ComSpec', 'PATHEXT', 'ProgramFiles', 'ProgramData']) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return env
}

function endProcessGroup(pid: number | undefined): void {
  if (pid === undefined || windows) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
