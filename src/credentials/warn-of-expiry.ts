import {expiresSoon} from '../ui/expiry.js'
import type {CredentialStores, FoundCredential} from './stores.js'

/**
 * Prints a warning on stderr if a token expires soon, once a day. For every command that uses the token, but not for git's
 * credential helper, which runs in the middle of a push.
 */
export async function warnOfExpiry(stores: CredentialStores, found: FoundCredential): Promise<void> {
  if (!expiresSoon(found)) return
  const {warnOnceADay} = await import('./login-expiry.js')
  await warnOnceADay(stores, found)
}
