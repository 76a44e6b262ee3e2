// Tokens that lie about in plain text.
import {defined} from '../defined.js'
import {readdirSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {plainKeyrings} from '../backends/plain-keyring.js'
import {isEncrypted} from '../backends/netrc/place.js'
import type {NetrcEntry} from '../backends/netrc/netrc-file.js'
import {aliasFolders} from '../backends/account-aliases.js'
import {LOGIN_JSON, OUR_JSON} from '../credentials/login-files.js'
import type {FoundCredential, CredentialStores} from '../credentials/stores.js'
import {causeOf, notAFile} from '../files/file-error.js'
import {codeOf} from '../errors.js'
import type {PlainText} from './report.js'
import {accountOf, failureOf} from './token-facts.js'

/** What `.netrc` has of Heroku's, or why that cannot be read. */
export type Netrc = {place: string; entries: NetrcEntry[]} | {place: string; because: string; hint?: string}

/** Reads `.netrc`, unless it is encrypted: that is no plain text, git does not read it, and gpg may ask for a passphrase. */
export async function lookAtNetrc(stores: CredentialStores): Promise<Netrc> {
  let place = '.netrc'
  try {
    const netrc = await stores.netrc()
    place = netrc.path
    return {place, entries: isEncrypted(place) ? [] : await netrc.entries()}
  } catch (error) {
    return {place, ...failureOf(error)}
  }
}

/** The files of keyrings without a password. */
export const keyringFiles = ({context: {env, keychain}}: CredentialStores): PlainText[] =>
  keychain.name === 'secret-service' ? plainKeyrings(env).map((place) => ({kind: 'keyring', place})) : []

/** The tokens in `.netrc` other than the one in use. */
export function leftInNetrc(netrc: Netrc, found: FoundCredential | undefined): PlainText[] {
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

/** The files of `heroku accounts` with a token in them: YAML, one for each alias, the older ones with Ruby's colons. */
export const aliasFiles = (env: NodeJS.ProcessEnv): PlainText[] =>
  aliasFolders(env).flatMap((folder) => namesIn(folder).flatMap((name) => tokenIn(join(folder, name))))

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    // No folder, or none that anybody could read a token from.
    return []
  }
}

function tokenIn(place: string): PlainText[] {
  try {
    const stats = statSync(place)
    const failure = notAFile('read', place, stats)
    if (failure) return [{kind: 'unreadable', place, because: failure.message, ...hintOf(failure)}]
    if (!stats.isFile()) return []
    return /^:?password:[^\S\n]*\S/mu.test(readFileSync(place, 'utf8')) ? [{kind: 'alias', place}] : []
  } catch (error) {
    return codeOf(error) === 'ENOENT'
      ? []
      : [{kind: 'unreadable', place, because: `cannot read ${place} (${causeOf(error)})`}]
  }
}

const hintOf = ({hint}: {hint?: string | undefined}) => defined({hint})

/** What decides who is logged in, where other users can write to it. */
export const exposedFiles = (dataDir: string, netrc: string): PlainText[] =>
  [dataDir, join(dataDir, LOGIN_JSON), join(dataDir, OUR_JSON), netrc].flatMap((place) => {
    const stats = statSync(place, {throwIfNoEntry: false})
    // On Windows, modes say nothing of other users. A group may be the user's own.
    if (!stats || process.getuid === undefined || (stats.mode & 0o002) === 0 || stats.isCharacterDevice()) return []
    return [{kind: 'exposed', place, because: `other users can write to ${place}`, hint: `chmod go-w ${place}`}]
  })
