// From the facts to the report: checks, each with its message and next step, and the overall result.
import {SET_A_PASSWORD} from '../backends/plain-keyring.js'
import {gitChecks} from './git-checks.js'
import {demandedStore, storeChecks} from './store-checks.js'
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
} from './report.js'
import {unsetHint} from '../ui/shell-hints.js'

/** @param bin the command name of the CLI, for hints */
export function buildReport(facts: Facts, bin: string, now = Date.now()): Report {
  const {cli, host, token} = facts
  const checks = [
    ...(token ? tokenChecks(token, facts, bin, now) : [missingTokenCheck(facts, bin)]),
    keychainCheck(facts),
    ...storeChecks(facts, bin),
    ...plainTextChecks(facts, bin),
    ...gitChecks(facts, bin),
    ...hostChecks(host),
    cliCheck(cli, bin),
  ]
  const hasError = facts.noToken?.isTrouble === true || checks.some(({level}) => level === 'error')
  const verdict = token || facts.noToken?.isTrouble ? (hasError ? 'trouble' : 'healthy') : 'not logged in'
  return {version: 1, verdict, ...facts, checks}
}

function keychainCheck({keychain, stores, token}: Facts): Check {
  const {because = '', hint, name = '', state} = keychain
  // HEROKU_API_KEY needs no keychain.
  const level = token?.tier === 'HEROKU_API_KEY' ? 'warning' : 'error'
  const demanded = demandedStore(stores)
  switch (state) {
    case 'not used':
      return check('keychain', 'ok', 'not asked, as HEROKU_NETRC_WRITE says')
    case 'missing':
      return check('keychain', demanded === undefined ? 'warning' : level, `none: ${because}`, hint)
    case 'unlocked':
    case 'answers':
      return accountsCheck(keychain, state === 'unlocked' ? 'is unlocked' : 'answers')
    default: {
      const otherwise = demanded === undefined ? 'HEROKU_NETRC_WRITE=true has .netrc used instead' : undefined
      return check('keychain', level, `${because} (${name})`, hint ?? otherwise)
    }
  }
}

function accountsCheck({accounts, name, title}: KeychainFacts, health: string): Check {
  const said = `${title ?? ''} (${name ?? ''}) ${health}`
  if (accounts.length === 0 && name !== 'git-forwarded')
    return check('keychain', 'ok', `${said}, and holds nothing of Heroku's`)
  const more = accounts.map(({account, current}) => `${current ? '*' : ' '} ${account}`)
  return {...check('keychain', 'ok', said), more}
}

function plainTextChecks({keychain, noToken, plainText, stores}: Facts, bin: string): Check[] {
  const isReady = keychain.state === 'unlocked' || keychain.state === 'answers'
  const demanded = demandedStore(stores)
  const migrate = isReady ? `${bin} auth:migrate` : undefined
  // Without a keychain there is nowhere to move the tokens to.
  const isOnly = keychain.state === 'missing' || keychain.state === 'not used'
  const line = (message: string, hint?: string) => check('plain text', 'warning', message, hint)
  const inNetrc = (message: string) =>
    demanded === undefined
      ? line(message, migrate)
      : check('plain text', 'error', `${message}, though HEROKU_CREDENTIAL_STORE asks for ${demanded}`, migrate)
  const aliases = plainText.filter(({kind}) => kind === 'alias')
  const others = plainText.flatMap((each: PlainText) => {
    if (each.kind === 'exposed') return [line(each.because, each.hint)]
    if (each.kind === 'unreadable') return each.because === noToken?.because ? [] : [line(each.because, each.hint)]
    if (each.kind === 'keyring')
      return [line(`the keyring has no password: ${each.place} holds a Heroku token`, SET_A_PASSWORD)]
    if (each.kind === 'alias' || (isOnly && demanded === undefined)) return []
    const token = `${each.same === undefined ? 'a' : 'another'} token${ofAccount(each.account)}`
    return [inNetrc(`${each.place} holds ${each.same ? 'the token in use' : token}`)]
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
