// How git stands to us, from where the user stands.
import {defined} from '../defined.js'
import {askedHelpers, type Line, readLines, REWRITES, sshRewrite} from '../git/helper-chain.js'
import {isOptedOut} from '../git/setup.js'
import {type Git, GitProblem, openGit} from '../git/config.js'
import {isLauncherValue, launcherProblem, launcherValue} from '../git/launcher.js'
import {lastProblem, someoneIsLoggedIn, type SetupTarget} from '../git/setup-stamp.js'
import {FALLBACKS, helperName} from '../git/helper-values.js'
import type {RunTool} from '../process/run.js'
import type {GitFacts} from './report.js'

/** Asks git, and changes nothing; nothing is thrown for what is wrong with git or its files. */
export async function lookAtGit(target: SetupTarget, run: RunTool): Promise<GitFacts> {
  const {dataDir, env, endpoints} = target
  const facts = {host: endpoints.git, kept: someoneIsLoggedIn(env, dataDir), others: []}
  let git: Git
  try {
    git = openGit(run, env)
  } catch (error) {
    return {...facts, state: 'not installed', because: wordsOf(error)}
  }

  try {
    const rewrite = sshRewrite(await readLines(git.callInRepository, REWRITES), endpoints.git)
    const rewrittenBy = rewrite && {key: rewrite.key, scope: rewrite.scope, file: rewrite.file}
    return {...facts, ...stateOf(await readLines(git.callInRepository), target), ...(rewrittenBy && {rewrittenBy})}
  } catch (error) {
    return {...facts, state: 'failed', because: wordsOf(error)}
  }
}

function stateOf(lines: Line[], target: SetupTarget): Omit<GitFacts, 'host' | 'kept'> & {kept?: boolean} {
  const {env, endpoints} = target
  const isOurs = ({value}: Line) => isLauncherValue(value) || FALLBACKS.includes(value)
  const {asked, dropped, droppedBy} = askedHelpers(lines, endpoints.git)
  const others = asked
    .filter((line) => !isOurs(line))
    .map(({value, ...where}) => ({helper: helperName(value), ...where}))

  // One that does not work is passed over.
  const last = lastProblem(target)
  const problem = asked.some(({value}) => isLauncherValue(value)) ? launcherProblem(env)?.because : undefined
  if (asked.some(({value}) => value === launcherValue(env)) && problem === undefined)
    return {state: 'configured', by: 'heroku-keychain', others}
  if (asked.some(isOurs)) {
    const because = last ?? problem
    // What stood in the way the last time will the next time, too.
    return {state: 'configured', by: 'heroku', others, ...(because && {because}), ...(last && {kept: false})}
  }

  if (isOptedOut(lines.filter(({scope}) => scope === 'global'))) return {state: 'opted out', others: []}
  if (droppedBy && dropped.some(isOurs)) return {state: 'dropped', droppedBy, others}
  return {state: 'not configured', ...defined({because: last}), others: []}
}

function wordsOf(error: unknown): string {
  if (error instanceof GitProblem) return error.message
  throw error
}
