// Heroku's tokens in plain text: where they are, and taking one away.
import {defined} from '../defined.js'
import {isToken} from '../backends/credential-rules.js'
import {printable} from '../ui/printable.js'
import type {CredentialStores} from '../credentials/stores.js'
import {readAliases, stripAlias} from '../backends/account-aliases.js'

/** Where a token is in plain text: in one or both of Heroku's entries of `.netrc`, or in the file of an alias. */
export type Location = {in: 'netrc'; path: string; hosts: string[]} | {in: 'alias'; path: string; alias: string}

export interface PlaintextCopy {
  spot: Location
  /** Whose it is, if the file says so. */
  account?: string
  token: string
}

/** The API that every `accounts:set` writes its entry for, whatever HEROKU_HOST says. */
const ALIASES_API = 'api.heroku.com'

/**
 * Finds all of them: those of the API host first, then of the git host, then the aliases by name.
 * @returns with what there is to say of tokens that were passed over
 * @throws {StorageError} if a file cannot be read
 */
export async function findPlainCopies(stores: CredentialStores): Promise<{copies: PlaintextCopy[]; notes: string[]}> {
  const {env, endpoints: hosts} = stores.context
  const notes: string[] = []
  const aliases = await readAliases(env, (path) =>
    notes.push(`${path} was left alone: it is not what an alias looks like`),
  )
  const found = [...(await inNetrc(stores))]
  if (hosts.api === ALIASES_API)
    for (const {alias, path, ...rest} of aliases) found.push({...rest, spot: {in: 'alias', path, alias}})
  else if (aliases.length > 0)
    notes.push(
      `the tokens in ${aliases.map(({path}) => path).join(', ')} were left alone: they are for ${ALIASES_API}, not ${hosts.api}`,
    )

  const copies = found.filter(({token}) => isToken(token))
  for (const {spot} of found.filter((each) => !copies.includes(each)))
    notes.push(`${printable(spot.path)} was left alone: what it holds is no token`)
  return {copies, notes}
}

async function inNetrc(stores: CredentialStores): Promise<PlaintextCopy[]> {
  const netrc = await stores.netrc()
  const copies: (PlaintextCopy & {spot: {in: 'netrc'; hosts: string[]}})[] = []
  for (const {account, host, token} of await netrc.entries()) {
    if (token === undefined) continue
    const same = copies.find((each) => each.token === token && each.account === account)
    if (same) same.spot.hosts.push(host)
    else
      copies.push({
        spot: {in: 'netrc', path: netrc.path, hosts: [host]},
        token,
        ...defined({account}),
      })
  }
  return copies
}

/**
 * Takes a copy away, if it is still there.
 * @param account whose it was found to be; an alias's file goes on saying so
 * @throws {StorageError} if it is still there
 */
export async function removePlainCopy(
  stores: CredentialStores,
  spot: Location,
  token: string,
  account?: string,
): Promise<void> {
  if (spot.in === 'alias') {
    await stripAlias(spot.path, token, account)
    return
  }

  await (await stores.netrc()).removeHosts(spot.hosts, token)
}
