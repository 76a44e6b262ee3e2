import {accountOnRecord, type LoginState} from './login-state.js'

export type Current = {account: string} | 'several'

/** Which account is logged in, where the files say so; undefined after a logout, or where only a keychain can tell. */
export function currentOnRecord(state: LoginState): {account: string} | undefined {
  const account = accountOnRecord(state)
  return account === undefined || (state.loggedOut && state.loginJsonAccount === undefined) ? undefined : {account}
}

/**
 * Which account is logged in; 'several' if it could be any of them. One that is on record stays it, whatever the keychain
 * shows: a keychain may hide an account, and another must not take its place.
 * @param accounts those that the keychain shows
 */
export function currentAccount(accounts: readonly string[], state: LoginState): Current | undefined {
  const current = currentOnRecord(state)
  if (current || state.loggedOut) return current
  // A keychain may hide an account that we stored there.
  const stored = state.tokens.filter(({savedIn}) => savedIn !== 'netrc').map(({account}) => account)
  const [account, ...more] = new Set([...accounts, ...stored])
  if (more.length > 0) return 'several'
  return account === undefined ? undefined : {account}
}
