// Which account is used, and what selected it.
import {defined} from '../defined.js'
import {UserError} from '../errors.js'
import {readLoginState} from '../credentials/login-files.js'
import {currentOnRecord} from '../credentials/login-state.js'
import {selectAccount} from '../credentials/selection.js'
import type {CredentialStores} from '../credentials/stores.js'
import type {AccountFacts} from './report.js'

/** @returns undefined if nothing on this machine names an account, or `.netrc` alone is used and does */
export async function accountFacts(stores: CredentialStores): Promise<AccountFacts | undefined> {
  const current = currentOnRecord(readLoginState(stores.context.dataDir))?.account
  const selected = await selectAccount(stores).catch((error: unknown) => {
    // The lookup has reported it.
    if (error instanceof UserError) return undefined
    throw error
  })
  if (stores.apiKey !== undefined)
    return {by: 'HEROKU_API_KEY', ...defined({otherwise: selected?.account ?? current, overrides: selected?.by})}
  if (selected) {
    const {account: effective, by, file} = selected
    return {effective, by, ...defined({file, otherwise: current})}
  }
  return current === undefined || stores.netrcOnly ? undefined : {effective: current, by: 'login.json'}
}
