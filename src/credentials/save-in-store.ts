// Stores a token in one place: in the first keychain that takes it, or in `.netrc`.
import {defined} from '../defined.js'
import type {StoreName, Credential} from '../backends/backend.js'
import {NETRC} from '../backends/store-choice.js'
import type {NetrcFile, NetrcEntry} from '../backends/netrc/netrc-file.js'
import {type Problem, StorageError, UserError} from '../errors.js'
import type {Endpoints} from '../heroku/endpoints.js'
import type {CredentialStores} from './stores.js'
import type {GuardedKeychain} from './guarded-keychain.js'

/** Where a token was saved. */
export interface Saved {
  savedIn: StoreName
  /** For `git-helper`: which helper. */
  helper?: string
  location: string
  /** Why it went to `.netrc`, if HEROKU_NETRC_WRITE does not say so. */
  because?: string
  /** The next step, to have it in a keychain the next time. */
  hint?: string
  /** The token of the same account that was there before, if it was another one. */
  replaced?: string
}

/** A token that was saved, and how to restore what was there before. */
interface Stored {
  saved: Saved
  restore: () => Promise<unknown>
}

/**
 * Saves in the chosen store or nowhere; else in the first keychain of this machine, else in `.netrc`. Only a keychain that is
 * unavailable lets the next one take the token: one that is locked or fails may hold another token of the account.
 * @throws {UserError} if no store took it
 */
export async function saveInFirstStore(stores: CredentialStores, credential: Credential): Promise<Stored> {
  const {chosen, keychain} = stores.context
  if (chosen?.store === NETRC) return saveInNetrc(stores, credential)
  let failure: StorageError | undefined
  for (const keychain of stores.keychainsForLogin(credential.account)) {
    try {
      return await saveInKeychain(keychain, credential, chosen !== undefined)
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      if (chosen) throw new UserError(`the token was not stored in ${keychain.title}: ${error.message}`, error.hint)
      if (error.problem !== 'unavailable') {
        failure = error
        break
      }
      failure ??= error
    }
  }
  if (failure) {
    const stored = await saveInNetrc(stores, credential, `${failure.message}; `)
    return withReason(stored, {because: failure.message, hint: failure.hint})
  }
  const stored = await saveInNetrc(stores, credential)
  return keychain.name === undefined ? withReason(stored, keychain) : stored
}

const MAYBE_STORED: readonly Problem[] = ['failed', 'timed-out', 'unavailable']

/** @param isOnly whether no other store takes the token instead, so that it is revoked if this one fails */
async function saveInKeychain(keychain: GuardedKeychain, credential: Credential, isOnly: boolean): Promise<Stored> {
  const {account} = credential
  // Not get(), which prompts for an item of the account in another, locked collection.
  const before = await keychain.peek(account)
  const restore = () =>
    keychain.undo(async (backend) => {
      // Where the lock was lost, it may be another login's by now.
      if ((await backend.get(account)) !== credential.token) return
      if (before === 'locked') throw new StorageError('failed', 'what it held before was locked')
      await (before.token === undefined ? backend.remove(account) : backend.set({account, token: before.token}))
    })
  try {
    await keychain.set(credential)
  } catch (error) {
    // It may have stored the token all the same.
    if (isOnly && error instanceof StorageError && MAYBE_STORED.includes(error.problem))
      await restore().catch((failure: unknown) => {
        if (!(failure instanceof StorageError)) throw failure
        throw new StorageError(error.problem, `${error.message}; it may hold the new token all the same`, error.hint)
      })
    throw error
  }
  return {
    saved: {
      savedIn: keychain.name,
      ...defined({helper: keychain.helper}),
      location: keychain.title,
      ...replaced(credential, before === 'locked' ? undefined : before.token),
    },
    restore,
  }
}

/** @param failed what failed before, for the message */
export async function saveInNetrc(stores: CredentialStores, credential: Credential, failed = ''): Promise<Stored> {
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
