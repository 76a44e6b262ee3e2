// What a logout takes away: every stored copy of one token, and nothing else.
import {BackendError, type BackendName} from '../backends/backend.js'
import {causeOf} from '../file-trouble.js'
import type {KeychainSession} from './keychain-session.js'
import {forgetToken, readLoginState, recordLogout} from './login-state.js'
import type {Found, Places} from './places.js'

/** What became of the copies of a token. */
export interface Removal {
  /** The places that held a copy and hold none now. */
  removedFrom: string[]
  /** Other tokens of Heroku's that were seen, and left alone. */
  left: {source: BackendName; place: string; account?: string}[]
  /** The places that may still hold a copy, and why. */
  failures: {place: string; error: BackendError}[]
}

/**
 * Removes every stored copy of a token. Who is logged in is forgotten only once no copy is left, so that a second try
 * finds it again. With HEROKU_NETRC_WRITE it is about `.netrc` alone.
 */
export async function removeToken(places: Places, found: Found): Promise<Removal> {
  const removal: Removal = {removedFrom: [], left: [], failures: []}
  const {keychain} = places
  if (keychain) await attempt(keychain.title, removal, () => removeFromKeychain(keychain, found, removal))
  const netrc = await places.netrc()
  await attempt(netrc.path, removal, async () => {
    const {api, git} = places.around.hosts
    const removed = [await netrc.removeHost(api, found.token), await netrc.removeHost(git, found.token)]
    if (removed.includes(true)) removal.removedFrom.push(netrc.path)
    for (const {account, token} of await netrc.entries())
      if (token !== undefined)
        removal.left.push({source: 'netrc', place: netrc.path, ...(account === undefined ? {} : {account})})
  })
  if (removal.failures.length === 0)
    await attempt(places.around.dataDir, removal, () => forgetLogin(places, found.account))
  return removal
}

/**
 * Removes every stored token of an account, whatever it is, for a command of the CLI's that asks for it by name.
 * @param account undefined for entries of `.netrc` that name nobody
 */
export async function removeAccount(places: Places, account: string | undefined): Promise<Removal> {
  const removal: Removal = {removedFrom: [], left: [], failures: []}
  const {around, keychain, netrcOnly} = places
  if (keychain && account !== undefined)
    await attempt(keychain.title, removal, async () => {
      if (await keychain.ask((backend) => backend.remove(account))) removal.removedFrom.push(keychain.title)
    })
  const netrc = await places.netrc()
  await attempt(netrc.path, removal, async () => {
    const entries = (await netrc.entries()).filter((entry) => entry.account === account)
    for (const {host, token} of entries) if (await netrc.removeHost(host, token)) removal.removedFrom.push(netrc.path)
  })
  if (removal.failures.length > 0 || netrcOnly) return removal

  const {named, remembered} = readLoginState(around.dataDir)
  const current = named ?? remembered
  await attempt(around.dataDir, removal, async () => {
    if (account === undefined || account === current) await forgetLogin(places, account)
    else await recording('that the token is gone', around.dataDir, () => forgetToken(around.dataDir, account))
  })
  return removal
}

/**
 * Finds a token of Heroku's in `.netrc` that no tier looks at, such as one for the git host alone.
 * @throws {BackendError} if the file cannot be read
 */
export async function findLeftover(places: Places): Promise<Found | undefined> {
  const netrc = await places.netrc()
  for (const {account, token} of await netrc.entries())
    if (token !== undefined)
      return {token, ...(account === undefined ? {} : {account}), source: 'netrc', place: netrc.path}
  return undefined
}

async function removeFromKeychain(keychain: KeychainSession, found: Found, removal: Removal): Promise<void> {
  // A .netrc entry may not say whose token it is; then a copy of it can be anybody's.
  const {account: known} = found
  const accounts = known === undefined ? await keychain.ask((backend) => backend.accounts()) : [known]
  for (const account of accounts) {
    const held = await keychain.ask((backend) => backend.get(account))
    if (held === found.token) {
      await keychain.ask((backend) => backend.remove(account))
      removal.removedFrom.push(keychain.title)
    } else if (held !== undefined) removal.left.push({source: keychain.name, place: keychain.title, account})
  }
}

/**
 * Forgets who is logged in, where there is no token left that it could be about.
 * @throws {BackendError} if the files that say so cannot be written
 */
export async function forgetLogin({around, netrcOnly}: Places, account?: string): Promise<void> {
  if (netrcOnly) return
  await recording('that nobody is logged in', around.dataDir, () => recordLogout(around.dataDir, account))
}

async function recording(what: string, dataDir: string, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    throw new BackendError('failed', `cannot record in ${dataDir} ${what} (${causeOf(error)})`)
  }
}

async function attempt(place: string, removal: Removal, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (!(error instanceof BackendError)) throw error
    removal.failures.push({place, error})
  }
}
