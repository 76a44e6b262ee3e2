// Reading and writing git's global configuration, through git itself.
import {access, constants, stat} from 'node:fs/promises'
import {dirname, normalize} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {realTarget} from '../files/atomic-write.js'
import {findProgram} from '../process/find-program.js'
import type {RunTool} from '../process/run.js'
import {existingFiles, globalFiles} from './global-files.js'

const TIMEOUT_MS = 5000

// Ten commands at once hold the lock for some milliseconds each; git itself did not wait for it before 2.56.
const LOCK_ATTEMPTS = 12
const LOCKED = 255
const NOTHING_TO_UNSET = 5

// No repository: the configuration of the current one may be broken, and its helpers are commands that its author chose.
// Inherited variables (git rev-parse --local-env-vars) must not lead there either. The user's own `-c` and GIT_CONFIG_COUNT
// still count.
const NO_REPOSITORY = {
  GIT_DIR: '/dev/null',
  GIT_COMMON_DIR: undefined,
  GIT_IMPLICIT_WORK_TREE: undefined,
  GIT_PREFIX: undefined,
  GIT_WORK_TREE: undefined,
}

// With it, `git config` reads that file alone, and refuses `--global`; nothing else reads it (git-config(1)).
const ALL_FILES = {GIT_CONFIG: undefined}

/** Why there is nothing to configure. */
export const NO_GIT = 'git is not installed'

/** Why the configuration cannot be read or written, in words for a person. */
export class GitProblem extends Error {}

export interface Entry {
  /** As git normalizes it: section and name in lower case. */
  key: string
  value: string
}

/** An entry, and the file that it stands in, as git calls it. */
type Line = Entry & {file?: string}

/** A file of the global configuration, and its own entries: what it includes cannot be changed in there. */
export interface GlobalFile {
  file: string
  entries: Entry[]
}

export interface GlobalConfig {
  /** All of them. */
  entries: Entry[]
  /** Those of the file that is written. */
  written: Entry[]
  /** The files that there are, in git's order; the last one is the one that is written. */
  globals: GlobalFile[]
  /** The files that it was read from, included ones too. */
  files: string[]
}

export interface Git {
  /** Every entry of the global configuration, in git's order. @throws {GitProblem} */
  read: () => Promise<GlobalConfig>
  /** Adds a value to those of a key. @throws {GitProblem} */
  add: (key: string, value: string) => Promise<void>
  /**
   * Replaces all values of a key; none removes it.
   * @param file of the global ones; default: the one that is written
   * @throws {GitProblem} with some of it done, perhaps
   */
  write: (key: string, values: readonly string[], file?: string) => Promise<void>
  /** Runs git outside of every repository; undefined if it was killed or did not answer in time. */
  call: Call
  /** The same in the repository of the current folder, whose configuration may say anything: only for reading it. */
  callInRepository: Call
}

export type Call = (args: readonly string[], input?: string) => Promise<{code: number; stdout: string} | undefined>

/**
 * @param env where git, HOME and git's own variables are looked up
 * @throws {GitProblem} if there is no git
 */
export function openGit(run: RunTool, env: NodeJS.ProcessEnv): Git {
  const program = findProgram('git', env)
  if (program === undefined) throw new GitProblem(NO_GIT)

  const callIn =
    (variables: Record<string, string | undefined>): Call =>
    async (args, input = '') => {
      const env = {GIT_TERMINAL_PROMPT: '0', ...ALL_FILES, ...variables}
      const ran = await run(program, args, {input, timeoutMs: TIMEOUT_MS, env})
      return ran.status === 'exited' ? ran : undefined
    }
  const call = callIn(NO_REPOSITORY)
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
      // Not by `--global`, which leaves the first of two out (2.39).
      for (const file of files) {
        const done = await config('--file', file, '--includes', '--show-origin', '-z', '--list')
        if (done?.code !== 0) throw problem(done?.code)
        found.push(...parseList(done.stdout))
      }

      // git has slashes on Windows, too.
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

/** The file that `git config --global` writes. */
const written = (env: NodeJS.ProcessEnv) => existingFiles(env).at(-1) ?? globalFiles(env).at(-1)

/** git renames its new configuration over whatever the old one is: as root, over /dev/null, where that was named. */
async function assertFile(env: NodeJS.ProcessEnv, file = written(env)): Promise<void> {
  if (file === undefined) throw new GitProblem('git has no global configuration here')
  const found = await stat(file).catch(() => undefined)
  if (found && !found.isFile()) throw new GitProblem(`git's global configuration is not a file (${file})`)
}

/** A lock that cannot be made, since the folder is read-only, looks to git like one that somebody else holds. */
async function assertWritable(env: NodeJS.ProcessEnv, file = written(env)): Promise<void> {
  if (file === undefined) return
  await access(dirname(await realTarget(file)), constants.W_OK).catch(() => {
    throw new GitProblem(`git's global configuration is read-only (${file})`)
  })
}

/** `origin NUL entry NUL …` @throws {GitProblem} for a part of one, from which no wish of the user's may be concluded */
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
