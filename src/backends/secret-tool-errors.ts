// What secret-tool says when it fails, as errors for the user.
import {StorageError} from '../errors.js'
import type {Answer} from './tool.js'

const UNLOCK = 'unlock it: log in to the desktop, or open it in Seahorse'

export const locked = () => new StorageError('locked', 'the keyring is locked', UNLOCK)

/** As after a login without a password, or over SSH. */
export const neverUnlocked = () =>
  new StorageError('locked', 'the keyring is locked, and was not unlocked since it was started', UNLOCK)

export const dismissed = () => new StorageError('denied', 'the keyring prompt was dismissed', 'try again and answer it')

/** Settings as KeePassXC 2.7.4 names them. */
export const notRemovable = () =>
  new StorageError(
    'denied',
    'the keyring gave the token, but does not let secret-tool remove it',
    'unlock it; in KeePassXC, delete the entry, or turn off "Confirm when passwords are retrieved by clients" ' +
      '(Settings, Secret Service Integration)',
  )

/** Sorts a tool that failed by what it says (English: `run` sets the locale), and keeps its words to itself. */
export function failure({code, stderr}: Answer, task: string): StorageError {
  const kind = troubles.find(({said}) => said.test(stderr))
  if (kind) return kind.error()
  return new StorageError('failed', `secret-tool could not ${task} (exit ${code})`, 'try: secret-tool search service x')
}

const NO_SESSION_HINT = 'run this in a desktop session, or set HEROKU_NETRC_WRITE=true to use ~/.netrc'

// Messages of GLib, libsecret and the bus, as secret-tool 0.20.5 prints them. The first that matches counts; a bus that
// rejects a message repeats the caller's command line, and so the account's name.
const troubles = [
  {
    said: /Rejected send message|AccessDenied|policy prevents|Exhausted all available authentication/iu,
    error: () =>
      new StorageError(
        'denied',
        'access to the keyring was denied by the session bus',
        'run this outside of the sandbox (snap, Flatpak, AppArmor), or set HEROKU_NETRC_WRITE=true to use ~/.netrc',
      ),
  },
  {said: /locked (collection|object)/iu, error: locked},
  // KeePassXC answers so when its prompt is dismissed (2.7.4).
  {said: /dismissed|cancell?ed|Error return with empty body/iu, error: dismissed},
  {
    said: /StartServiceByName .*(exited with|received signal|Failed to execute)|activation request/iu,
    error: () =>
      new StorageError(
        'unavailable',
        'the session bus could not start a keyring',
        'start one (GNOME Keyring, KWallet or KeePassXC)',
      ),
  },
  {
    said: /dbus-launch|spawn a message bus|autolaunch D-Bus|Could not connect|transport|address element|DBUS_SESSION_BUS_ADDRESS|connection is closed/iu,
    error: () => new StorageError('unavailable', 'there is no D-Bus session, so no keyring', NO_SESSION_HINT),
  },
  {
    said: /org\.freedesktop\.secrets was not provided|ServiceUnknown|has no owner/iu,
    error: () =>
      new StorageError(
        'unavailable',
        'no keyring is running in this session',
        'start or install one (GNOME Keyring, KWallet or KeePassXC)',
      ),
  },
  {
    said: /without replying/iu,
    error: () => new StorageError('failed', 'the keyring ended before it answered', 'try again'),
  },
  {
    said: /does not exist at path/iu,
    error: () =>
      new StorageError('unavailable', 'the keyring has no collection to store into', 'create one in Seahorse'),
  },
  {
    // GDBus's own limit of 25 s for one call: a prompt that KeePassXC shows meanwhile was not answered.
    said: /Timeout was reached|did not receive a reply/iu,
    error: () => new StorageError('timed-out', 'the keyring did not answer the session bus in time', UNLOCK),
  },
]
