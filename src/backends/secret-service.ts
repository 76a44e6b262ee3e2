// The Secret Service of a Linux desktop (GNOME Keyring, KWallet, KeePassXC), through libsecret's `secret-tool`.
import {defined} from '../defined.js'
import {type Backend, type Credential, type Peek, SERVICE} from './backend.js'
import {StorageError} from '../errors.js'
import {printable} from '../ui/printable.js'
import {
  attributes,
  dismissed,
  failureOf,
  locked,
  neverUnlocked,
  notRemovable,
  search,
  type SearchResult,
} from './secret-tool.js'
import {assertAccount, assertStorable} from './credential-rules.js'
import {type Answer, type Call, startOperation, type ToolOptions} from './tool.js'

const NAME = 'secret-service'
const LABEL = 'Heroku CLI'

// secret-tool reads at most this much from stdin, stores it, warns, and exits 0 (0.20.5).
const LONGEST_TOKEN_BYTES = 8192

/**
 * Opens the Secret Service.
 * @param options `program` is the absolute path of secret-tool
 */
export function openSecretService(options: ToolOptions & {program: string}): Backend {
  const start = () => withRetries(startOperation('the keyring', options.program, options))
  /** The accounts whose last read returned a token. */
  const readable = new Set<string>()

  return {
    name: NAME,

    async get(account) {
      assertAccount(account)
      readable.delete(account)
      const token = await lookup(start(), account)
      if (token !== undefined) readable.add(account)
      return token
    },

    async peek(account) {
      assertAccount(account)
      return peek(start(), account)
    },

    async set(credential) {
      assertStorable(credential)
      if (Buffer.byteLength(credential.token) > LONGEST_TOKEN_BYTES)
        throw new StorageError('refused', `a token of over ${LONGEST_TOKEN_BYTES} bytes does not fit the keyring`)
      await store(start(), credential)
    },

    async remove(account) {
      assertAccount(account)
      const wasReadable = readable.delete(account)
      try {
        return await clear(start(), account, options.notify)
      } catch (error) {
        // With "confirm access", KeePassXC locks an item for each new client, and a removal shows no prompt (2.7.4).
        if (error instanceof StorageError && error.problem === 'locked' && wasReadable) throw notRemovable()
        throw error
      }
    },

    async accounts() {
      const {accounts, nameless} = await search(start(), [])
      if (nameless > 0 && accounts.length === 0) throw neverUnlocked()
      return accounts
    },
  }
}

const MAX_ATTEMPTS = 3

/**
 * Repeats a call that failed before any prompt, by no fault of the user. KWallet 5.103 loses one session in a hundred,
 * and rejects a public key that begins with a zero byte. A search trips over an item that another program removes
 * meanwhile.
 */
function withRetries(call: Call): Call {
  return async (args, options) => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await call(args, options)
      if (attempt === MAX_ATTEMPTS || !TRANSIENT.test(answer.stderr)) return answer
    }
  }
}

/** As secret-tool 0.20.5 prints KWallet's errors, and those of GNOME Keyring 42.1 for an item that is gone. */
const TRANSIENT =
  /^secret-tool: (?:Client public key size is invalid|Can't find session |No such secret item |No such interface .*Secret\.Item|Object does not exist at path .*\/\d+\W*$)/mu

/**
 * Reads the account's token. The search comes first: it is the only call if the provider shows no item. While
 * KeePassXC's database is locked, each call asks to unlock it, and a dismissed prompt looks like an empty keyring, so
 * a second call would ask again (2.7.4).
 * @returns undefined if the account has no item
 * @throws {StorageError} 'locked' or 'denied' if it has an item whose token cannot be read
 */
const lookup = async (call: Call, account: string) => tokenOf(call, account, await searchFor(call, account))

const searchFor = (call: Call, account: string) => search(call, ['account', account], {withSecrets: true})

/**
 * The token of the items that a search found. A search shows no prompt for an item: if it is locked, or KWallet's wallet
 * is closed (5.103), the lookup does.
 */
async function tokenOf(call: Call, account: string, found: SearchResult): Promise<string | undefined> {
  if (found.items === 0) return undefined
  if (found.secret !== undefined) return found.secret
  const answer = await call(['lookup', ...attributes(account)])
  // secret-tool adds no newline when piped, so don't trim one.
  if (answer.code === 0) return answer.stdout
  if (!isInconclusive(answer)) throw failureOf(answer, 'read the token')
  throw found.locked > 0 ? lockedBy(found) : dismissed()
}

async function peek(call: Call, account: string): Promise<Peek> {
  const found = await searchFor(call, account)
  if (found.locked > 0 && found.locked === found.items) return 'locked'
  // A prompt only for a closed wallet of KWallet, which lists its items as unlocked.
  return defined({token: await tokenOf(call, account, found)})
}

async function store(call: Call, credential: Credential): Promise<void> {
  const {account, token} = credential
  const found = await storeOnce(call, credential)
  if ((await tokenOf(call, account, found)) === token) return
  if (found.items - found.locked > 1) {
    // A lookup prefers an older item in another collection.
    await call(['clear', ...attributes(account)])
    if ((await tokenOf(call, account, await storeOnce(call, credential))) === token) return
  }

  throw new StorageError('failed', 'the keyring did not keep the token as it was stored')
}

async function storeOnce(call: Call, {account, token}: Credential): Promise<SearchResult> {
  const answer = await call(['store', `--label=${LABEL}`, ...attributes(account)], {input: token})
  if (answer.code !== 0) throw failureOf(answer, 'store the token')
  // With KeePassXC, secret-tool also exits 0 if the user refused or no group is exposed.
  const found = await searchFor(call, account)
  if (found.items > 0) return found
  throw new StorageError(
    'denied',
    'the keyring did not store the token',
    'unlock the keyring and answer its prompt; in KeePassXC, expose a group of the database to the Secret Service',
  )
}

async function clear(call: Call, account: string, notify: ToolOptions['notify']): Promise<boolean> {
  const before = await search(call, ['account', account])
  // Not only if there are items: a search that shows none is no proof that there is none.
  const answer = await call(['clear', ...attributes(account)])
  if (answer.code !== 0 && !isInconclusive(answer)) throw failureOf(answer, 'remove the token')
  const isRemoved = answer.code === 0
  // The exit status does not say whether an item is left: it is 1 for a locked item, too, and 0 even if the user
  // dismissed the removal (libsecret's on_delete_password_complete, 0.20.5 and later).
  const left = await search(call, ['account', account])
  if (left.items > left.locked)
    throw new StorageError(
      'denied',
      'the keyring did not remove the token',
      'answer its prompt, or delete the entry in its own window (Seahorse, KWalletManager, KeePassXC)',
    )
  if (left.locked > 0 && !isRemoved) throw lockedBy(left)
  const removed = before.items - before.locked
  if (removed > 1) notify?.(`removed ${removed} items of ${printable(account)} from the keyring`)
  // Its token cannot be read, so it may be another one than the one we removed.
  if (left.locked > 0)
    notify?.(
      `a locked collection of the keyring still holds an item of ${printable(account)}; to remove it, unlock the ` +
        `collection and run: secret-tool clear service ${SERVICE} account ${quote(printable(account))}`,
    )
  return isRemoved
}

/** For a POSIX shell. */
const quote = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`

/**
 * `lookup` and `clear` exit 1 silently if the item is absent or locked, or the prompt was dismissed (secret-tool
 * 0.20.5).
 */
const isInconclusive = ({code, stderr}: Answer) => code === 1 && stderr.trim() === ''

const lockedBy = ({nameless}: SearchResult) => (nameless > 0 ? neverUnlocked() : locked())
