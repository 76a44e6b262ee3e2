import type {GuardedKeychain} from '../credentials/guarded-keychain.js'
import type {CredentialStores} from '../credentials/stores.js'
import type {Plan, Planned, MigrateOptions} from './plan.js'
import {planToKeychain} from './to-keychain.js'
import {planToNetrc, surveyBack} from './to-netrc.js'
import {survey, type Verify} from './survey.js'

/**
 * Looks at everything there is to migrate, and decides what is to be done.
 * @param verify asks the API about a token; undefined to ask nobody
 * @throws {StorageError | UserError} if a place or the API does not answer, or a wish cannot be fulfilled
 */
export async function makePlan(
  stores: CredentialStores,
  keychain: GuardedKeychain,
  to: Plan['to'],
  verify: Verify,
  wishes: MigrateOptions,
): Promise<Planned> {
  return to === 'netrc'
    ? planToNetrc(await surveyBack(stores, keychain, verify, wishes.account), wishes)
    : planToKeychain(await survey(stores, keychain, verify, wishes.account), wishes)
}
