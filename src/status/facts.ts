// Collects the facts from every module. A failure of one is a fact too. Nothing is changed.
import {readLoginState} from '../credentials/login-files.js'
import type {FoundCredential, CredentialStores} from '../credentials/stores.js'
import type {SetupTarget} from '../git/setup-stamp.js'
import type {Verified} from '../heroku/verify.js'
import type {Keychain} from '../backends/resolve.js'
import {accountFacts} from './account-facts.js'
import {collectGitFacts} from './git-facts.js'
import {aliasFiles, exposedFiles, keyringFiles, netrcCopies, type NetrcContent, readNetrc} from './plaintext-copies.js'
import type {AccountFacts, CliFacts, Facts, GitFacts} from './report.js'
import {storesFacts} from './stores-facts.js'
import {accountOf, tokenFacts, keychainFacts, lookUpToken, shadowedBy} from './token-facts.js'

export interface FactSources {
  stores: CredentialStores
  /** The keychains that need no choice, the preferred one first. */
  automatic: readonly Keychain[]
  /** What git should be configured for. */
  target: SetupTarget
  cli: CliFacts
  /** Verifies a token with the API; omitted with --offline. */
  verify?: (token: string) => Promise<Verified>
}

export async function collectFacts({automatic, cli, stores, target, verify}: FactSources): Promise<Facts> {
  const {api, git: gitHost, warnings} = stores.context.endpoints
  const [git, {account, found, netrc, ...tokens}] = await Promise.all([
    collectGitFacts(target, stores.context.run),
    accountFacts(stores).then((account) => collectTokenFacts(stores, automatic, account, verify)),
  ])
  return {
    ...tokens,
    ...(account ? {account} : {}),
    plainText: [
      ...netrcCopies(netrc, found),
      ...keyringFiles(stores),
      ...(await aliasFiles(stores.context.env)),
      ...exposedFiles(stores.context.dataDir, netrc.place),
    ],
    git: {...git, ...inNetrc(netrc, gitHost, found)},
    host: {api, git: gitHost, warnings},
    cli,
  }
}

async function collectTokenFacts(
  stores: CredentialStores,
  automatic: FactSources['automatic'],
  selected: AccountFacts | undefined,
  verify: FactSources['verify'],
) {
  const {dataDir, endpoints} = stores.context
  const {found, noToken} = await lookUpToken(stores)
  // After the token: if the lookup failed, the keychain is not called again.
  const owner = found?.account ?? selected?.effective ?? selected?.otherwise
  const keychain = await keychainFacts(stores, owner, found, readLoginState(dataDir))
  const [token, netrc, storesInUse] = await Promise.all([
    found && tokenFacts(stores, found, verify),
    readNetrc(stores),
    storesFacts(stores, automatic, owner, keychain),
  ])
  const entry = entryOf(netrc, endpoints.api)
  return {
    account: selected,
    found,
    netrc,
    ...(token ? {token} : {}),
    ...(noToken ? {noToken} : {}),
    keychain,
    stores: storesInUse,
    shadowed: found ? shadowedBy(found, keychain, entry && {place: netrc.place, entry}) : [],
  }
}

const entryOf = (netrc: NetrcContent, host: string) =>
  'entries' in netrc ? netrc.entries.find((entry) => entry.host === host && entry.token) : undefined

/** The entry in `.netrc` that git uses before it asks any helper. */
function inNetrc(netrc: NetrcContent, gitHost: string, found: FoundCredential | undefined): Pick<GitFacts, 'netrc'> {
  const entry = entryOf(netrc, gitHost)
  if (!entry) return {}
  return {netrc: {place: netrc.place, ...accountOf(entry), ...(found ? {same: entry.token === found.token} : {})}}
}
