// Saves the token of a login: in the keychain, or in `.netrc` if HEROKU_NETRC_WRITE says so or the keychain fails.
import {defined} from '../defined.js'
import type {StoreName, Credential} from '../backends/backend.js'
import {StorageError, UserError} from '../errors.js'
import {isEncrypted} from '../backends/netrc/gpg.js'
import type {NetrcFile, NetrcEntry} from '../backends/netrc/netrc-file.js'
import {assertStorable} from '../backends/credential-rules.js'
import {causeOf} from '../files/file-error.js'
import type {Endpoints} from '../heroku/endpoints.js'
import {printable} from '../ui/printable.js'
import {readLoginState} from './login-files.js'
import {assertRecordable, cannotRecordLogin, changeLoginState, withLoginLock} from './login-writer.js'
import {currentOnRecord, loggedIn, type LoginState, tokenStored} from './login-state.js'
import {selectAccount} from './selection.js'
import {isOf, recordFor, recordOfAccount, type TokenRecord} from './token-record.js'
import type {CredentialStores} from './stores.js'
import type {GuardedKeychain} from './guarded-keychain.js'
import {withVariableHint} from '../ui/shell-hints.js'

/** Where a token was saved. */
export interface Saved {
  savedIn: StoreName
  location: string
  /** Why it went to `.netrc`, if HEROKU_NETRC_WRITE does not say so. */
  because?: string
  /** The next step, to have it in a keychain the next time. */
  hint?: string
  /** The token of the same account that was there before, if it was another one. */
  replaced?: string
}

/** A `.netrc` for a message, which says whether it is plain text. */
export const inPlainText = (netrc: string) => (isEncrypted(netrc) ? netrc : `${netrc}, in plain text`)

/** The warning that a token went to `.netrc`; undefined if HEROKU_NETRC_WRITE says so. */
export function describeFallback({because, hint, location}: Saved): string | undefined {
  if (because === undefined) return undefined
  return `the token is in ${inPlainText(location)}: ${because}${hint === undefined ? '' : ` (${hint})`}`
}

/**
 * Saves the token of a login, and records the login.
 * @param expiresAt ISO 8601, if the server sent it
 * @throws {StorageError} 'refused' for an account or token that no store may hold
 * @throws {UserError} if no store took it, or the login could not be recorded
 */
export async function saveToken(stores: CredentialStores, credential: Credential, expiresAt?: string): Promise<Saved> {
  assertStorable(credential)
  if (stores.netrcOnly) return (await saveInNetrc(stores, credential)).saved
  // Before anything is replaced: a login that cannot be recorded is undone, and its token revoked.
  assertLoginRecordable(stores)
  return withLoginLock(stores.context, async (assertHeld) => {
    const {dataDir, endpoints, notify} = stores.context
    const before = recordOfAccount(readLoginState(dataDir), credential.account)
    const {restore, saved} = await saveInFirstStore(stores, credential)
    try {
      await record(stores, recordFor({...credential, expiresAt}, endpoints.api, saved.savedIn), assertHeld)
    } catch (error) {
      // The token of a failed login is revoked, so it must not replace a valid one.
      await restore().catch((failure: unknown) => {
        throw new UserError(
          `the login is on no record, and its token is still in ${saved.location}: ${causeOf(failure)}`,
        )
      })
      throw error
    }
    // The same token replaces nothing: `accounts:set` of CLI 10 stores it for api.heroku.com, whatever HEROKU_HOST says.
    if (before && before.apiHost !== endpoints.api && !isOf(before, credential.token))
      notify(`this replaces the login of ${printable(credential.account)} to ${printable(before.apiHost)}`)
    return saved
  })
}

/** A token that was saved, and how to restore what was there before. */
interface Stored {
  saved: Saved
  restore: () => Promise<unknown>
}

async function saveInFirstStore(stores: CredentialStores, credential: Credential): Promise<Stored> {
  const {context, keychain} = stores
  if (!keychain) return withReason(await saveInNetrc(stores, credential), context.keychain)
  try {
    return await saveInKeychain(keychain, credential)
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    const stored = await saveInNetrc(stores, credential, `${error.message}; `)
    return withReason(stored, {because: error.message, hint: error.hint})
  }
}

async function saveInKeychain(keychain: GuardedKeychain, credential: Credential): Promise<Stored> {
  const {account} = credential
  // Not get(), which prompts for an item of the account in another, locked collection.
  const before = await keychain.peek(account)
  await keychain.set(credential)
  return {
    saved: {
      savedIn: keychain.name,
      location: keychain.title,
      ...replaced(credential, before === 'locked' ? undefined : before.token),
    },
    restore: async () => {
      // Where the lock was lost, it may be another login's by now.
      if ((await keychain.get(account)) !== credential.token) return
      if (before === 'locked') throw new StorageError('failed', 'what it held before was locked')
      await (before.token === undefined ? keychain.remove(account) : keychain.set({account, token: before.token}))
    },
  }
}

/** @param failed what failed before, for the message */
async function saveInNetrc(stores: CredentialStores, credential: Credential, failed = ''): Promise<Stored> {
  const netrc = await stores.netrc()
  try {
    const before = await netrc.entries()
    await netrc.write(credential)
    return {
      saved: {
        savedIn: 'netrc',
        location: netrc.path,
        ...replaced(credential, before.find((entry) => entry.account === credential.account)?.token),
      },
      restore: () => restoreNetrc(netrc, stores.context.endpoints, before),
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    throw new UserError(`no place took the token: ${failed}${error.message}`, error.hint)
  }
}

async function restoreNetrc(netrc: NetrcFile, {api, git}: Endpoints, before: NetrcEntry[]): Promise<void> {
  const [{account, token} = {}] = before
  // Two hosts with different credentials are no login: then only what we wrote is removed.
  const kept: string[] = []
  if (account !== undefined && token !== undefined && before.every((each) => each.token === token)) {
    await netrc.write({account, token})
    kept.push(...before.map(({host}) => host))
  }
  await netrc.removeHosts([api, git].filter((host) => !kept.includes(host)))
}

const replaced = ({token}: Credential, before: string | undefined): Pick<Saved, 'replaced'> =>
  before === undefined || before === token ? {} : {replaced: before}

const withReason = (
  {restore, saved}: Stored,
  {because, hint}: {because: string; hint?: string | undefined},
): Stored => ({
  restore,
  saved: {...saved, because, ...defined({hint})},
})

const failure = cannotRecordLogin(
  'then log in',
  `log in to .netrc, in plain text: ${withVariableHint('HEROKU_NETRC_WRITE', 'true', 'heroku login')}`,
)

async function record(stores: CredentialStores, token: TokenRecord, assertHeld: () => void) {
  const {context, keychain} = stores
  const selected = await selectAccount(stores).catch(none)
  // login.json also where the keychain refused, or is not there this time (cron has another PATH): the account that it
  // named must not be back when the keychain is.
  const nameIt = ({loginJsonAccount}: LoginState) => keychain !== undefined || loginJsonAccount !== undefined
  // The login of an account that is selected here changes nothing in other terminals.
  const isElsewhere = (state: LoginState) =>
    selected?.account === token.account && (currentOnRecord(state)?.account ?? token.account) !== token.account
  const change = (state: LoginState) =>
    isElsewhere(state) ? tokenStored(state, token) : loggedIn(state, token, nameIt(state))
  await changeLoginState(context, change, {assertHeld, failure})
}

/** A selection that cannot be resolved does not keep a login from being recorded. */
function none(error: unknown): undefined {
  if (!(error instanceof UserError)) throw error
}

/** @throws {UserError} if a login could not be recorded; before a token is issued that could be stored nowhere */
export function assertLoginRecordable({context: {dataDir}, netrcOnly}: CredentialStores): void {
  if (!netrcOnly) assertRecordable(dataDir, failure)
}
