import {printable} from '../ui/printable.js'
import {inPlainText} from './describe-saved.js'
import type {CredentialStores} from './stores.js'
import {withVariableHint} from '../ui/shell-hints.js'

/**
 * What `.netrc` still holds after a login into the keychain. It is kept, since other tools may read it; but git uses it before
 * any helper.
 * @param token the login's
 * @param bin the command name of the CLI, for hints
 * @returns undefined if it holds no token of Heroku's, or cannot be read: the login has succeeded without the file
 */
export async function describeLeftovers(
  stores: CredentialStores,
  token: string,
  bin: string,
): Promise<string | undefined> {
  try {
    const netrc = await stores.netrc()
    const entries = (await netrc.entries()).filter((entry) => entry.token !== undefined)
    const other = entries.find((entry) => entry.token !== token)
    if (other)
      return (
        `${netrc.path} still holds a token of ${printable(other.account ?? 'an unnamed account')}` +
        `${netrc.encrypted ? '' : ', which git uses before any other'}; ` +
        `to revoke and remove it: ${withVariableHint('HEROKU_NETRC_WRITE', 'true', `${bin} logout`)}`
      )
    // Not logout, which would revoke the token everywhere.
    return entries.length > 0
      ? `the token is in ${inPlainText(netrc.path)}, too; to remove it there: ${bin} auth:migrate`
      : undefined
  } catch {
    return undefined
  }
}
