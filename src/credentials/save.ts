// Where the token of a login goes: the keychain, or `.netrc` where that is asked for or is all there is.
import {defined} from '../defined.js'
import type {BackendName, Credential} from '../backends/backend.js'
import {StorageError, UserError} from '../errors.js'
import {isEncrypted} from '../backends/netrc/place.js'
import type {NetrcBackend, NetrcEntry} from '../backends/netrc/netrc-file.js'
import {assertStorable} from '../backends/credential-rules.js'
import {causeOf} from '../files/file-error.js'
import type {Endpoints} from '../heroku/endpoints.js'
import {printable} from '../ui/printable.js'
import {readLoginState} from './login-files.js'
import {assertRecordable, cannotRecordLogin, changeLoginState, withLoginLock} from './login-writer.js'
import {loggedIn, type LoginState} from './login-state.js'
import {isOf, recordFor, recordOfAccount, type TokenRecord} from './token-record.js'
import type {CredentialStores} from './stores.js'

/** Where a token was saved. */
export interface Saved {
  savedIn: BackendName
  location: string
  /** Why it went to `.netrc` although nobody asked for that. */
  because?: string
  /** What would have it in a keychain the next time. */
  hint?: string
  /** The token of the same account that was there before, if it was another one. */
  replaced?: string
}

/** A `.netrc`, and what is to be known of it. */
export const inPlainText = (place: string) => (isEncrypted(place) ? place : `${place}, in plain text`)

/** Says that a token went to `.netrc`, and why, where nobody asked for that. */
export function describeFallback({because, hint, location: place}: Saved): string | undefined {
  if (because === undefined) return undefined
  return `the token is in ${inPlainText(place)}: ${because}${hint === undefined ? '' : ` (${hint})`}`
}

/**
 * Saves the token of a login, and remembers who logged in.
 * @param expiresAt ISO 8601, if the server told
 * @throws {StorageError} 'refused' for an account or token that is not to be stored anywhere
 * @throws {UserError} if no place took it, or it could not be recorded who is logged in
 */
export async function saveToken(stores: CredentialStores, credential: Credential, expiresAt?: string): Promise<Saved> {
  assertStorable(credential)
  if (stores.netrcOnly) return (await saveInNetrc(stores, credential)).saved
  // Before anything is replaced: a token that is in the keychain and on no record would be revoked again.
  assertLoginRecordable(stores)
  return withLoginLock(stores.context, async (assertHeld) => {
    const {dataDir, endpoints: hosts, notify} = stores.context
    const before = recordOfAccount(readLoginState(dataDir), credential.account)
    const {putBack, saved} = await saveByTiers(stores, credential)
    try {
      await record(stores, recordFor({...credential, expiresAt}, hosts.api, saved.savedIn), assertHeld)
    } catch (error) {
      // The token of a login that failed is revoked, so it must not stand in place of one that is valid.
      await putBack().catch((failure: unknown) => {
        throw new UserError(
          `the login is on no record, and its token is still in ${saved.location}: ${causeOf(failure)}`,
        )
      })
      throw error
    }
    // The same token replaces nothing: `accounts:set` of CLI 10 stores it for api.heroku.com, whatever HEROKU_HOST says.
    if (before && before.apiHost !== hosts.api && !isOf(before, credential.token))
      notify(`this replaces the login of ${printable(credential.account)} to ${printable(before.apiHost)}`)
    return saved
  })
}

/** What was done, and how to undo it. */
interface Done {
  saved: Saved
  putBack: () => Promise<unknown>
}

async function saveByTiers(stores: CredentialStores, credential: Credential): Promise<Done> {
  const {context, keychain} = stores
  if (!keychain) return because(await saveInNetrc(stores, credential), context.keychain)
  const {account} = credential
  try {
    // Not by a read, which prompts for an item of the account in another, locked collection.
    const before = await keychain.peek(account)
    await keychain.set(credential)
    return {
      saved: {
        savedIn: keychain.name,
        location: keychain.title,
        ...replaced(credential, before === 'locked' ? undefined : before.token),
      },
      putBack: async () => {
        // Where the lock was lost, it may be another login's by now.
        if ((await keychain.get(account)) !== credential.token) return
        if (before === 'locked') throw new StorageError('failed', 'what it held before was locked')
        await (before.token === undefined ? keychain.remove(account) : keychain.set({account, token: before.token}))
      },
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    const done = await saveInNetrc(stores, credential, `${error.message}; `)
    return because(done, {because: error.message, hint: error.hint})
  }
}

const replaced = ({token}: Credential, before: string | undefined): Pick<Saved, 'replaced'> =>
  before === undefined || before === token ? {} : {replaced: before}

const because = ({putBack, saved}: Done, {because, hint}: {because: string; hint?: string | undefined}): Done => ({
  putBack,
  saved: {...saved, because, ...defined({hint})},
})

async function saveInNetrc(stores: CredentialStores, credential: Credential, alreadyFailed = ''): Promise<Done> {
  const netrc = await stores.netrc()
  try {
    const before = await netrc.entries()
    await netrc.set(credential)
    return {
      saved: {
        savedIn: 'netrc',
        location: netrc.path,
        ...replaced(credential, before.find((entry) => entry.account === credential.account)?.token),
      },
      putBack: () => putBackInNetrc(netrc, stores.context.endpoints, before),
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    throw new UserError(`no place took the token: ${alreadyFailed}${error.message}`, error.hint)
  }
}

async function putBackInNetrc(netrc: NetrcBackend, {api, git}: Endpoints, before: NetrcEntry[]): Promise<void> {
  const [{account, token} = {}] = before
  // Two hosts with different credentials are nobody's login: what we wrote is taken out, and that is all.
  const kept: string[] = []
  if (account !== undefined && token !== undefined && before.every((each) => each.token === token)) {
    await netrc.set({account, token})
    kept.push(...before.map(({host}) => host))
  }
  await netrc.removeHosts([api, git].filter((host) => !kept.includes(host)))
}

const failure = cannotRecordLogin(
  'then log in',
  'log in to .netrc, in plain text: HEROKU_NETRC_WRITE=true heroku login',
)

async function record({context, keychain}: CredentialStores, token: TokenRecord, assertHeld: () => void) {
  // login.json also where the keychain refused, or is not there this time (cron has another PATH): the account that it
  // named must not be back when the keychain is.
  const nameIt = ({loginJsonAccount}: LoginState) => keychain !== undefined || loginJsonAccount !== undefined
  await changeLoginState(context, (state) => loggedIn(state, token, nameIt(state)), {assertHeld, failure})
}

/** @throws {UserError} if a login could not be recorded; before a token is issued that could be stored nowhere */
export function assertLoginRecordable({context: {dataDir}, netrcOnly}: CredentialStores): void {
  if (!netrcOnly) assertRecordable(dataDir, failure)
}
