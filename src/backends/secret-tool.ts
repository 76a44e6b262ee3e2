// What `secret-tool` is called with and prints (libsecret), and its failures as errors for the user.
import {defined} from '../defined.js'
import {SERVICE} from './backend.js'
import {StorageError} from '../errors.js'
import type {Answer, Call} from './tool.js'

/** The attributes that select an item of the keyring. `--` because an account may begin with a dash. */
export const attributes = (account: string) => ['--', 'service', SERVICE, 'account', account]

/** The result of a search. */
export interface SearchResult {
  /** The accounts, without duplicates. */
  accounts: string[]
  /** The number of items. */
  items: number
  /** The number of locked items. */
  locked: number
  /** Items without an account: GNOME Keyring shows only hashes for a collection that has never been unlocked. */
  nameless: number
  /** The token that a lookup would return, with `withSecrets`: not if it is locked, empty or of several lines. */
  secret?: string
}

/** Of the first item, which a lookup prefers, too. Its lines come in this order (libsecret 0.15 to 0.21.7). */
const FIRST_SECRET = /^\[.*\]\nlabel = .*\nsecret = (.+)\ncreated = /u

/**
 * Lists Heroku's items. Only KeePassXC shows a prompt, while its database is locked; if the user dismisses it, there are
 * no items.
 * @param narrowed further attributes, each followed by its value
 * @throws {StorageError} if secret-tool fails
 */
export async function search(call: Call, narrowed: string[], {withSecrets = false} = {}): Promise<SearchResult> {
  // Attributes are printed on stderr, secrets on stdout (libsecret 0.15 to 0.21.7). Without --unlock it shows no
  // prompt, and lists locked items, too.
  const args = ['search', '--all', '--', 'service', SERVICE, ...narrowed]
  const {code, stderr, stdout} = await call(args, {discardStdout: !withSecrets})
  if (code !== 0) throw failureOf({code, stderr, stdout: ''}, withSecrets ? 'read the token' : 'list the accounts')
  const names = [...stderr.matchAll(/^attribute\.account = (.+)$/gmu)].flatMap(([, account]) => account ?? [])
  // One line per item that cannot be read without a prompt. The provider chooses the text; KeePassXC's is empty
  // (2.7.4).
  const locked = stderr.match(/^secret-tool: /gmu)?.length ?? 0
  const hashed = stderr.match(/^attribute\.gkr:compat:hashed:account = /gmu)?.length ?? 0
  const items = Math.max(names.length + hashed, locked)
  const secret = withSecrets ? FIRST_SECRET.exec(stdout)?.[1] : undefined
  return {
    accounts: [...new Set(names)],
    items,
    locked,
    nameless: items - names.length,
    ...defined({secret}),
  }
}

const UNLOCK = 'unlock it: log in to the desktop, or open it in Seahorse'

export const locked = () => new StorageError('locked', 'the keyring is locked', UNLOCK)

/** After a login without a password, or over SSH. */
export const neverUnlocked = () =>
  new StorageError('locked', 'the keyring is locked, and was not unlocked since it was started', UNLOCK)

export const dismissed = () => new StorageError('denied', 'the keyring prompt was dismissed', 'try again and answer it')

/** The setting's name is KeePassXC 2.7.4's. */
export const notRemovable = () =>
  new StorageError(
    'denied',
    'the keyring gave the token, but does not let secret-tool remove it',
    'unlock it; in KeePassXC, delete the entry, or turn off "Confirm when passwords are retrieved by clients" ' +
      '(Settings, Secret Service Integration)',
  )

/** The error for a failed call, by the tool's output (English: `run` sets the locale), which it never contains. */
export function failureOf({code, stderr}: Answer, task: string): StorageError {
  const kind = failures.find(({pattern}) => pattern.test(stderr))
  if (kind) return kind.error()
  return new StorageError('failed', `secret-tool could not ${task} (exit ${code})`, 'try: secret-tool search service x')
}

const NO_SESSION_HINT = 'run this in a desktop session, or set HEROKU_NETRC_WRITE=true to use ~/.netrc'

// Messages of GLib, libsecret and the bus, as secret-tool 0.20.5 prints them. The first match counts: a bus that
// rejects a message repeats the caller's command line, which contains the account.
export const noSession = () =>
  new StorageError('unavailable', 'there is no D-Bus session, so no keyring', NO_SESSION_HINT)

const failures = [
  {
    pattern: /Rejected send message|AccessDenied|policy prevents|Exhausted all available authentication/iu,
    error: () =>
      new StorageError(
        'denied',
        'access to the keyring was denied by the session bus',
        'run this outside of the sandbox (snap, Flatpak, AppArmor), or set HEROKU_NETRC_WRITE=true to use ~/.netrc',
      ),
  },
  {pattern: /locked (collection|object)/iu, error: locked},
  // The last one is KeePassXC's for a dismissed prompt (2.7.4).
  {pattern: /dismissed|cancell?ed|Error return with empty body/iu, error: dismissed},
  {
    pattern: /StartServiceByName .*(exited with|received signal|Failed to execute)|activation request/iu,
    error: () =>
      new StorageError(
        'unavailable',
        'the session bus could not start a keyring',
        'start one (GNOME Keyring, KWallet or KeePassXC)',
      ),
  },
  {
    pattern:
      /dbus-launch|address is empty|spawn a message bus|autolaunch D-Bus|Could not connect|transport|address element|DBUS_SESSION_BUS_ADDRESS|connection is closed/iu,
    error: noSession,
  },
  {
    pattern: /org\.freedesktop\.secrets was not provided|ServiceUnknown|has no owner/iu,
    error: () =>
      new StorageError(
        'unavailable',
        'no keyring is running in this session',
        'start or install one (GNOME Keyring, KWallet or KeePassXC)',
      ),
  },
  {
    pattern: /without replying/iu,
    error: () => new StorageError('failed', 'the keyring ended before it answered', 'try again'),
  },
  {
    pattern: /does not exist at path/iu,
    error: () =>
      new StorageError('unavailable', 'the keyring has no collection to store into', 'create one in Seahorse'),
  },
  {
    // GDBus's limit of 25 s for one call, as when KeePassXC's prompt is not answered.
    pattern: /Timeout was reached|did not receive a reply/iu,
    error: () => new StorageError('timed-out', 'the keyring did not answer the session bus in time', UNLOCK),
  },
]
