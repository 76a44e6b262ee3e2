// Makes another logged-in account the current one, as `heroku accounts:set` does.
import {notLoggedIn, UserError} from '../errors.js'
import {printable} from '../ui/printable.js'
import {findAccountCredential} from './find.js'
import {readLoginState} from './login-files.js'
import {assertRecordable, cannotRecordLogin, changeLoginState} from './login-writer.js'
import {currentAccount, switchedTo} from './login-state.js'
import {recordOfAccount} from './token-record.js'
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
  const isHere = (account: string) => (recordOfAccount(state, account)?.apiHost ?? api) === api
  const all = [...new Set([...inKeychain, ...state.tokens.map(({account}) => account)])].filter(isHere).sort()
  const current = currentAccount(inKeychain, state)
  return typeof current === 'object' ? {all, current: current.account} : {all}
}

/**
 * Checks that an account has a token that can be used here.
 * @throws {UserError} if it has none, or the token cannot be read
 */
export async function assertLoggedIn(stores: CredentialStores, account: string): Promise<void> {
  const lookup = await findAccountCredential(stores, account)
  if (lookup.outcome === 'failed') throw new UserError(lookup.error.message, lookup.error.hint)
  if (lookup.outcome === 'absent') throw notLoggedIn(lookup.because, 'heroku login', printable(account))
}

const failure = cannotRecordLogin(
  'then try again',
  `${exportHint('HEROKU_ACCOUNT', 'ACCOUNT')}, which selects it in this shell`,
)

/**
 * Makes an account current.
 * @throws {UserError} if that cannot be recorded
 */
export async function switchTo({context}: CredentialStores, account: string): Promise<void> {
  assertRecordable(context.dataDir, failure)
  await changeLoginState(context, (state) => switchedTo(state, account), {failure})
}
