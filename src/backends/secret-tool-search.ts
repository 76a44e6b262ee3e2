// What the keyring lists of Heroku's items, by `secret-tool search`: locked ones too, and without a prompt.
import {defined} from '../defined.js'
import {SERVICE} from './backend.js'
import {failure} from './secret-tool-errors.js'
import type {Call} from './tool.js'

/** What a search lists. */
export interface SearchResult {
  /** The accounts found, once each. */
  accounts: string[]
  /** How many items there are. */
  items: number
  /** How many of them are locked. */
  locked: number
  /** How many do not tell their account: GNOME Keyring has hashes alone of a collection that was not unlocked yet. */
  nameless: number
  /** The token of the first unlocked item, if secrets were asked for. */
  secret?: string
}

/**
 * Lists Heroku's items without a prompt.
 * @param narrowed further attributes and their values, one after the other
 * @throws {StorageError} if secret-tool fails
 */
export async function search(call: Call, narrowed: string[], {withSecrets = false} = {}): Promise<SearchResult> {
  // Attributes come on stderr, secrets on stdout (libsecret 0.15 to 0.21.7), which goes unread if it can. Without
  // --unlock nothing prompts, and locked items are listed too.
  const args = ['search', '--all', '--', 'service', SERVICE, ...narrowed]
  const {code, stderr, stdout} = await call(args, {discardStdout: !withSecrets})
  if (code !== 0) throw failure({code, stderr, stdout: ''}, 'list the accounts')
  const loginJsonAccount = [...stderr.matchAll(/^attribute\.account = (.+)$/gmu)].flatMap(
    ([, account]) => account ?? [],
  )
  // A line for each item that cannot be read without a prompt. The words are the provider's: KeePassXC has none (2.7.4).
  const locked = stderr.match(/^secret-tool: /gmu)?.length ?? 0
  const hashed = stderr.match(/^attribute\.gkr:compat:hashed:account = /gmu)?.length ?? 0
  const items = Math.max(loginJsonAccount.length + hashed, locked)
  const secret = withSecrets ? /^secret = (.+)$/mu.exec(stdout)?.[1] : undefined
  return {
    accounts: [...new Set(loginJsonAccount)],
    items,
    locked,
    nameless: items - loginJsonAccount.length,
    ...defined({secret}),
  }
}
