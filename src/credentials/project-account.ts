// `git config heroku.account`: the account that the user has selected for a repository, a folder (`includeIf`) or one command
// (`git -c`).
import {block} from '../process/block.js'
import {findProgram} from '../process/find-program.js'
import {toolEnv} from '../process/supervise.js'
import {UserError} from '../errors.js'
import type {Selection} from './selected-account.js'

const KEY = 'heroku.account'
const TIMEOUT_MS = 5000
/** git's exit status for a key without a value. */
const NOT_SET = 1

/**
 * Reads the value in the current directory, as git itself would: git starts its credential helper at the top of the work
 * tree, with GIT_DIR set. Blocks for some 3 ms.
 * @returns undefined if it is not set, is empty, or git is not installed
 * @throws {UserError} if git cannot say
 */
export function selectedByProject(env: NodeJS.ProcessEnv): Selection | undefined {
  const program = findProgram('git', env)
  if (program === undefined) return undefined
  const {status, stdout} = block(program, ['config', '--show-origin', '--null', '--get', KEY], {
    // GIT_CONFIG would make git read only that file (git-config(1)).
    env: toolEnv({GIT_CONFIG: undefined}),
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: TIMEOUT_MS,
  })
  if (status === NOT_SET) return undefined
  const [origin, name] = stdout.split('\0')
  if (status !== 0 || origin === undefined || name === undefined)
    throw new UserError(
      `git did not say which Heroku account this directory uses (git config ${KEY}${status === null ? '' : `: exit ${status}`})`,
      `set HEROKU_ACCOUNT, or see: git config ${KEY}`,
    )
  if (name === '') return undefined
  return {name, by: 'git config', ...(origin.startsWith('file:') && {file: origin.slice('file:'.length)})}
}
