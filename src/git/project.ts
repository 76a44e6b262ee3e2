// `heroku.account` in a repository's own configuration.
import {UserError} from '../errors.js'
import type {RunTool} from '../process/run.js'
import {openGit} from './config.js'

/**
 * Selects an account for the repository in the current directory, for git and the CLI.
 * @throws {UserError} if there is no git or no repository, or git cannot write its configuration
 */
export async function selectForRepository(run: RunTool, env: NodeJS.ProcessEnv, account: string): Promise<void> {
  const {callInRepository} = openGit(run, env)
  const git = async (...args: string[]) => (await callInRepository(args))?.code === 0
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
