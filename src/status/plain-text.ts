// Tokens that lie about in plain text.
import {readdirSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {isEncrypted} from '../backends/netrc-place.js'
import type {NetrcEntry} from '../backends/netrc.js'
import {aliasFolders} from '../credentials/migrate/alias-files.js'
import type {Found, Places} from '../credentials/places.js'
import {causeOf, codeOf} from '../file-trouble.js'
import type {PlainText} from './report.js'
import {accountOf, troubleOf} from './tokens.js'

/** What `.netrc` has of Heroku's, or why that cannot be read. */
export type Netrc = {place: string; entries: NetrcEntry[]} | {place: string; because: string; hint?: string}

/** Reads `.netrc`, unless it is encrypted: that is no plain text, git does not read it, and gpg may ask for a passphrase. */
export async function lookAtNetrc(places: Places): Promise<Netrc> {
  let place = '.netrc'
  try {
    const netrc = await places.netrc()
    place = netrc.path
    return {place, entries: isEncrypted(place) ? [] : await netrc.entries()}
  } catch (error) {
    return {place, ...troubleOf(error)}
  }
}

/** The tokens in `.netrc` other than the one in use. */
export function leftInNetrc(netrc: Netrc, found: Found | undefined): PlainText[] {
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
    // Reading a pipe would wait for ever.
    if (!statSync(place).isFile()) return []
    return /^:?password:[^\S\n]*\S/mu.test(readFileSync(place, 'utf8')) ? [{kind: 'alias', place}] : []
  } catch (error) {
    return codeOf(error) === 'ENOENT'
      ? []
      : [{kind: 'unreadable', place, because: `cannot read ${place} (${causeOf(error)})`}]
  }
}
