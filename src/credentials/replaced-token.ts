import type {Api} from '../heroku/api.js'
import {FIND_AND_REVOKE, howToRevoke} from '../heroku/replaced.js'
import type {LoginState} from './login-state.js'
import type {Saved} from './save-in-store.js'
import type {CredentialStores} from './stores.js'
import {recordOf} from './token-record.js'

/**
 * How to revoke the token that a login replaced. Only the user can decide that: a script may use a copy.
 * @param before the login state before the login
 * @param bin the command name of the CLI
 * @returns undefined if there is nothing to revoke, or nothing that can be said of it
 */
export async function describeReplaced(
  {context}: CredentialStores,
  {replaced}: Saved,
  account: string,
  before: LoginState,
  api: Api,
  bin: string,
): Promise<string | undefined> {
  if (replaced === undefined) return undefined
  const apiHost = recordOf({account, token: replaced}, before)?.apiHost
  // A token is sent only to the host that issued it. saveToken has named that host in a notice.
  if (apiHost !== undefined && apiHost !== context.endpoints.api) return undefined
  const commands = apiHost === undefined ? FIND_AND_REVOKE : await howToRevoke(api, replaced)
  if (commands.length === 0) return undefined
  const toRevoke = commands.map((each) => `${bin} ${each}`).join(', then ')
  return `the token that this login replaced was not revoked; to revoke it: ${toRevoke}`
}
