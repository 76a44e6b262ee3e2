// The error for a login that is over. Loaded only then.
import {NOT_LOGGED_IN_EXIT, UserError} from '../errors.js'
import {localDay, localTime} from '../ui/expiry.js'
import {printable} from '../ui/printable.js'
import {describeSelection} from './selected-account.js'
import type {FoundCredential} from './stores.js'

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
