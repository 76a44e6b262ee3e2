// A user's git in a sandbox: a repository with a commit, and git's own questions to its credential helpers.
import {mkdtemp, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Env, Finished, RunOptions, Sandbox} from './sandbox.js'

/** What makes git fail where it would ask, whatever its configuration says, and know who commits. */
export const gitEnv: Env = {
  GIT_TERMINAL_PROMPT: '0',
  // Empty, and not absent: git then asks neither `core.askPass` nor SSH_ASKPASS.
  GIT_ASKPASS: '',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
}

export interface WorkTree {
  /** The folder. */
  readonly path: string
  /**
   * Commits a file, on the branch `main` unless another was checked out; a new one of a few bytes, unless told otherwise.
   * @returns the id of the commit
   */
  commit(name?: string, content?: string | Buffer): Promise<string>
  /**
   * Pushes the branch `main`.
   * @param config for this run only, as after git's `-c`: `name=value`
   */
  push(url: string, env?: RunOptions['env'], config?: readonly string[]): Promise<Finished>
  /** Clones into a new folder, `path`. `config` as in {@link push}. */
  clone(url: string, env?: RunOptions['env'], config?: readonly string[]): Promise<Finished & {path: string}>
  /** Runs git in the folder. */
  git(args: readonly string[], options?: Omit<RunOptions, 'cwd'>): Promise<Finished>
}

/**
 * Makes a repository with one commit in the sandbox's home; another one each time.
 * @throws {Error} with what git said, if it fails
 */
export async function openWorkTree(sandbox: Sandbox): Promise<WorkTree> {
  const path = await mkdtemp(join(sandbox.home, 'work-tree-'))
  const git: WorkTree['git'] = (args, options = {}) =>
    sandbox.run('git', args, {...options, cwd: path, env: {...gitEnv, ...options.env}})
  /** What git says, if it has nothing to complain about. */
  const said = async (...args: string[]) => {
    const {stdout, stderr, exitCode} = await git(args)
    if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
    return stdout.trim()
  }
  const given = (config: readonly string[]) => config.flatMap((each) => ['-c', each])

  let commits = 0
  const tree: WorkTree = {
    path,
    git,
    async commit(name, content = 'a line\n') {
      commits += 1
      const file = name ?? `file-${commits}`
      await writeFile(join(path, file), content)
      await said('add', '--', file)
      await said('commit', '--quiet', '--message', `Change ${file}`)
      return said('rev-parse', 'HEAD')
    },
    push: (url, env = {}, config = []) => git([...given(config), 'push', url, 'main'], {env}),
    async clone(url, env = {}, config = []) {
      const clone = await mkdtemp(join(sandbox.home, 'clone-'))
      return {...(await git([...given(config), 'clone', url, clone], {env})), path: clone}
    },
  }

  await said('init', '--quiet', '--initial-branch=main')
  await tree.commit()
  return tree
}

/** What git asks a credential helper about, or tells it. */
export interface Description {
  protocol: string
  host: string
  path?: string
  username?: string
  password?: string
}

/**
 * Has git ask its credential helpers, as a push would.
 * @returns how `git credential fill` ended, and what it has found, by name; nothing if git would have to ask the user
 */
export async function credentialFill(
  sandbox: Sandbox,
  env: RunOptions['env'],
  wanted: Description,
): Promise<Finished & {found: Record<string, string>}> {
  const finished = await credential(sandbox, env, 'fill', wanted)
  const lines = finished.stdout.split('\n').filter((line) => line !== '')
  const found = Object.fromEntries(lines.map((line) => line.split(/=(.*)/su).slice(0, 2) as [string, string]))
  return {...finished, found}
}

/** Has git tell its credential helpers that this was right, as after a push. */
export function credentialApprove(sandbox: Sandbox, env: RunOptions['env'], right: Description): Promise<Finished> {
  return credential(sandbox, env, 'approve', right)
}

/** Has git tell its credential helpers that this was wrong, as after a refused push. */
export function credentialReject(sandbox: Sandbox, env: RunOptions['env'], wrong: Description): Promise<Finished> {
  return credential(sandbox, env, 'reject', wrong)
}

function credential(sandbox: Sandbox, env: RunOptions['env'], what: string, about: Description): Promise<Finished> {
  const input = Object.entries(about).map(([name, value]) => `${name}=${String(value)}\n`)
  return sandbox.run('git', ['credential', what], {env: {...gitEnv, ...env}, input: `${input.join('')}\n`})
}
