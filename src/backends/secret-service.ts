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
  const start = () => withNewSession(startOperation('the keyring', options.program, options))
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

const MAX_SESSIONS = 3

/**
 * Retries if KWallet refused the session, which happens before any prompt: KWallet 5.103 loses one session in a
 * hundred, and rejects a public key that begins with a zero byte.
 */
function withNewSession(call: Call): Call {
  return async (args, options) => {
    for (let session = 1; ; session += 1) {
      const answer = await call(args, options)
      if (session === MAX_SESSIONS || !SESSION_REFUSED.test(answer.stderr)) return answer
    }
  }
}

/** As secret-tool 0.20.5 prints KWallet's errors. */
const SESSION_REFUSED = /^secret-tool: (?:Client public key size is invalid|Can't find session )/mu

/**
 * Reads the account's token. In GNOME Keyring and KWallet only the first call can show a prompt (secret-tool 0.15 to
 * 0.21.7); KeePassXC shows one for the search, too, if the user dismissed the first and its database is still locked.
 * @returns undefined if the account has no item
 * @throws {StorageError} 'locked' or 'denied' if it has an item whose token cannot be read
 */
async function lookup(call: Call, account: string): Promise<string | undefined> {
  const token = await lookupOnce(call, account)
  if (token !== undefined) return token
  const found = await search(call, ['account', account], {withSecrets: true})
  if (found.items === 0) return undefined
  // Another program stored it after the lookup.
  if (found.secret !== undefined) return found.secret
  throw found.locked > 0 ? lockedBy(found) : dismissed()
}

async function lookupOnce(call: Call, account: string): Promise<string | undefined> {
  const answer = await call(['lookup', ...attributes(account)])
  // secret-tool adds no newline when piped, so don't trim one.
  if (answer.code === 0) return answer.stdout
  if (!isInconclusive(answer)) throw failureOf(answer, 'read the token')
  return undefined
}

async function peek(call: Call, account: string): Promise<Peek> {
  const found = await search(call, ['account', account])
  if (found.locked > 0 && found.locked === found.items) return 'locked'
  if (found.items === 0) return {}
  // No prompt in GNOME Keyring, which prefers an unlocked item. KWallet lists the items of a closed wallet as unlocked.
  const token = await lookup(call, account)
  return defined({token})
}

async function store(call: Call, credential: Credential): Promise<void> {
  const {account, token} = credential
  const {items, locked} = await storeOnce(call, credential)
  if ((await lookup(call, account)) === token) return
  if (items - locked > 1) {
    // The lookup prefers an older item in another collection.
    await call(['clear', ...attributes(account)])
    await storeOnce(call, credential)
    if ((await lookup(call, account)) === token) return
  }

  throw new StorageError('failed', 'the keyring did not keep the token as it was stored')
}

async function storeOnce(call: Call, {account, token}: Credential): Promise<SearchResult> {
  const answer = await call(['store', `--label=${LABEL}`, ...attributes(account)], {input: token})
  if (answer.code !== 0) throw failureOf(answer, 'store the token')
  // With KeePassXC, secret-tool also exits 0 if the user refused or no group is exposed. A lookup would prompt again.
  const found = await search(call, ['account', account])
  if (found.items > 0) return found
  throw new StorageError(
    'denied',
    'the keyring did not store the token',
    'unlock the keyring and answer its prompt; in KeePassXC, expose a group of the database to the Secret Service',
  )
}

async function clear(call: Call, account: string, notify: ToolOptions['notify']): Promise<boolean> {
  const before = await search(call, ['account', account])
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
