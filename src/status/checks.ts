// From the facts to the report: checks, each with its message and next step, and the overall result.
import {SET_A_PASSWORD} from '../backends/plain-keyring.js'
import {gitChecks} from './git-checks.js'
import {missingTokenCheck, tokenChecks} from './token-checks.js'
import {
  type Check,
  check,
  type CliFacts,
  type Facts,
  type KeychainFacts,
  ofAccount,
  type PlainText,
  type Report,
  type TokenFacts,
} from './report.js'
import {unsetHint} from '../ui/shell-hints.js'

/** @param bin the command name of the CLI, for hints */
export function buildReport(facts: Facts, bin: string, now = Date.now()): Report {
  const {cli, host, keychain, token} = facts
  const checks = [
    ...(token ? tokenChecks(token, facts, bin, now) : [missingTokenCheck(facts, bin)]),
    keychainCheck(keychain, token),
    ...plainTextChecks(facts, bin),
    ...gitChecks(facts, bin),
    ...hostChecks(host),
    cliCheck(cli, bin),
  ]
  const hasError = facts.noToken?.isTrouble === true || checks.some(({level}) => level === 'error')
  const verdict = token || facts.noToken?.isTrouble ? (hasError ? 'trouble' : 'healthy') : 'not logged in'
  return {version: 1, verdict, ...facts, checks}
}

function keychainCheck(facts: KeychainFacts, token: TokenFacts | undefined): Check {
  const {because = '', hint, name = '', state} = facts
  switch (state) {
    case 'not used':
      return check('keychain', 'ok', 'not asked, as HEROKU_NETRC_WRITE says')
    case 'missing':
      return check('keychain', 'warning', `none: ${because}`, hint)
    case 'unlocked':
    case 'answers':
      return accountsCheck(facts, state === 'unlocked' ? 'is unlocked' : 'answers')
    default: {
      // HEROKU_API_KEY needs no keychain.
      const level = token?.tier === 'HEROKU_API_KEY' ? 'warning' : 'error'
      return check('keychain', level, `${because} (${name})`, hint ?? 'HEROKU_NETRC_WRITE=true has .netrc used instead')
    }
  }
}

function accountsCheck({accounts, name, title}: KeychainFacts, health: string): Check {
  const said = `${title ?? ''} (${name ?? ''}) ${health}`
  if (accounts.length === 0) return check('keychain', 'ok', `${said}, and holds nothing of Heroku's`)
  const more = accounts.map(({account, current}) => `${current ? '*' : ' '} ${account}`)
  return {...check('keychain', 'ok', said), more}
}

function plainTextChecks({keychain, noToken, plainText}: Facts, bin: string): Check[] {
  const isReady = keychain.state === 'unlocked' || keychain.state === 'answers'
  const migrate = isReady ? `${bin} auth:migrate` : undefined
  // Without a keychain there is nowhere to move the tokens to.
  const isOnly = keychain.state === 'missing' || keychain.state === 'not used'
  const line = (message: string, hint?: string) => check('plain text', 'warning', message, hint)
  const aliases = plainText.filter(({kind}) => kind === 'alias')
  const others = plainText.flatMap((each: PlainText) => {
    if (each.kind === 'exposed') return [line(each.because, each.hint)]
    if (each.kind === 'unreadable') return each.because === noToken?.because ? [] : [line(each.because, each.hint)]
    if (each.kind === 'keyring')
      return [line(`the keyring has no password: ${each.place} holds a Heroku token`, SET_A_PASSWORD)]
    if (each.kind === 'alias' || isOnly) return []
    const token = `${each.same === undefined ? 'a' : 'another'} token${ofAccount(each.account)}`
    return [line(`${each.place} holds ${each.same ? 'the token in use' : token}`, migrate)]
  })
  if (isOnly || aliases.length === 0) return others
  return [...others, {...line('heroku accounts keeps tokens in', migrate), more: aliases.map(({place}) => place)}]
}

function hostChecks({api, git, warnings}: Facts['host']): Check[] {
  const ignored = warnings.map((warning) => check('host', 'warning', warning, unsetHint(warning.split(' ')[0] ?? '')))
  return [check('host', 'ok', api === git ? api : `${api}, and ${git} for git`), ...ignored]
}

function cliCheck({clientVersion = '', how, name, plugin}: CliFacts, bin: string): Check {
  const who = plugin === undefined ? name : `${name} with ${plugin}`
  switch (how) {
    case 'provider':
      return check('heroku', 'ok', `${who}; its own commands ask the plugin for the token`)
    case 'netrc':
      return check('heroku', 'ok', `${who}; its own commands find the token where they look for .netrc`)
    case 'nothing':
      return check('heroku', 'ok', who)
    case 'unknown':
      return check(
        'heroku',
        'warning',
        `${who}; its own commands use @heroku-cli/command ${clientVersion}, which the plugin does not know`,
        `${bin} plugins:update`,
      )
  }
}
