// Reading and writing git's global configuration, through git itself.
import {existsSync, statSync} from 'node:fs'
import {access, constants, stat} from 'node:fs/promises'
import {dirname, join, normalize} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {UserError} from '../errors.js'
import {realTarget} from '../files/atomic-write.js'
import {findProgram} from '../process/find-program.js'
import {OUTSIDE_REPOSITORY} from '../process/outside-repository.js'
import type {RunTool} from '../process/run.js'

const TIMEOUT_MS = 5000

// Ten commands at once hold the lock for some milliseconds each; git before 2.56 does not wait for it.
const LOCK_ATTEMPTS = 12
const LOCKED = 255
const NOTHING_TO_UNSET = 5

// With GIT_CONFIG set, `git config` reads only that file and rejects `--global`; no other command reads it (git-config(1)).
const ALL_FILES = {GIT_CONFIG: undefined}

/** The files that can hold git's global configuration, in the order in which git reads them. */
export function globalFiles(env: NodeJS.ProcessEnv): string[] {
  if (env.GIT_CONFIG_GLOBAL !== undefined) return env.GIT_CONFIG_GLOBAL === '' ? [] : [env.GIT_CONFIG_GLOBAL]
  const home = env.HOME ?? (process.platform === 'win32' ? homeOnWindows(env) : undefined)
  // git ignores an empty XDG_CONFIG_HOME.
  const configured = env.XDG_CONFIG_HOME === '' ? undefined : env.XDG_CONFIG_HOME
  const xdg = configured ?? (home && join(home, '.config'))
  return [...(xdg ? [join(xdg, 'git', 'config')] : []), ...(home ? [join(home, '.gitconfig')] : [])]
}

/** git's home directory on Windows if HOME is not set; a network share may be unavailable (git's compat/mingw.c). */
export function homeOnWindows({HOMEDRIVE, HOMEPATH, USERPROFILE}: NodeJS.ProcessEnv): string | undefined {
  const share = HOMEDRIVE !== undefined && HOMEPATH !== undefined ? HOMEDRIVE + HOMEPATH : undefined
  return share !== undefined && statSync(share, {throwIfNoEntry: false})?.isDirectory() ? share : USERPROFILE
}

const existingFiles = (env: NodeJS.ProcessEnv) => globalFiles(env).filter((file) => existsSync(file))

export const NO_GIT = 'git is not installed'

/** Why git's configuration cannot be read or written. */
export class GitProblem extends UserError {}

export interface Entry {
  /** As git normalizes it: section and name in lower case. */
  key: string
  value: string
}

/** An entry and the file that contains it, as git names it. */
type Line = Entry & {file?: string}

export interface GlobalConfig {
  /** Of all files, in git's order. */
  entries: Entry[]
  /** Of the file that git writes to. */
  written: Entry[]
  /** The existing files, in git's order, without what they include; git writes to the last one. */
  globals: {file: string; entries: Entry[]}[]
  /** Every file read, included ones too. */
  files: string[]
}

export interface Git {
  /** @throws {GitProblem} */
  read: () => Promise<GlobalConfig>
  /** Adds a value to a key. @throws {GitProblem} */
  add: (key: string, value: string) => Promise<void>
  /**
   * Replaces all values of a key; an empty list removes the key.
   * @param file a file of the global configuration; default: the one that git writes to
   * @throws {GitProblem} possibly after some of the changes
   */
  write: (key: string, values: readonly string[], file?: string) => Promise<void>
  /** Runs git outside of every repository; undefined if it was killed or timed out. */
  call: Call
  /** The same in the current directory's repository, for its configuration. Its values are untrusted: nothing runs them. */
  callInRepository: Call
}

export type Call = (args: readonly string[], input?: string) => Promise<{code: number; stdout: string} | undefined>

/**
 * @param env the environment to look up git, HOME and git's variables in
 * @throws {GitProblem} if git is not installed
 */
export function openGit(run: RunTool, env: NodeJS.ProcessEnv): Git {
  const program = findProgram('git', env)
  if (program === undefined) throw new GitProblem(NO_GIT, 'install git')

  const callIn =
    (variables: Record<string, string | undefined>): Call =>
    async (args, input = '') => {
      const env = {GIT_TERMINAL_PROMPT: '0', ...ALL_FILES, ...variables}
      const ran = await run(program, args, {input, timeoutMs: TIMEOUT_MS, env})
      return ran.status === 'exited' ? ran : undefined
    }
  const call = callIn(OUTSIDE_REPOSITORY)
  const config = (...args: string[]) => call(['config', ...args])

  const change = async (file: string | undefined, ...args: string[]) => {
    await assertFile(env, file)
    for (let attempt = 1; ; attempt++) {
      const done = await config(...(file === undefined ? ['--global'] : ['--file', file]), ...args)
      if (done?.code === 0 || (done?.code === NOTHING_TO_UNSET && args[0] === '--unset-all')) return
      if (done?.code !== LOCKED || attempt === LOCK_ATTEMPTS) throw problem(done?.code)
      await assertWritable(env, file)
      await sleep(10 + Math.random() * 20 * attempt)
    }
  }

  return {
    call,
    callInRepository: callIn({}),
    async read() {
      const found: Line[] = []
      const files = existingFiles(env)
      // Not with `--global`, which omits the first of two files (git 2.39).
      for (const file of files) {
        const done = await config('--file', file, '--includes', '--show-origin', '-z', '--list')
        if (done?.code !== 0) throw problem(done?.code)
        found.push(...parseList(done.stdout))
      }

      // git prints slashes on Windows too.
      const entriesOf = (name: string) =>
        found.filter(({file}) => file !== undefined && normalize(file) === normalize(name))
      const globals = files.map((file) => ({file, entries: entriesOf(file)}))
      return {
        entries: found,
        written: globals.at(-1)?.entries ?? [],
        globals,
        files: [...new Set(found.flatMap(({file}) => file ?? []))],
      }
    },
    async add(key, value) {
      await change(undefined, '--add', key, value)
    },
    async write(key, values, file) {
      const [first, ...more] = values
      if (first === undefined) await change(file, '--unset-all', key)
      else await change(file, '--replace-all', key, first)
      for (const value of more) await change(file, '--add', key, value)
    },
  }
}

function problem(code: number | undefined): GitProblem {
  if (code === undefined) return new GitProblem('git did not answer')
  if (code === LOCKED) return new GitProblem("git's global configuration is locked")
  return new GitProblem(`git cannot use its global configuration (exit ${code}); see: git config --global --list`)
}

/** The file that `git config --global` writes to. */
const written = (env: NodeJS.ProcessEnv) => existingFiles(env).at(-1) ?? globalFiles(env).at(-1)

/** git renames a new file over its configuration, whatever that is: as root, even over /dev/null. */
async function assertFile(env: NodeJS.ProcessEnv, file = written(env)): Promise<void> {
  if (file === undefined) throw new GitProblem('git has no global configuration here')
  const found = await stat(file).catch(() => undefined)
  if (found && !found.isFile()) throw new GitProblem(`git's global configuration is not a file (${file})`)
}

/** git exits with the same status if the lock file is held and if it cannot be created in a read-only folder. */
async function assertWritable(env: NodeJS.ProcessEnv, file = written(env)): Promise<void> {
  if (file === undefined) return
  await access(dirname(await realTarget(file)), constants.W_OK).catch(() => {
    throw new GitProblem(`git's global configuration is read-only (${file})`)
  })
}

/** `origin NUL entry NUL …` @throws {GitProblem} if the output was truncated, which could hide an opt-out */
function parseList(text: string): Line[] {
  const words = text.split('\0')
  if (words.pop() !== '' || words.length % 2 !== 0)
    throw new GitProblem('git did not say its whole global configuration')
  const lines: Line[] = []
  for (let index = 0; index + 1 < words.length; index += 2) {
    const [origin = '', entry = ''] = [words[index], words[index + 1]]
    lines.push({...parseEntry(entry), ...(origin.startsWith('file:') && {file: origin.slice('file:'.length)})})
  }

  return lines
}

/** `key LF value`; a key without a value has no LF. */
export function parseEntry(entry: string): Entry {
  const end = entry.indexOf('\n')
  return end === -1 ? {key: entry, value: 'true'} : {key: entry.slice(0, end), value: entry.slice(end + 1)}
}
