import {isEncrypted} from '../backends/netrc/gpg.js'
import {lifeLeft} from '../ui/expiry.js'
import {type Check, check, type Facts, ofAccount, type ShadowedToken, type TokenFacts} from './report.js'

const SOON_SECONDS = 24 * 60 * 60

/** @param bin the command name of the CLI, for hints */
export function missingTokenCheck({keychain, noToken}: Facts, bin: string): Check {
  // keychainCheck shows the reason.
  if (noToken?.isTrouble && noToken.because === keychain.because)
    return check('token', 'error', `not known, since ${keychain.title ?? 'the keychain'} did not tell`)
  if (noToken?.isTrouble) return check('token', 'error', `none: ${noToken.because}`, noToken.hint)
  const elsewhere =
    keychain.state === 'not used' ? '.netrc holds no token, and HEROKU_NETRC_WRITE rules out the keychain' : undefined
  const because = noToken?.because ?? elsewhere
  return check(
    'token',
    'error',
    because === undefined ? 'not logged in' : `not logged in: ${because}`,
    noToken?.hint ?? `${bin} login`,
  )
}

/** @param bin the command name of the CLI, for hints */
export function tokenChecks(token: TokenFacts, facts: Facts, bin: string, now: number): Check[] {
  return [
    sourceCheck(token, facts, bin),
    accountCheck(token, bin),
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
      return check('token', 'ok', `${masked} from ${place}, as no variable says otherwise`)
    case 'netrc': {
      const {because, hint} = whyNetrc(facts, bin)
      return isEncrypted(place)
        ? check('token', 'ok', `${masked} from ${place}: ${because}`, hint)
        : check('token', 'warning', `${masked} from ${place}, in plain text: ${because}`, hint)
    }
  }
}

function whyNetrc({keychain, shadowed}: Facts, bin: string): {because: string; hint?: string} {
  const {accounts, because, state, title = 'the keychain'} = keychain
  if (state === 'missing') return {because: 'this system has no keychain'}
  if (because !== undefined) return {because}
  if (shadowed.length > 0) return {because: `${title} did not take it at the last login`, hint: `${bin} login`}
  if (accounts.length > 0) return {because: `no account in ${title} is the current one`, hint: `${bin} login`}
  return {because: `${title} holds none`, hint: `${bin} auth:migrate`}
}

function accountCheck({account, filedUnder, source, validity}: TokenFacts, bin: string): Check {
  if (account === undefined)
    return check(
      'account',
      'warning',
      validity === 'not checked' ? `${source} does not say, and nobody was asked` : 'not known',
    )
  if (filedUnder === undefined) return check('account', 'ok', account)
  return check('account', 'warning', `${account}, though the token is filed under ${filedUnder}`, `${bin} login`)
}

function validityCheck(token: TokenFacts, {host}: Facts, bin: string, now: number): Check {
  const {because = '', expiresAt, hint, tier, validity} = token
  const renew = tier === 'HEROKU_API_KEY' ? 'unset HEROKU_API_KEY, or set it to a valid token' : `${bin} login`
  const left = expiresAt === undefined ? undefined : lifeLeft(expiresAt, now)
  if (validity === 'invalid') return check('validity', 'error', `not valid: it has expired, or was revoked`, renew)
  if (validity === 'unknown') return check('validity', 'error', `not known: ${because}`, hint)
  if (left && left.seconds <= 0) return check('validity', 'error', `expired on ${day(expiresAt)}`, renew)

  const said = validity === 'valid' ? `valid, says ${host.api}` : `${host.api} was not asked`
  if (!left) return check('validity', 'ok', `${said}; no expiry is known`)
  const isSoon = left.seconds < SOON_SECONDS
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
      tier === 'HEROKU_API_KEY' && !same ? 'unset HEROKU_API_KEY' : undefined,
    )
