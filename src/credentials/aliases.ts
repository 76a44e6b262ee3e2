// The list of `heroku accounts`: an alias for each account. The CLI's own commands write the token into it, and into
// `.netrc`, unless the CLI knows the store.
import {assertAliasName, listAliases, writeAlias} from '../backends/account-aliases.js'
import {UserError} from '../errors.js'
import {printable} from '../ui/printable.js'
import {credentialOf, findAccountCredential} from './find.js'
import type {Saved} from './save-in-store.js'
import {saveToken} from './save.js'
import type {CredentialStores, FoundCredential} from './stores.js'
import {switchTo} from './switch.js'

const LIST = 'heroku accounts'

/**
 * Checks that an alias can be added.
 * @throws {UserError} if it exists, or cannot be a file's name
 */
export async function assertNewAlias({context}: CredentialStores, alias: string): Promise<void> {
  assertAliasName(alias)
  const aliases = await listAliases(context.env)
  if (aliases.some((each) => each.alias === alias)) throw new UserError(`${printable(alias)} already exists`, LIST)
}

/**
 * Adds an alias for an account. Its file holds the token only if that is in `.netrc` anyway, which holds one account.
 * @param account as the API names it
 * @throws {UserError} if the account has an alias
 */
export async function addAlias(
  {context}: CredentialStores,
  {account, alias, credential}: {alias: string; account: string; credential: FoundCredential},
): Promise<void> {
  const {chosen, env} = context
  const other = (await listAliases(env)).find((each) => each.account === account)
  if (other) throw new UserError(`${printable(account)} has the alias ${printable(other.alias)} already`, LIST)
  const inPlainText = credential.source === 'netrc' && (chosen === undefined || chosen.store === 'netrc')
  await writeAlias(env, {alias, account, token: inPlainText ? credential.token : undefined})
}

/**
 * Makes the account of an alias current.
 * @param name an alias or an e-mail address
 * @returns where a token was saved that was only in the alias's file
 * @throws {UserError} if there is no such alias, or its account has no token
 */
export async function useAlias(
  stores: CredentialStores,
  name: string,
): Promise<{account: string; saved?: Saved | undefined}> {
  const aliases = await listAliases(stores.context.env)
  const {account, token} = aliases.find((each) => each.alias === name || each.account === name) ?? {}
  if (account === undefined) throw new UserError(`${printable(name)} is not in the list of ${LIST}`, LIST)
  const lookup = await findAccountCredential(stores, account)
  if (lookup.outcome === 'absent' && token !== undefined)
    return {account, saved: await saveToken(stores, {account, token})}
  credentialOf(lookup, printable(account))
  if (!stores.netrcOnly) await switchTo(stores, account)
  return {account}
}
