import type {Credential} from '../backends/backend.js'
import {codeOf, UserError} from '../errors.js'
import type {Http} from '../heroku/http.js'
import {readExpiry} from '../heroku/verify.js'
import {expiryRecorded} from './login-state.js'
import {changeLoginState} from './login-writer.js'
import type {CredentialStores} from './stores.js'

// The login has succeeded without it, so a process that holds the login lock for longer is not waited for.
const WAIT_MS = 1000

/**
 * Asks the API when a token that was just stored expires, for a few seconds, and records it. A failure is not reported: then
 * the expiry stays unknown.
 */
export async function recordExpiry(
  {context, netrcOnly}: CredentialStores,
  http: Http,
  {account, token}: Credential,
): Promise<void> {
  // A login with HEROKU_NETRC_WRITE is on no record.
  if (netrcOnly) return
  const {dataDir, endpoints} = context
  const expiresAt = await readExpiry(http, endpoints.apiUrl, token)
  if (expiresAt === undefined) return
  const times = {expiresAt, recordedAt: new Date().toISOString()}
  try {
    await changeLoginState({dataDir, waitMs: WAIT_MS}, (state) => expiryRecorded(state, {account, token}, times))
  } catch (error) {
    if (!(error instanceof UserError) && codeOf(error) === undefined) throw error
  }
}
