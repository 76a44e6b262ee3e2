// The account that is current once the tokens are in the keychain.
import {printable} from '../ui/printable.js'
import {UserError} from '../errors.js'
import {assertNotHidden} from '../credentials/guard.js'
import {currentAccount, currentOnRecord, type LoginState} from '../credentials/login-state.js'
import type {Conflict, MigrateOptions} from './plan.js'
import type {CheckedCopy, Survey} from './survey.js'

/** A copy with its account. */
export interface OwnedCopy extends CheckedCopy {
  account: string
}

/**
 * The account that is current now stays current. If git and the CLI use different accounts now, that is a conflict. An account
 * on record whose token was not found is not replaced by another.
 * @returns undefined if no account is current, or its token was not found
 * @throws {UserError} if no token of the account that `--account` names was found
 * @throws {StorageError} if the keychain hides the token of the account on record
 */
export function accountAfterwards(
  survey: Survey,
  owned: OwnedCopy[],
  options: MigrateOptions,
): string | undefined | Conflict {
  const {keychain, state} = survey
  const accounts = accountsIn(survey, owned)
  if (options.account !== undefined) return chosen(options.account, accounts)
  const absent = absentAccount(survey, owned)
  if (absent !== undefined) {
    assertNotHidden(state, absent, keychain)
    return undefined
  }

  const now = currentAccount(keychain.accounts, state)
  const known = typeof now === 'object' && accounts.includes(now.account) ? now.account : undefined
  const inNetrc = owned.filter(({location}) => location.in === 'netrc').map(({account}) => account)
  const current = known ?? inNetrc[0]
  if (current !== undefined) {
    const other = inNetrc.find((account) => account !== current)
    if (other === undefined || options.force) return current
    const [one, two] = [printable(current), printable(other)]
    const message = keychain.accounts.includes(current)
      ? `${keychain.title} has a token of ${one}, and .netrc has one of ${two}`
      : known === undefined
        ? `the API has a token of ${one}, and .netrc has one of ${two}`
        : `${one} is logged in, and .netrc has a token of ${two}`
    return currentConflict([current, other], message)
  }

  // Alias files do not log in a user who logged out.
  if (state.loggedOut || accounts.length === 0) return undefined
  // The keychain may hide an account that was stored there.
  const stored = state.tokens.filter(({savedIn}) => savedIn === keychain.name).map(({account}) => account)
  const candidates = new Set([...accounts, ...stored])
  return candidates.size === 1
    ? accounts[0]
    : currentConflict(accounts, `there are tokens of ${listOf(candidates, ' and ')}`)
}

/** The account that `--account` names; undefined if there are no tokens, so that there is nothing to do. */
function chosen(account: string, accounts: string[]): string | undefined {
  if (accounts.includes(account)) return account
  if (accounts.length === 0) return undefined
  throw new UserError(`there is no token of ${printable(account)}`, `there are tokens of ${listOf(accounts)}`)
}

/** The account on record, if there are tokens, but none of that account. */
export function absentAccount(survey: Survey, owned: OwnedCopy[]): string | undefined {
  const account = currentOnRecord(survey.state)?.account
  const accounts = accountsIn(survey, owned)
  return accounts.length === 0 || account === undefined || accounts.includes(account) ? undefined : account
}

const accountsIn = ({keychain}: Survey, owned: OwnedCopy[]) => [
  ...new Set([...owned.map(({account}) => account), ...keychain.accounts]),
]

const listOf = (accounts: Iterable<string>, separator = ', ') =>
  [...accounts].map((each) => printable(each)).join(separator)

const currentConflict = (candidates: string[], message: string): Conflict => ({
  about: 'current',
  candidates,
  message,
  question: 'whom do you want to act as?',
})

/** Whether an account is on record as the current one. */
export const isRecorded = ({loggedOut, loginJsonAccount, lastAccount}: LoginState, current: string | undefined) =>
  loginJsonAccount === current && lastAccount === current && !loggedOut
