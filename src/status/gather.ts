// Asks every part what it knows. What is wrong with a part is a fact like any other, and nothing is changed.
import {readLoginState} from '../credentials/login-state.js'
import type {Found, Places} from '../credentials/places.js'
import type {Subject} from '../git/steady-state.js'
import type {Verified} from '../heroku/verify.js'
import {lookAtGit} from './git.js'
import {aliasFiles, exposedFiles, keyringFiles, leftInNetrc, type Netrc, lookAtNetrc} from './plain-text.js'
import type {CliFacts, Facts, GitFacts} from './report.js'
import {accountOf, checkToken, lookAtKeychain, lookForToken, shadowedBy} from './tokens.js'

/** Whom to ask. */
export interface Parts {
  places: Places
  /** What git is to be configured for. */
  subject: Subject
  cli: CliFacts
  /** Asks the API about a token; left out where it is not to be asked. */
  verify?: (token: string) => Promise<Verified>
}

export async function gather({cli, places, subject, verify}: Parts): Promise<Facts> {
  const {api, git: gitHost, warnings} = places.around.hosts
  const [git, {found, netrc, ...tokens}] = await Promise.all([
    lookAtGit(subject, places.around.run),
    lookAtTokens(places, verify),
  ])
  return {
    ...tokens,
    plainText: [
      ...leftInNetrc(netrc, found),
      ...keyringFiles(places),
      ...aliasFiles(places.around.env),
      ...exposedFiles(places.around.dataDir, netrc.place),
    ],
    git: {...git, ...inNetrc(netrc, gitHost, found)},
    host: {api, git: gitHost, warnings},
    cli,
  }
}

async function lookAtTokens(places: Places, verify: Parts['verify']) {
  const {dataDir, hosts} = places.around
  const {found, noToken} = await lookForToken(places)
  // After the token, since a keychain that has failed is not asked again.
  const keychain = await lookAtKeychain(places, found, readLoginState(dataDir))
  const [token, netrc] = await Promise.all([found && checkToken(places, found, verify), lookAtNetrc(places)])
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
function inNetrc(netrc: Netrc, gitHost: string, found: Found | undefined): Pick<GitFacts, 'netrc'> {
  const entry = entryOf(netrc, gitHost)
  if (!entry) return {}
  return {netrc: {place: netrc.place, ...accountOf(entry), ...(found ? {same: entry.token === found.token} : {})}}
}
