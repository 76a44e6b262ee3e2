// Heroku tokens in plain text.
import {defined} from '../defined.js'
import {readdirSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {plainKeyrings} from '../backends/plain-keyring.js'
import type {NetrcEntry} from '../backends/netrc/netrc-file.js'
import {aliasFolders, holdsToken} from '../backends/account-aliases.js'
import {LOGIN_JSON, OUR_JSON} from '../credentials/login-files.js'
import type {FoundCredential, CredentialStores} from '../credentials/stores.js'
import {causeOf, notAFile} from '../files/file-error.js'
import {codeOf} from '../errors.js'
import type {PlainText} from './report.js'
import {accountOf, failureOf} from './token-facts.js'

/** The entries of the Heroku hosts in `.netrc`, or why it cannot be read. */
export type NetrcContent = {place: string; entries: NetrcEntry[]} | {place: string; because: string; hint?: string}

/** Skips an encrypted file: it is not plain text, git does not read it, and gpg may ask for a passphrase. */
export async function readNetrc(stores: CredentialStores): Promise<NetrcContent> {
  let place = '.netrc'
  try {
    const netrc = await stores.netrc()
    place = netrc.path
    return {place, entries: netrc.encrypted ? [] : await netrc.entries()}
  } catch (error) {
    return {place, ...failureOf(error)}
  }
}

/** Keyring files without a password. */
export const keyringFiles = ({context: {env, keychain}}: CredentialStores): PlainText[] =>
  keychain.name === 'secret-service' ? plainKeyrings(env).map((place) => ({kind: 'keyring', place})) : []

/** The tokens in `.netrc` other than the one in use. */
export function netrcCopies(netrc: NetrcContent, found: FoundCredential | undefined): PlainText[] {
  const {place} = netrc
  if ('because' in netrc) return [{kind: 'unreadable', ...netrc}]
  const left = netrc.entries.filter(({token}) => token && !(found?.source === 'netrc' && token === found.token))
  const [first] = left
  const alike = left.every(({account, token}) => account === first?.account && token === first?.token)
  return (alike ? left.slice(0, 1) : left).map(({account, token}) => ({
    kind: 'netrc',
    place,
    ...accountOf({account}),
    ...(found ? {same: token === found.token} : {}),
  }))
}

/** The files of `heroku accounts` that hold a token. */
export async function aliasFiles(env: NodeJS.ProcessEnv): Promise<PlainText[]> {
  const files = aliasFolders(env).flatMap((folder) => namesIn(folder).map((name) => join(folder, name)))
  return (await Promise.all(files.map(tokenIn))).flat()
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    // No such folder, or no permission to read it: then no command can read a token in it either.
    return []
  }
}

async function tokenIn(place: string): Promise<PlainText[]> {
  try {
    const stats = statSync(place)
    const failure = notAFile('read', place, stats)
    if (failure) return [{kind: 'unreadable', place, because: failure.message, ...hintOf(failure)}]
    if (!stats.isFile()) return []
    return (await holdsToken(readFileSync(place, 'utf8'))) ? [{kind: 'alias', place}] : []
  } catch (error) {
    return codeOf(error) === 'ENOENT'
      ? []
      : [{kind: 'unreadable', place, because: `cannot read ${place} (${causeOf(error)})`}]
  }
}

const hintOf = ({hint}: {hint?: string | undefined}) => defined({hint})

/** The files that decide which account is logged in, if other users can write to them. */
export const exposedFiles = (dataDir: string, netrc: string): PlainText[] =>
  [dataDir, join(dataDir, LOGIN_JSON), join(dataDir, OUR_JSON), netrc].flatMap((place) => {
    const stats = statSync(place, {throwIfNoEntry: false})
    // On Windows, modes do not cover other users. A group may be the user's private one.
    if (!stats || process.getuid === undefined || (stats.mode & 0o002) === 0 || stats.isCharacterDevice()) return []
    return [{kind: 'exposed', place, because: `other users can write to ${place}`, hint: `chmod go-w ${place}`}]
  })
