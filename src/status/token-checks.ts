import {defined} from '../defined.js'
import {NETRC} from '../backends/store-choice.js'
import {isEncrypted} from '../backends/netrc/gpg.js'
import {describeSelection} from '../credentials/selected-account.js'
import {expiresSoon, lifeLeft} from '../ui/expiry.js'
import {
  type AccountFacts,
  type Check,
  check,
  type Facts,
  ofAccount,
  type ShadowedToken,
  type StoresFacts,
  type TokenFacts,
} from './report.js'
import {demandedStore, migrateTo} from './store-checks.js'
import {unsetHint} from '../ui/shell-hints.js'

const NOT_LOGGED_IN = 'not logged in'

/** @param bin the command name of the CLI, for hints */
export function missingTokenCheck({keychain, noToken, stores}: Facts, bin: string): Check {
  // keychainCheck shows the reason.
  if (noToken?.isTrouble && noToken.because === keychain.because)
    return check('token', 'error', `not known, since ${keychain.title ?? 'the keychain'} did not tell`)
  if (noToken?.isTrouble) return check('token', 'error', `none: ${noToken.because}`, noToken.hint)
  const elsewhere =
    keychain.state === 'not used' ? '.netrc holds no token, and HEROKU_NETRC_WRITE rules out the keychain' : undefined
  const because = noToken?.because ?? elsewhere
  const isWhole = because?.startsWith(NOT_LOGGED_IN) === true
  return check(
    'token',
    'error',
    because === undefined ? NOT_LOGGED_IN : isWhole ? because : `${NOT_LOGGED_IN}: ${because}`,
    noToken?.hint ?? loginHint(stores, bin),
  )
}

const loginHint = ({inUse}: StoresFacts, bin: string) =>
  inUse === 'git' ? `on the machine that stores the login, run: ${bin} login` : `${bin} login`

/** @param bin the command name of the CLI, for hints */
export function tokenChecks(token: TokenFacts, facts: Facts, bin: string, now: number): Check[] {
  return [
    sourceCheck(token, facts, bin),
    accountCheck(token, facts.account, bin),
    validityCheck(token, facts, bin, now),
    // If the keychain has the token, plainTextChecks reports a copy in .netrc.
    ...facts.shadowed.filter(({source}) => token.tier !== 'keychain' || source !== 'netrc').map(shadowedCheck(token)),
  ]
}

function sourceCheck({masked, place, tier}: TokenFacts, facts: Facts, bin: string): Check {
  switch (tier) {
    case 'HEROKU_API_KEY':
      return check('token', 'ok', `${masked} from HEROKU_API_KEY, which comes before everything else`)
    case 'HEROKU_NETRC_WRITE':
      return check('token', 'ok', `${masked} from ${place}, as HEROKU_NETRC_WRITE says`)
    case 'keychain':
      return check('token', 'ok', `${masked} from ${place}, as ${reasonFor(facts)}`)
    case 'netrc': {
      const demanded = demandedStore(facts.stores)
      if (facts.stores.chosen === NETRC)
        return check('token', 'ok', `${masked} from ${place}, as HEROKU_CREDENTIAL_STORE says`)
      if (demanded !== undefined && !isEncrypted(place))
        return check(
          'token',
          'error',
          `${masked} from ${place}, in plain text, though HEROKU_CREDENTIAL_STORE asks for ${demanded}`,
          migrateTo(demanded, bin),
        )
      const {because, hint} = whyNetrc(facts, bin)
      return isEncrypted(place)
        ? check('token', 'ok', `${masked} from ${place}: ${because}`, hint)
        : check('token', 'warning', `${masked} from ${place}, in plain text: ${because}`, hint)
    }
  }
}

const reasonFor = ({stores: {by}}: Facts) =>
  by === 'HEROKU_CREDENTIAL_STORE' ? `${by} says` : 'no variable says otherwise'

function whyNetrc({keychain, shadowed}: Facts, bin: string): {because: string; hint?: string} {
  const {accounts, because, state, title = 'the keychain'} = keychain
  if (state === 'missing') return {because: 'this system has no keychain'}
  if (because !== undefined) return {because}
  if (shadowed.length > 0) return {because: `${title} did not take it at the last login`, hint: `${bin} login`}
  if (accounts.length > 0) return {because: `no account in ${title} is the current one`, hint: `${bin} login`}
  return {because: `${title} holds none`, hint: `${bin} auth:migrate`}
}

function accountCheck(token: TokenFacts, account: AccountFacts | undefined, bin: string): Check {
  const {account: name, filedUnder, source, validity} = token
  const why = account ? whySelected(account) : ''
  if (name === undefined)
    return check(
      'account',
      'warning',
      `${validity === 'not checked' ? `${source} does not say, and the API was not asked` : 'not known'}${why}`,
    )
  if (filedUnder === undefined) return check('account', 'ok', `${name}${why}`)
  return check('account', 'warning', `${name}, though the token is filed under ${filedUnder}`, `${bin} login`)
}

/** What selected the account, unless it is the login. */
function whySelected({by, effective, file, otherwise, overrides}: AccountFacts): string {
  if (by === 'login.json') return ''
  if (by === 'HEROKU_API_KEY')
    return overrides === undefined
      ? ''
      : `; HEROKU_API_KEY overrides ${describeSelection({by: overrides})} (${otherwise ?? ''})`
  const other = otherwise === undefined || otherwise === effective ? '' : `, instead of ${otherwise}`
  return `, selected by ${describeSelection({by, ...defined({file})})}${other}`
}

function validityCheck(token: TokenFacts, {host}: Facts, bin: string, now: number): Check {
  const {because = '', expiresAt, hint, tier, validity} = token
  const renew =
    tier === 'HEROKU_API_KEY' ? `${unsetHint('HEROKU_API_KEY')}, or set it to a valid token` : `${bin} login`
  const left = expiresAt === undefined ? undefined : lifeLeft(expiresAt, now)
  if (validity === 'invalid') return check('validity', 'error', `not valid: it has expired, or was revoked`, renew)
  if (validity === 'unknown') return check('validity', 'error', `not known: ${because}`, hint)
  if (left && left.seconds <= 0) return check('validity', 'error', `expired on ${day(expiresAt)}`, renew)

  const said = validity === 'valid' ? `valid, says ${host.api}` : `${host.api} was not asked`
  if (!left) return check('validity', 'ok', `${said}; no expiry is known`)
  const isSoon = expiresSoon(token, now)
  const until = `expires in ${left.inWords}, on ${day(expiresAt)}`
  return check('validity', isSoon ? 'warning' : 'ok', `${said}; ${until}`, isSoon ? renew : undefined)
}

/** The date in UTC. */
const day = (iso = '') => new Date(iso).toISOString().slice(0, 10)

const shadowedCheck =
  ({tier}: TokenFacts) =>
  ({account, place, same}: ShadowedToken): Check =>
    check(
      'shadows',
      same ? 'ok' : 'warning',
      `${same ? 'the same token' : 'the token'}${ofAccount(account)} in ${place}`,
      tier === 'HEROKU_API_KEY' && !same ? unsetHint('HEROKU_API_KEY') : undefined,
    )
