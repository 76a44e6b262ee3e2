// A private home for a program under test: the developer's files and variables are neither visible nor changed.
import {execa} from 'execa'
import {chmodSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync} from 'node:fs'
import {rm} from 'node:fs/promises'
import {homedir, tmpdir} from 'node:os'
import {delimiter, isAbsolute, join, relative} from 'node:path'

const windows = process.platform === 'win32'

/** A program's environment variables. */
export type Env = Record<string, string>

export interface RunOptions {
  /** Variables to add to the sandbox's; undefined removes one. */
  env?: Record<string, string | undefined>
  /** Its stdin. Default: empty. */
  input?: string | Uint8Array
  /** Time limit in milliseconds. Default: 30 s. */
  timeoutMs?: number
  /** Working directory. Default: the sandbox's home. */
  cwd?: string
}

export interface Finished {
  stdout: string
  stderr: string
  exitCode: number
}

export interface Sandbox {
  /** The folder that contains all others; an absolute path without symbolic links. */
  readonly root: string
  /** The value of `HOME`. */
  readonly home: string
  /** The first folder on `PATH`, for a test's tools. It contains `node`. */
  readonly bin: string
  /** The complete environment of a program in the sandbox: see {@link openSandbox}. */
  readonly env: Env
  /**
   * The sandbox's environment with changes.
   * @throws {Error} if a home folder or an XDG folder of the result lies outside of the sandbox
   */
  envWith(changes: RunOptions['env']): Env
  /**
   * Runs a program; `file` is searched on the sandbox's `PATH`. Output is returned unchanged.
   * @throws {Error} if it cannot be started, was killed, or took too long (it is ended then, with its process group),
   * or as {@link envWith} does
   */
  run(file: string, args: readonly string[], options?: RunOptions): Promise<Finished>
  /** Removes the sandbox's files. */
  close(): Promise<void>
}

/** The running programs of all sandboxes; they end with this process. */
const running = new Set<number | undefined>()
process.once('exit', () => {
  for (const pid of running) endProcessGroup(pid)
})

/** Variables for folders that programs write to. Each must stay within the sandbox. */
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
 * Opens a sandbox: a temporary folder with a home, and an environment that inherits nothing. No display, no session
 * bus, no locale, a dumb terminal, a short `PATH`; and variables that disable the Heroku CLI's update checks and
 * telemetry.
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
  // Programs refuse a runtime folder that is accessible to other users.
  chmodSync(runtime, 0o700)
  // A link to node, rather than node's folder on PATH, which may contain any other program.
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
    // Ignore the system's git configuration.
    GIT_CONFIG_NOSYSTEM: '1',
    DISABLE_TELEMETRY: 'true',
    // Before version 11 the CLI sends telemetry regardless; this port is closed.
    HEROKU_ANALYTICS_URL: 'http://127.0.0.1:9/',
    HEROKU_SKIP_NEW_VERSION_CHECK: 'true',
    HEROKU_DISABLE_AUTOUPDATE: '1',
    ...(windows ? windowsEnv(home, temporary, folder) : {}),
  }

  const envWith = (changes: RunOptions['env'] = {}): Env => {
    const merged: Env = {}
    for (const [name, value] of Object.entries({...env, ...changes})) if (value !== undefined) merged[name] = value
    for (const name of FOLDERS) assertInside(root, name, merged[name])
    // Without HOME a program takes the user's home from the system.
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
        // Its own process group, so that its descendants end with it.
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
        // A descendant in another session may hold these pipes open; don't wait for it.
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
      // A program that is ending may still write.
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
  // Windows needs these to start a program or to find its own files.
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
    // It has already ended.
  }
}
