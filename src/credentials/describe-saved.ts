// Where a login stored its token, in words.
import {fileNameOf} from '../backends/account-file-name.js'
import {isEncrypted} from '../backends/netrc/gpg.js'
import {ENTRIES} from '../backends/password-store-folder.js'
import type {Saved} from './save-in-store.js'

/** A wait that a user notices, in milliseconds: the first program of Windows that a WSL starts takes many seconds. */
const SLOW_MS = 2000

/** A `.netrc` for a message, which says whether it is plain text. */
export const inPlainText = (netrc: string) => (isEncrypted(netrc) ? netrc : `${netrc}, in plain text`)

/** The warning that a token went to `.netrc`; undefined if HEROKU_NETRC_WRITE says so. */
export function describeFallback({because, hint, location}: Saved): string | undefined {
  if (because === undefined) return undefined
  return `the token is in ${inPlainText(location)}: ${because}${hint === undefined ? '' : ` (${hint})`}`
}

/**
 * The result of a login whose token went where the user wants it.
 * @param tookMs how long it took to store it, in milliseconds
 */
export function describeSaved(saved: Saved, account: string, tookMs: number): string {
  const took = tookMs < SLOW_MS ? '' : ` (this took ${Math.round(tookMs / 1000)} s)`
  return `Token stored ${placeOf(saved, account)}${took}`
}

function placeOf({location, savedIn}: Saved, account: string): string {
  switch (savedIn) {
    case 'netrc':
      return `in ${inPlainText(location)}`
    case 'password-store':
      return `in ${location}: ${ENTRIES}/${fileNameOf(account)}`
    case 'systemd-creds':
      return `with ${location}, encrypted for you on this machine`
    default:
      return `in ${location}`
  }
}
