// Asks every part what it knows. What is wrong with a part is a fact like any other, and nothing is changed.
import {readLoginState} from '../credentials/login-files.js'
import type {FoundCredential, CredentialStores} from '../credentials/stores.js'
import type {SetupTarget} from '../git/setup-stamp.js'
import type {Verified} from '../heroku/verify.js'
import {lookAtGit} from './git-facts.js'
import {aliasFiles, exposedFiles, keyringFiles, leftInNetrc, type Netrc, lookAtNetrc} from './plaintext-copies.js'
import type {CliFacts, Facts, GitFacts} from './report.js'
import {accountOf, checkToken, lookAtKeychain, lookForToken, shadowedBy} from './token-facts.js'

/** Whom to ask. */
export interface Parts {
  stores: CredentialStores
  /** What git is to be configured for. */
  subject: SetupTarget
  cli: CliFacts
  /** Asks the API about a token; left out where it is not to be asked. */
  verify?: (token: string) => Promise<Verified>
}

export async function gather({cli, stores, subject, verify}: Parts): Promise<Facts> {
  const {api, git: gitHost, warnings} = stores.context.endpoints
  const [git, {found, netrc, ...tokens}] = await Promise.all([
    lookAtGit(subject, stores.context.run),
    lookAtTokens(stores, verify),
  ])
  return {
    ...tokens,
    plainText: [
      ...leftInNetrc(netrc, found),
      ...keyringFiles(stores),
      ...aliasFiles(stores.context.env),
      ...exposedFiles(stores.context.dataDir, netrc.place),
    ],
    git: {...git, ...inNetrc(netrc, gitHost, found)},
    host: {api, git: gitHost, warnings},
    cli,
  }
}

async function lookAtTokens(stores: CredentialStores, verify: Parts['verify']) {
  const {dataDir, endpoints: hosts} = stores.context
  const {found, noToken} = await lookForToken(stores)
  // After the token, since a keychain that has failed is not asked again.
  const keychain = await lookAtKeychain(stores, found, readLoginState(dataDir))
  const [token, netrc] = await Promise.all([found && checkToken(stores, found, verify), lookAtNetrc(stores)])
  const entry = entryOf(netrc, hosts.api)
  return {
    found,
    netrc,
    ...(token ? {token} : {}),
    ...(noToken ? {noToken} : {}),
    keychain,
    shadowed: found ? shadowedBy(found, keychain, entry && {place: netrc.place, entry}) : [],
  }
}

const entryOf = (netrc: Netrc, host: string) =>
  'entries' in netrc ? netrc.entries.find((entry) => entry.host === host && entry.token) : undefined

/** What git finds in `.netrc` before it asks any helper. */
function inNetrc(netrc: Netrc, gitHost: string, found: FoundCredential | undefined): Pick<GitFacts, 'netrc'> {
  const entry = entryOf(netrc, gitHost)
  if (!entry) return {}
  return {netrc: {place: netrc.place, ...accountOf(entry), ...(found ? {same: entry.token === found.token} : {})}}
}
