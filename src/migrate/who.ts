// Who the user acts as once the tokens are in the keychain.
import {printable} from '../ui/printable.js'
import {UserError} from '../errors.js'
import {assertNotHidden} from '../credentials/guard.js'
import {currentAccount, currentOnRecord, type LoginState} from '../credentials/login-state.js'
import type {Conflict, MigrateOptions} from './plan.js'
import type {CheckedCopy, Survey} from './survey.js'

/** A copy, and whose token it is. */
export interface OwnedCopy extends CheckedCopy {
  account: string
}

/**
 * The account that is current afterwards: the one that is now, unless that depends on whether git or the CLI is asked. No
 * other account takes the place of one that is on record, and cannot be seen.
 * @returns undefined if none is, or no token of it was found
 * @throws {UserError} if `--account` names an account that is not there
 * @throws {StorageError} if the keychain hides the token of the account on record
 */
export function currentAfter(
  survey: Survey,
  owned: OwnedCopy[],
  wishes: MigrateOptions,
): string | undefined | Conflict {
  const {keychain, state} = survey
  const everybody = accountsIn(survey, owned)
  if (wishes.account !== undefined) return chosen(wishes.account, everybody)
  const absent = absentAccount(survey, owned)
  if (absent !== undefined) {
    assertNotHidden(state, absent, keychain)
    return undefined
  }

  const now = currentAccount(keychain.accounts, state)
  const known = typeof now === 'object' && everybody.includes(now.account) ? now.account : undefined
  const inNetrc = owned.filter(({spot}) => spot.in === 'netrc').map(({account}) => account)
  const today = known ?? inNetrc[0]
  if (today !== undefined) {
    const other = inNetrc.find((account) => account !== today)
    if (other === undefined || wishes.force) return today
    const [one, two] = [printable(today), printable(other)]
    const says = keychain.accounts.includes(today)
      ? `${keychain.title} has a token of ${one}, and .netrc has one of ${two}`
      : known === undefined
        ? `the API has a token of ${one}, and .netrc has one of ${two}`
        : `${one} is logged in, and .netrc has a token of ${two}`
    return whoConflict([today, other], says)
  }

  // A user who logged out is not logged in for having aliases.
  if (state.loggedOut || everybody.length === 0) return undefined
  // The keychain may hide an account that was stored there.
  const stored = state.tokens.filter(({savedIn}) => savedIn === keychain.name).map(({account}) => account)
  const candidates = new Set([...everybody, ...stored])
  return candidates.size === 1
    ? everybody[0]
    : whoConflict(everybody, `there are tokens of ${listOf(candidates, ' and ')}`)
}

/** The account that `--account` names; undefined if there is no token at all, so that there is nothing to do. */
function chosen(account: string, everybody: string[]): string | undefined {
  if (everybody.includes(account)) return account
  if (everybody.length === 0) return undefined
  throw new UserError(`there is no token of ${printable(account)}`, `there are tokens of ${listOf(everybody)}`)
}

/** The account on record, if there are tokens, and none of them is its. */
export function absentAccount(survey: Survey, owned: OwnedCopy[]): string | undefined {
  const account = currentOnRecord(survey.state)?.account
  const there = accountsIn(survey, owned)
  return there.length === 0 || account === undefined || there.includes(account) ? undefined : account
}

const accountsIn = ({keychain}: Survey, owned: OwnedCopy[]) => [
  ...new Set([...owned.map(({account}) => account), ...keychain.accounts]),
]

const listOf = (accounts: Iterable<string>, separator = ', ') =>
  [...accounts].map((each) => printable(each)).join(separator)

const whoConflict = (candidates: string[], says: string): Conflict => ({
  about: 'current',
  candidates,
  says,
  asks: 'whom do you want to act as?',
})

/** Whether an account is on record as the current one. */
export const isNamed = ({loggedOut, loginJsonAccount, lastAccount}: LoginState, current: string | undefined) =>
  loginJsonAccount === current && lastAccount === current && !loggedOut
