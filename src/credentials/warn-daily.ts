import {expiresSoon} from '../ui/expiry.js'
import type {CredentialStores, FoundCredential} from './stores.js'

/**
 * Prints a warning on stderr, once a day, if a token expires soon, or is in plain text because no encrypted store took it.
 * For every command that uses the token, but not for git's credential helper, which runs in the middle of a push.
 */
export async function warnDaily(stores: CredentialStores, found: FoundCredential): Promise<void> {
  if (!expiresSoon(found) && !found.isFallback) return
  const {warnOfExpiry, warnOfPlainText} = await import('./daily-warnings.js')
  if (expiresSoon(found)) await warnOfExpiry(stores, found)
  if (found.isFallback) await warnOfPlainText(stores, found)
}
