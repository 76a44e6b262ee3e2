// `heroku.account` in a repository's own configuration.
import {UserError} from '../errors.js'
import {findProgram} from '../process/find-program.js'
import type {RunTool} from '../process/run.js'
import {exportHint} from '../ui/shell-hints.js'

const TIMEOUT_MS = 5000

/**
 * Selects an account for the repository in the current directory, for git and the CLI.
 * @throws {UserError} if there is no repository, or git cannot write its configuration
 */
export async function selectForRepository(run: RunTool, env: NodeJS.ProcessEnv, account: string): Promise<void> {
  const program = findProgram('git', env)
  if (program === undefined)
    throw new UserError(
      'git is not installed',
      `${exportHint('HEROKU_ACCOUNT', 'ACCOUNT')}, which selects it in this shell`,
    )
  const git = async (...args: string[]) => {
    // GIT_CONFIG would make git write to that file (git-config(1)).
    const ran = await run(program, args, {timeoutMs: TIMEOUT_MS, env: {GIT_CONFIG: undefined}})
    return ran.status === 'exited' && ran.code === 0
  }
  if (!(await git('rev-parse', '--git-dir')))
    throw new UserError(
      'this directory is not in a git repository',
      "change to the repository's directory, or leave out --project",
    )
  if (!(await git('config', '--local', '--replace-all', 'heroku.account', account)))
    throw new UserError(
      "git could not write the repository's configuration",
      `git config --local heroku.account ${account}`,
    )
}
