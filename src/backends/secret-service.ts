// The Secret Service of a Linux desktop (GNOME Keyring, KWallet, KeePassXC), through libsecret's `secret-tool`.
import {type Backend, BackendError, type Credential, SERVICE} from './backend.js'
import {attributes, lookupArgs} from './secret-tool-args.js'
import {assertAccount, assertStorable} from './storable.js'
import {type Answer, type Call, startOperation, type ToolOptions} from './tool.js'

const NAME = 'secret-service'
const LABEL = 'Heroku CLI'

// secret-tool reads no more than this from stdin, stores what it has read, warns, and exits 0 (0.20.5).
const LONGEST_TOKEN_BYTES = 8192

/**
 * The Secret Service backend.
 * @param options `program` is the absolute path of secret-tool
 */
export function openSecretService(options: ToolOptions & {program: string}): Backend {
  const start = () => startOperation('the keyring', options.program, options)

  return {
    name: NAME,

    async get(account) {
      assertAccount(account)
      return lookup(start(), account)
    },

    async set(credential) {
      assertStorable(credential)
      if (Buffer.byteLength(credential.token) > LONGEST_TOKEN_BYTES)
        throw new BackendError('refused', `a token of over ${LONGEST_TOKEN_BYTES} bytes does not fit the keyring`)
      await store(start(), credential)
    },

    async remove(account) {
      assertAccount(account)
      return clear(start(), account)
    },

    async accounts() {
      const {accounts, nameless} = await search(start(), [])
      if (nameless) throw neverUnlocked()
      return accounts
    },
  }
}

async function lookup(call: Call, account: string): Promise<string | undefined> {
  const token = await lookupOnce(call, account)
  // A locked item ends this here: whoever dismissed its prompt sees no second one.
  if (token !== undefined || !(await isHeld(call, account))) return token
  // Somebody may have stored it since the first look.
  const late = await lookupOnce(call, account)
  if (late === undefined) await assertAbsent(call, account)
  return late
}

async function lookupOnce(call: Call, account: string): Promise<string | undefined> {
  const answer = await call(lookupArgs(account))
  // No newline is added where stdout is no terminal, so none is taken away.
  if (answer.code === 0) return answer.stdout
  if (!isSilentNo(answer)) throw trouble(answer, 'read the token')
  return undefined
}

async function store(call: Call, {account, token}: Credential): Promise<void> {
  const answer = await call(['store', `--label=${LABEL}`, ...attributes(account)], {input: token})
  if (answer.code !== 0) throw trouble(answer, 'store the token')
  if ((await lookup(call, account)) !== token)
    throw new BackendError('failed', 'the keyring did not keep the token as it was stored')
}

async function clear(call: Call, account: string): Promise<boolean> {
  const answer = await call(['clear', ...attributes(account)])
  if (answer.code !== 0 && !isSilentNo(answer)) throw trouble(answer, 'remove the token')
  // Neither exit status says whether anything is left: 1 is also what a locked item gives, and 0 comes even when the
  // removal was dismissed (libsecret's on_delete_password_complete, 0.20.5 and later).
  await assertAbsent(call, account)
  return answer.code === 0
}

/** `lookup` and `clear` exit 1 without a word for an item that is absent, locked or dismissed (secret-tool 0.20.5). */
const isSilentNo = ({code, stderr}: Answer) => code === 1 && stderr.trim() === ''

/**
 * Whether the account has an item that is unlocked.
 * @throws {BackendError} 'locked' if it has one that is locked
 */
async function isHeld(call: Call, account: string): Promise<boolean> {
  const found = await search(call, ['account', account])
  if (found.nameless) throw neverUnlocked()
  if (found.locked) throw locked()
  return found.accounts.length > 0
}

/** @throws {BackendError} if the account still has an item: 'locked', or 'denied' if it is unlocked and yet there */
async function assertAbsent(call: Call, account: string): Promise<void> {
  if (await isHeld(call, account))
    throw new BackendError(
      'denied',
      'the keyring holds the token but did not hand it over or let it go',
      'answer its prompt, or look at the entry in its own window (Seahorse, KWalletManager, KeePassXC)',
    )
}

interface SearchResult {
  accounts: string[]
  /** Whether an item is locked. */
  locked: boolean
  /** Whether a locked item does not tell its account: GNOME Keyring has hashes alone until it was once unlocked. */
  nameless: boolean
}

async function search(call: Call, narrowed: string[]): Promise<SearchResult> {
  // Attributes come on stderr, secrets on stdout (libsecret 0.15 to 0.21.7): stdout goes unread. Without --unlock
  // nothing prompts, and locked items are listed too.
  const answer = await call(['search', '--all', '--', 'service', SERVICE, ...narrowed], {discardStdout: true})
  if (answer.code !== 0) throw trouble(answer, 'list the accounts')
  const named = [...answer.stderr.matchAll(/^attribute\.account = (.+)$/gmu)].flatMap(([, account]) => account ?? [])
  const locked = answer.stderr.match(/Cannot get secret of a locked object/gu)?.length ?? 0
  return {accounts: [...new Set(named)], locked: locked > 0, nameless: locked > named.length}
}

const UNLOCK = 'unlock it: log in to the desktop, or open it in Seahorse'

const locked = () => new BackendError('locked', 'the keyring is locked', UNLOCK)

/** As after a login without a password, or over SSH. */
const neverUnlocked = () =>
  new BackendError('locked', 'the keyring is locked, and was not unlocked since it was started', UNLOCK)

/** Sorts a tool that failed by what it says (English: `run` sets the locale), and keeps its words to itself. */
function trouble({code, stderr}: Answer, task: string): BackendError {
  const kind = troubles.find(({said}) => said.test(stderr))
  if (kind) return kind.error()
  return new BackendError('failed', `secret-tool could not ${task} (exit ${code})`, 'try: secret-tool search service x')
}

const NO_SESSION_HINT = 'run this in a desktop session, or set HEROKU_NETRC_WRITE=true to use ~/.netrc'

// Messages of GLib and libsecret, as secret-tool 0.20.5 prints them.
const troubles = [
  {said: /locked (collection|object)/iu, error: locked},
  {
    said: /autolaunch D-Bus|Could not connect|transport|address element|DBUS_SESSION_BUS_ADDRESS|connection is closed/iu,
    error: () => new BackendError('unavailable', 'there is no D-Bus session, so no keyring', NO_SESSION_HINT),
  },
  {
    said: /org\.freedesktop\.secrets was not provided|ServiceUnknown|has no owner/iu,
    error: () =>
      new BackendError(
        'unavailable',
        'no keyring is running in this session',
        'start or install one (GNOME Keyring, KWallet or KeePassXC)',
      ),
  },
  {
    said: /does not exist at path/iu,
    error: () =>
      new BackendError('unavailable', 'the keyring has no collection to store into', 'create one in Seahorse'),
  },
  {
    said: /Timeout was reached|did not receive a reply/iu,
    error: () => new BackendError('timed-out', 'the keyring did not answer the session bus'),
  },
  {
    said: /dismissed|cancell?ed/iu,
    error: () => new BackendError('denied', 'the keyring prompt was dismissed', 'try again and answer it'),
  },
]
