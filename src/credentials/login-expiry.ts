// The expiry of a login: warned of before it is reached, and reported once it is over. Loaded only then.
import {codeOf, NOT_LOGGED_IN_EXIT, UserError} from '../errors.js'
import {lifeLeft, localDay, localTime} from '../ui/expiry.js'
import {printable} from '../ui/printable.js'
import {readLoginState} from './login-files.js'
import {accountOnRecord, expiryWarned} from './login-state.js'
import {describeSelection} from './selected-account.js'
import type {CredentialStores, FoundCredential} from './stores.js'

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
    if (!(error instanceof UserError) && codeOf(error) === undefined) throw error
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
