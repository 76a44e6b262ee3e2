// The account that the user has selected, if any. A selection is binding: that account's token is used, or none. Nothing is
// written.
import {notLoggedIn, UserError} from '../errors.js'
import {printable} from '../ui/printable.js'
import {readLoginState} from './login-files.js'
import {describeSelection, howToClear, type SelectedAccount, type Selection} from './selected-account.js'
import type {CredentialStores} from './stores.js'
import {unsetHint} from '../ui/shell-hints.js'

/** What a command or a request names. */
export interface Named {
  /** The value of our own commands' `--account`. */
  account?: string | undefined
  /** The username in git's request, which comes from the remote's URL. */
  username?: string | undefined
}

/**
 * The account that is selected by `--account`, by the remote's URL, by HEROKU_ACCOUNT, or by `git config heroku.account`.
 * @returns undefined if the login decides
 * @throws {UserError} if a name is not an account's, if two sources contradict each other, or if git cannot say
 */
export async function selectAccount(stores: CredentialStores, named: Named = {}): Promise<SelectedAccount | undefined> {
  const {env} = stores.context
  if (named.account !== undefined) return resolve(env, {name: named.account, by: '--account'})
  const byUrl = await selectedByUrl(env, named.username)
  if (!byUrl) {
    const selection = selectionHere(stores)
    return selection && resolve(env, selection)
  }
  const variable = selectionIn(env)
  const byVariable = variable && (await resolve(env, variable))
  if (byVariable && byVariable.account !== byUrl.account)
    throw new UserError(
      `the remote's URL selects ${printable(byUrl.account)}, and HEROKU_ACCOUNT selects ${printable(byVariable.account)}`,
      `${unsetHint('HEROKU_ACCOUNT')}, or change the URL: git remote set-url`,
    )
  return byUrl
}

/**
 * The account of an e-mail address or an alias.
 * @throws {UserError} if it is neither
 */
export async function accountNamed({context}: CredentialStores, name: string): Promise<string> {
  return (await resolve(context.env, {name, by: '--account'})).account
}

/**
 * The notice that this shell or repository selects another account than the one that just became current.
 * @returns undefined if it does not
 * @throws {UserError} as {@link selectAccount}
 */
export async function describeOtherSelection(stores: CredentialStores, account: string): Promise<string | undefined> {
  const selected = await selectAccount(stores)
  return selected && selected.account !== account ? howToClear(selected) : undefined
}

/**
 * What HEROKU_ACCOUNT selects, or else git's configuration in the current directory.
 * @throws {UserError} if git cannot say, and there is more than one account to choose from
 */
export function selectionHere({context}: CredentialStores): Selection | undefined {
  const variable = selectionIn(context.env)
  if (variable) return variable
  try {
    return context.selectedByProject?.()
  } catch (error) {
    if (readLoginState(context.dataDir).tokens.length > 1) throw error
    return undefined
  }
}

const selectionIn = ({HEROKU_ACCOUNT: name}: NodeJS.ProcessEnv): Selection | undefined =>
  name ? {name, by: 'HEROKU_ACCOUNT'} : undefined

/** git sends the username of `https://heroku@git.heroku.com`, too: only an account's selects one. */
async function selectedByUrl(env: NodeJS.ProcessEnv, name = ''): Promise<SelectedAccount | undefined> {
  const account = name === '' ? undefined : await accountOf(env, name)
  return account === undefined ? undefined : {name, account, by: 'URL'}
}

async function resolve(env: NodeJS.ProcessEnv, selection: Selection): Promise<SelectedAccount> {
  const account = await accountOf(env, selection.name)
  if (account !== undefined) return {...selection, account}
  const what = 'neither an e-mail address nor an alias of heroku accounts'
  const name = printable(selection.name)
  throw notLoggedIn(
    selection.by === '--account'
      ? `${name} is ${what}`
      : `${describeSelection(selection)} selects ${name}, which is ${what}`,
    'heroku auth:status lists the accounts',
  )
}

async function accountOf(env: NodeJS.ProcessEnv, name: string): Promise<string | undefined> {
  if (isAddress(name)) return name
  const {accountOfAlias} = await import('../backends/account-aliases.js')
  return accountOfAlias(env, name)
}

/** Whether this is an account's own name, not an alias. */
export const isAddress = (name: string) => name.includes('@')
