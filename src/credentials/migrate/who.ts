// Who the user acts as once the tokens are in the keychain.
import {printable} from '../../printable.js'
import {UserError} from '../../user-error.js'
import {currentAmong} from '../current.js'
import type {LoginState} from '../login-state.js'
import type {Conflict, Wishes} from './plan.js'
import type {CheckedCopy, Survey} from './survey.js'

/** A copy, and whose token it is. */
export interface OwnedCopy extends CheckedCopy {
  account: string
}

/** Who the user acts as afterwards: whoever it is now, unless that depends on whether git or the CLI is asked. */
export function currentAfter(survey: Survey, owned: OwnedCopy[], wishes: Wishes): string | undefined | Conflict {
  const {keychain, state} = survey
  const everybody = [...new Set([...owned.map(({account}) => account), ...keychain.accounts])]
  if (wishes.account !== undefined) {
    if (everybody.includes(wishes.account)) return wishes.account
    // Nothing is there at all, so there is nothing to do.
    if (everybody.length === 0) return undefined
    throw new UserError(
      `there is no token of ${printable(wishes.account)}`,
      `there are tokens of ${everybody.map((each) => printable(each)).join(', ')}`,
    )
  }

  const byKeychain = currentAmong(keychain.accounts, state)
  const holder =
    typeof byKeychain === 'object' && keychain.accounts.includes(byKeychain.account) ? byKeychain : undefined
  const inNetrc = owned.filter(({spot}) => spot.in === 'netrc').map(({account}) => account)
  const today = holder?.account ?? inNetrc[0]
  if (today !== undefined) {
    const other = inNetrc.find((account) => account !== today)
    if (other === undefined || wishes.force) return today
    const where = holder ? keychain.title : 'the API'
    return whoConflict(
      [today, other],
      `${where} has a token of ${printable(today)}, and .netrc has one of ${printable(other)}`,
    )
  }

  // Whoever logged out does not become somebody for having aliases.
  if (state.loggedOut) return undefined
  const [account, ...more] = everybody
  return more.length === 0
    ? account
    : whoConflict(everybody, `there are tokens of ${everybody.map((each) => printable(each)).join(' and ')}`)
}

const whoConflict = (candidates: string[], says: string): Conflict => ({
  about: 'current',
  candidates,
  says,
  asks: 'whom do you want to act as?',
})

/** Whether an account is on record as the current one. */
export const isNamed = ({loggedOut, named, remembered}: LoginState, current: string | undefined) =>
  named === current && remembered === current && !loggedOut
