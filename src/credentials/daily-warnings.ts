// Warnings about a token that is used, once a day. Loaded only then.
import {codeOf, UserError} from '../errors.js'
import {lifeLeft, localDay, localTime} from '../ui/expiry.js'
import {printable} from '../ui/printable.js'
import {readLoginState} from './login-files.js'
import {accountOnRecord, warned, type Warning} from './login-state.js'
import type {CredentialStores, FoundCredential} from './stores.js'

/** @param found a token that expires soon */
export async function warnOfExpiry(stores: CredentialStores, found: FoundCredential): Promise<void> {
  const {account = '', expiresAt = ''} = found
  const end = new Date(expiresAt)
  const as = accountOnRecord(readLoginState(stores.context.dataDir)) === account ? '' : ` as ${printable(account)}`
  const weekday = end.toLocaleDateString('en', {weekday: 'long'})
  await warnOnce(
    stores,
    found,
    'warnedOn',
    `your Heroku login${as} expires in ${lifeLeft(expiresAt)?.inWords ?? 'less than a day'}, ` +
      `on ${weekday} at ${localTime(end)}; to renew it: heroku login`,
  )
}

/** @param found a token in plain text */
export async function warnOfPlainText(stores: CredentialStores, found: FoundCredential): Promise<void> {
  await warnOnce(
    stores,
    found,
    'plainTextWarnedOn',
    `the token is in ${found.location}, in plain text, because no encrypted store took it; ` +
      'to see what is missing: heroku auth:status',
  )
}

/**
 * Prints a warning, if no command has done so on this day. The day is recorded first: where that fails (a read-only data
 * folder, another process holds the login lock), there is no warning, rather than one by every command.
 */
async function warnOnce(
  {context}: CredentialStores,
  found: FoundCredential,
  warning: Warning,
  line: string,
): Promise<void> {
  const {account, token} = found
  const {dataDir, notify} = context
  const today = localDay(new Date())
  const before = readLoginState(dataDir)
  if (account === undefined || warned(before, {account, token}, warning, today) === before) return
  // Another command may have warned since.
  const mark = {isNew: false}
  const {changeLoginState} = await import('./login-writer.js')
  try {
    await changeLoginState({dataDir, waitMs: 0}, (state) => {
      const after = warned(state, {account, token}, warning, today)
      mark.isNew = after !== state
      return after
    })
  } catch (error) {
    if (!(error instanceof UserError) && codeOf(error) === undefined) throw error
    return
  }
  if (mark.isNew) notify(line)
}
