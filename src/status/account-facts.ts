// Which account is used, and what selected it.
import {defined} from '../defined.js'
import {UserError} from '../errors.js'
import {readLoginState} from '../credentials/login-files.js'
import {currentOnRecord} from '../credentials/login-state.js'
import {selectAccount} from '../credentials/selection.js'
import type {CredentialStores} from '../credentials/stores.js'
import type {AccountFacts} from './report.js'

/**
 * @returns undefined if nothing on this machine names an account, if `.netrc` alone is used, or if the selection fails, which
 *   the lookup reports
 */
export async function accountFacts(stores: CredentialStores): Promise<AccountFacts | undefined> {
  try {
    const selected = await selectAccount(stores)
    const current = currentOnRecord(readLoginState(stores.context.dataDir))?.account
    if (stores.apiKey !== undefined)
      return {by: 'HEROKU_API_KEY', ...defined({otherwise: selected?.account ?? current, overrides: selected?.by})}
    if (selected) {
      const {account: effective, by, file} = selected
      return {effective, by, ...defined({file, otherwise: current})}
    }
    return current === undefined || stores.netrcOnly ? undefined : {effective: current, by: 'login.json'}
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}
