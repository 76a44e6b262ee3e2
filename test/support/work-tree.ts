// A user's git in a sandbox: a repository with a commit, and calls of git's credential helpers.
import {mkdtemp, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Env, Finished, RunOptions, Sandbox} from './sandbox.js'

/** Variables that make git fail instead of prompting, whatever its configuration, and that set the committer. */
export const gitEnv: Env = {
  GIT_TERMINAL_PROMPT: '0',
  // Empty rather than unset: git then uses neither `core.askPass` nor SSH_ASKPASS.
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
   * Commits a file on the current branch (initially `main`); by default, a new file of a few bytes.
   * @returns the commit's id
   */
  commit(name?: string, content?: string | Buffer): Promise<string>
  /**
   * Pushes the branch `main`.
   * @param config `name=value`, for this run only, as with git's `-c`
   */
  push(url: string, env?: RunOptions['env'], config?: readonly string[]): Promise<Finished>
  /** Clones into a new folder, `path`. `config` is as for {@link push}. */
  clone(url: string, env?: RunOptions['env'], config?: readonly string[]): Promise<Finished & {path: string}>
  /** Runs git in the folder. */
  git(args: readonly string[], options?: Omit<RunOptions, 'cwd'>): Promise<Finished>
}

/**
 * Creates a repository with one commit in the sandbox's home; a new one on each call.
 * @throws {Error} with git's output, if it fails
 */
export async function openWorkTree(sandbox: Sandbox): Promise<WorkTree> {
  const path = await mkdtemp(join(sandbox.home, 'work-tree-'))
  const git: WorkTree['git'] = (args, options = {}) =>
    sandbox.run('git', args, {...options, cwd: path, env: {...gitEnv, ...options.env}})
  /** Runs git and returns its stdout; throws if it fails. */
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

/** The attributes that git sends to a credential helper. */
export interface Description {
  protocol: string
  host: string
  path?: string
  username?: string
  password?: string
}

/**
 * Runs `git credential fill`, which calls the credential helpers as a push would.
 * @returns its exit status, and the attributes it found; none if git would have to prompt the user
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

/** Runs `git credential approve`, as git does after a successful push. */
export function credentialApprove(sandbox: Sandbox, env: RunOptions['env'], right: Description): Promise<Finished> {
  return credential(sandbox, env, 'approve', right)
}

/** Runs `git credential reject`, as git does after a refused push. */
export function credentialReject(sandbox: Sandbox, env: RunOptions['env'], wrong: Description): Promise<Finished> {
  return credential(sandbox, env, 'reject', wrong)
}

function credential(sandbox: Sandbox, env: RunOptions['env'], what: string, about: Description): Promise<Finished> {
  const input = Object.entries(about).map(([name, value]) => `${name}=${String(value)}\n`)
  return sandbox.run('git', ['credential', what], {env: {...gitEnv, ...env}, input: `${input.join('')}\n`})
}
