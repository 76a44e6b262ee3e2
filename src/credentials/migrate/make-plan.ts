import type {KeychainSession} from '../keychain-session.js'
import type {Places} from '../places.js'
import type {Plan, Planned, Wishes} from './plan.js'
import {planToKeychain} from './plan-to-keychain.js'
import {planToNetrc, surveyBack} from './plan-to-netrc.js'
import {survey, type Verify} from './survey.js'

/**
 * Looks at everything there is to migrate, and decides what is to be done.
 * @param verify asks the API about a token; undefined to ask nobody
 * @throws {BackendError | UserError} if a place or the API does not answer, or a wish cannot be fulfilled
 */
export async function makePlan(
  places: Places,
  keychain: KeychainSession,
  to: Plan['to'],
  verify: Verify,
  wishes: Wishes,
): Promise<Planned> {
  return to === 'netrc'
    ? planToNetrc(await surveyBack(places, keychain, verify, wishes.account), wishes)
    : planToKeychain(await survey(places, keychain, verify, wishes.account), wishes)
}
