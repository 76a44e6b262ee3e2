// Makes another logged-in account the current one, as `heroku accounts:set` does.
import {printable} from '../ui/printable.js'
import {credentialOf, findAccountCredential} from './find.js'
import {readLoginState} from './login-files.js'
import {assertRecordable, cannotRecordLogin, changeLoginState} from './login-writer.js'
import {currentAccount, isAt, switchedTo} from './login-state.js'
import type {CredentialStores} from './stores.js'
import {exportHint} from '../ui/shell-hints.js'

/** The accounts that can be current, in alphabetical order, and the one that is. */
export interface Accounts {
  all: string[]
  current?: string
}

/**
 * Lists the accounts in the keychain, and those that our record says are logged in to this host.
 * @throws {StorageError} if the keychain does not list its accounts
 */
export async function listAccounts({context, keychain}: CredentialStores): Promise<Accounts> {
  const state = readLoginState(context.dataDir)
  const inKeychain = (await keychain?.accounts()) ?? []
  const {api} = context.endpoints
  const all = [...new Set([...inKeychain, ...state.tokens.map(({account}) => account)])]
    .filter((account) => isAt(state, account, api))
    .sort()
  const current = currentAccount(inKeychain, state)
  return typeof current === 'object' ? {all, current: current.account} : {all}
}

/**
 * Checks that an account has a token that can be used here.
 * @throws {UserError} if it has none, or the token cannot be read
 */
export async function assertLoggedIn(stores: CredentialStores, account: string): Promise<void> {
  credentialOf(await findAccountCredential(stores, account), printable(account))
}

/**
 * Makes an account current.
 * @throws {UserError} if that cannot be recorded
 */
export async function switchTo({context}: CredentialStores, account: string): Promise<void> {
  const failure = cannotRecordLogin(
    'then try again',
    `${exportHint('HEROKU_ACCOUNT', printable(account))}, which selects it in this shell`,
  )
  assertRecordable(context.dataDir, failure)
  await changeLoginState(context, (state) => switchedTo(state, account), {failure})
}
