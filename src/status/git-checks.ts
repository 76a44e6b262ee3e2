import type {Setting} from '../git/helper-chain.js'
import {type Check, check, type Facts, type GitFacts, ofAccount} from './report.js'

/** What git does for the Heroku git host. @param bin the command name of the CLI, for hints */
export function gitChecks(facts: Facts, bin: string): Check[] {
  const {git, token} = facts
  const {host, netrc, others} = git
  const line = (level: Check['level'], message: string, hint?: string) => check('git', level, message, hint)
  const alsoGiven = (token && git.by ? others : []).map(({helper, ...at}) =>
    line('warning', `gives the token to ${helper} too, as ${at.key} in ${at.file} says`, edit(at)),
  )
  if (git.state === 'not installed') return [line('warning', 'is not installed')]
  if (git.state === 'failed') return [line('error', git.because ?? 'git failed', 'git config --list')]
  // libcurl reads .netrc before git asks any helper.
  if (netrc && netrc.same !== true)
    return [
      line(
        'warning',
        `uses the token${ofAccount(netrc.account)} in ${netrc.place} for ${host}, before it asks anybody`,
        netrcHint(facts, bin),
      ),
      ...alsoGiven,
    ]
  const {rewrittenBy} = git
  if (rewrittenBy)
    return [
      line(
        'warning',
        `turns https://${host}/ into ssh, as ${rewrittenBy.key} in ${rewrittenBy.file} says, and asks no helper`,
        unset(rewrittenBy, ''),
      ),
      ...alsoGiven,
    ]
  // In a container, git asks the machine that runs it.
  if (token?.source === 'git-forwarded') return [line('ok', `gets the token for ${host} from its own helpers`)]
  return [helperCheck(git, facts, bin), ...alsoGiven]
}

function helperCheck({because, by, droppedBy, host, kept, netrc, state}: GitFacts, {token}: Facts, bin: string): Check {
  const line = (level: Check['level'], message: string, hint?: string) => check('git', level, message, hint)
  if (netrc && token?.source === 'netrc') return line('ok', `finds the token for ${host} in ${netrc.place} by itself`)
  if (state === 'configured' && because !== undefined)
    return line('warning', `asks the Heroku CLI for ${host}: ${because}`, kept ? `${bin} whoami` : undefined)
  if (state === 'configured')
    return line('ok', `asks ${by === 'heroku' ? 'the Heroku CLI' : 'heroku-keychain'} for ${host}`)
  if (state === 'opted out')
    return line(
      'ok',
      'was left alone, as heroku.credentialHelper says',
      'git config --global --unset heroku.credentialHelper',
    )
  if (state === 'dropped' && droppedBy)
    return line(
      'warning',
      `does not ask for ${host} here, as ${droppedBy.key} in ${droppedBy.file} is empty`,
      unset(droppedBy),
    )
  if (!token) return line('ok', 'is not configured until you log in')
  if (because !== undefined)
    return line('error', `could not be configured the last time: ${because}`, `fix that, then: ${bin} login`)
  return line('warning', `is not configured for ${host}`, kept ? `${bin} whoami` : `${bin} login`)
}

/** auth:migrate empties `.netrc` if there is a keychain; without one, a login rewrites the entries of both hosts. */
function netrcHint({keychain: {state}, token}: Facts, bin: string): string | undefined {
  if (state === 'unlocked' || state === 'answers') return `${bin} auth:migrate`
  return token?.source === 'HEROKU_API_KEY' ? undefined : `${bin} login`
}

const OWN_FILES = ['system', 'global', 'local', 'worktree']

/** Opens the file with the setting; undefined for a setting in the environment. */
const edit = ({scope}: Setting) => (OWN_FILES.includes(scope) ? `git config --${scope} --edit` : undefined)

const unset = ({key, scope}: Setting, value = ` '^$'`) =>
  OWN_FILES.includes(scope) ? `git config --${scope} --unset-all ${quoted(key)}${value}` : undefined

/** Quoted for a shell, if needed. */
export const quoted = (key: string) => (/^[\w.:/@-]+$/u.test(key) ? key : `'${key.replaceAll("'", String.raw`'\''`)}'`)
