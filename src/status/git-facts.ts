// How git is configured for the Heroku git host, as seen from the current directory.
import {defined} from '../defined.js'
import {helperChain, type Line, readLines, REWRITE_KEYS, sshRewrite} from '../git/helper-chain.js'
import {isOptedOut} from '../git/setup.js'
import {type Git, GitProblem, openGit} from '../git/config.js'
import {isLauncherValue, launcherProblem, launcherValue} from '../git/launcher.js'
import {lastProblem, hasLogin, type SetupTarget} from '../git/setup-stamp.js'
import {FALLBACKS, helperName} from '../git/helper-values.js'
import type {RunTool} from '../process/run.js'
import type {GitFacts} from './report.js'

/** Reads git's configuration. A failure of git is a fact too, and is not thrown. */
export async function collectGitFacts(target: SetupTarget, run: RunTool): Promise<GitFacts> {
  const {dataDir, env, endpoints} = target
  const facts = {host: endpoints.git, kept: hasLogin(env, dataDir), others: []}
  let git: Git
  try {
    git = openGit(run, env)
  } catch (error) {
    return {...facts, state: 'not installed', because: reasonOf(error)}
  }

  try {
    const rewrite = sshRewrite(await readLines(git.callInRepository, REWRITE_KEYS), endpoints.git)
    const rewrittenBy = rewrite && {key: rewrite.key, scope: rewrite.scope, file: rewrite.file}
    return {...facts, ...stateOf(await readLines(git.callInRepository), target), ...(rewrittenBy && {rewrittenBy})}
  } catch (error) {
    return {...facts, state: 'failed', because: reasonOf(error)}
  }
}

function stateOf(lines: Line[], target: SetupTarget): Omit<GitFacts, 'host' | 'kept'> & {kept?: boolean} {
  const {env, endpoints} = target
  const isOurs = ({value}: Line) => isLauncherValue(value) || FALLBACKS.includes(value)
  const {asked, dropped, droppedBy} = helperChain(lines, endpoints.git)
  const others = asked
    .filter((line) => !isOurs(line))
    .map(({value, ...where}) => ({helper: helperName(value), ...where}))

  // git skips a launcher that does not work.
  const last = lastProblem(target)
  const problem = asked.some(({value}) => isLauncherValue(value)) ? launcherProblem(env)?.because : undefined
  if (asked.some(({value}) => value === launcherValue(env)) && problem === undefined)
    return {state: 'configured', by: 'heroku-keychain', others}
  if (asked.some(isOurs)) {
    const because = last ?? problem
    // The next setup will fail for the same reason as the last one.
    return {state: 'configured', by: 'heroku', others, ...(because && {because}), ...(last && {kept: false})}
  }

  if (isOptedOut(lines.filter(({scope}) => scope === 'global'))) return {state: 'opted out', others: []}
  if (droppedBy && dropped.some(isOurs)) return {state: 'dropped', droppedBy, others}
  return {state: 'not configured', ...defined({because: last}), others: []}
}

function reasonOf(error: unknown): string {
  if (error instanceof GitProblem) return error.message
  throw error
}
