// Reading and writing git's global configuration, through git itself.
import {access, constants, stat} from 'node:fs/promises'
import {dirname} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {realTarget} from '../atomic-file.js'
import {findProgram} from '../find-program.js'
import type {Run} from '../run.js'
import {existingFiles, globalFiles} from './global-files.js'

const TIMEOUT_MS = 5000

// Ten commands at once hold the lock for some milliseconds each; git itself did not wait for it before 2.56.
const LOCK_ATTEMPTS = 12
const LOCKED = 255
const NOTHING_TO_UNSET = 5

/** Why the configuration cannot be read or written, in words for a person. */
export class GitProblem extends Error {}

export interface Entry {
  /** As git normalizes it: section and name in lower case. */
  key: string
  value: string
}

export interface GlobalConfig {
  entries: Entry[]
  /** The files that it was read from, included ones too. */
  files: string[]
}

export interface Git {
  /** Every entry of the global configuration, in git's order. @throws {GitProblem} */
  read: () => Promise<GlobalConfig>
  /** Replaces all values of a key; none removes it. @throws {GitProblem} with some of it done, perhaps */
  write: (key: string, values: readonly string[]) => Promise<void>
  /** Runs git with arguments and input, whatever comes of it; undefined if it was not done in time. */
  call: (args: readonly string[], input?: string) => Promise<{code: number; stdout: string} | undefined>
}

/**
 * @param env where git, HOME and git's own variables are looked up
 * @throws {GitProblem} if there is no git
 */
export function openGit(run: Run, env: NodeJS.ProcessEnv): Git {
  const program = findProgram('git', env)
  if (program === undefined) throw new GitProblem('git is not installed')

  const call = async (args: readonly string[], input = '') => {
    const ran = await run(program, args, {input, timeoutMs: TIMEOUT_MS, env: {GIT_TERMINAL_PROMPT: '0'}})
    return ran.ended === 'exited' ? ran : undefined
  }

  const change = async (...args: string[]) => {
    for (let attempt = 1; ; attempt++) {
      const done = await call(['config', '--global', ...args])
      if (done?.code === 0 || (done?.code === NOTHING_TO_UNSET && args[0] === '--unset-all')) return
      if (done?.code !== LOCKED || attempt === LOCK_ATTEMPTS) throw new GitProblem(whyNot(done?.code))
      await assertWritable(env)
      await sleep(10 + Math.random() * 20 * attempt)
    }
  }

  return {
    call,
    async read() {
      if (existingFiles(env).length === 0) return {entries: [], files: []}
      const done = await call(['config', '--global', '--includes', '--show-origin', '-z', '--list'])
      if (done?.code !== 0) throw new GitProblem(whyNot(done?.code))
      return parseList(done.stdout)
    },
    async write(key, values) {
      await assertFile(env)
      const [first, ...more] = values
      if (first === undefined) await change('--unset-all', key)
      else await change('--replace-all', key, first)
      for (const value of more) await change('--add', key, value)
    },
  }
}

function whyNot(code: number | undefined): string {
  if (code === undefined) return 'git did not answer'
  if (code === LOCKED) return "git's global configuration is locked"
  return `git cannot use its global configuration (exit ${code}); see: git config --global --list`
}

/** The file that `git config --global` writes. */
const written = (env: NodeJS.ProcessEnv) => existingFiles(env).at(-1) ?? globalFiles(env).at(-1)

/** git renames its new configuration over whatever the old one is: as root, over /dev/null, where that was named. */
async function assertFile(env: NodeJS.ProcessEnv): Promise<void> {
  const file = written(env)
  if (file === undefined) throw new GitProblem('git has no global configuration here')
  const found = await stat(file).catch(() => undefined)
  if (found && !found.isFile()) throw new GitProblem(`git's global configuration is not a file (${file})`)
}

/** A lock that cannot be made, since the folder is read-only, looks to git like one that somebody else holds. */
async function assertWritable(env: NodeJS.ProcessEnv): Promise<void> {
  const file = written(env)
  if (file === undefined) return
  await access(dirname(await realTarget(file)), constants.W_OK).catch(() => {
    throw new GitProblem(`git's global configuration is read-only (${file})`)
  })
}

/** `origin NUL entry NUL …` @throws {GitProblem} for a part of one, from which no wish of the user's may be concluded */
function parseList(text: string): GlobalConfig {
  const words = text.split('\0')
  if (words.pop() !== '' || words.length % 2 !== 0)
    throw new GitProblem('git did not say its whole global configuration')
  const entries: Entry[] = []
  const files = new Set<string>()
  for (let index = 0; index + 1 < words.length; index += 2) {
    const [origin = '', entry = ''] = [words[index], words[index + 1]]
    if (origin.startsWith('file:')) files.add(origin.slice('file:'.length))
    entries.push(parseEntry(entry))
  }

  return {entries, files: [...files]}
}

/** `key LF value`; a key without a value has no LF. */
export function parseEntry(entry: string): Entry {
  const end = entry.indexOf('\n')
  return end === -1 ? {key: entry, value: 'true'} : {key: entry.slice(0, end), value: entry.slice(end + 1)}
}
