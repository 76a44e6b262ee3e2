// The expiry of the login: recorded after a login, warned of before it is reached, and reported once it is over. Loaded only then.
import type {Credential} from '../backends/backend.js'
import {codeOf, NOT_LOGGED_IN_EXIT, UserError} from '../errors.js'
import type {Http} from '../heroku/http.js'
import {lifeLeft, localDay, localTime} from '../ui/expiry.js'
import {printable} from '../ui/printable.js'
import {readLoginState} from './login-files.js'
import {accountOnRecord, expiryRecorded, expiryWarned} from './login-state.js'
import {describeSelection} from './selected-account.js'
import type {CredentialStores, FoundCredential} from './stores.js'

// A login has succeeded without it, so a process that holds the login lock for longer is not waited for.
const RECORD_WAIT_MS = 1000

/** The error for a token that is known to be expired. */
export function loginExpired({account, expiresAt = '', selected}: FoundCredential): UserError {
  const whose = account === undefined ? 'the' : `${printable(account)}'s`
  const by = selected ? ` (selected by ${describeSelection(selected)})` : ''
  const end = new Date(expiresAt)
  return new UserError(
    `${whose} login${by} expired on ${localDay(end)} at ${localTime(end)}`,
    'heroku login',
    NOT_LOGGED_IN_EXIT,
  )
}

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
  const {readExpiry} = await import('../heroku/verify.js')
  const expiresAt = await readExpiry(http, endpoints.apiUrl, token)
  if (expiresAt === undefined) return
  const times = {expiresAt, recordedAt: new Date().toISOString()}
  const {changeLoginState} = await import('./login-writer.js')
  await changeLoginState({dataDir, waitMs: RECORD_WAIT_MS}, (state) =>
    expiryRecorded(state, {account, token}, times),
  ).catch(unlessReportable)
}

/**
 * Warns that a token expires soon, if no command has done so on this day. The day is recorded first: where that fails (a
 * read-only data folder, another process holds the login lock), there is no warning, rather than one by every command.
 * @param found a token that expires soon
 */
export async function warnOnceADay({context}: CredentialStores, found: FoundCredential): Promise<void> {
  const {account, expiresAt = '', token} = found
  const {dataDir, notify} = context
  const today = localDay(new Date())
  const before = readLoginState(dataDir)
  if (account === undefined || expiryWarned(before, {account, token}, today) === before) return
  // Another command may have warned since.
  const mark = {isNew: false}
  const {changeLoginState} = await import('./login-writer.js')
  try {
    await changeLoginState({dataDir, waitMs: 0}, (state) => {
      const after = expiryWarned(state, {account, token}, today)
      mark.isNew = after !== state
      return after
    })
  } catch (error) {
    unlessReportable(error)
    return
  }
  if (!mark.isNew) return
  const end = new Date(expiresAt)
  const as = accountOnRecord(before) === account ? '' : ` as ${printable(account)}`
  const weekday = end.toLocaleDateString('en', {weekday: 'long'})
  notify(
    `your Heroku login${as} expires in ${lifeLeft(expiresAt)?.inWords ?? 'less than a day'}, ` +
      `on ${weekday} at ${localTime(end)}; to renew it: heroku login`,
  )
}

function unlessReportable(error: unknown): void {
  if (!(error instanceof UserError) && codeOf(error) === undefined) throw error
}
