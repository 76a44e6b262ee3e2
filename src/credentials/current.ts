import type {LoginState} from './login-state.js'

export type Current = {account: string} | 'several'

/** Which of the keychain's accounts is logged in; 'several' if it could be any of them. */
export function currentAmong(
  accounts: readonly string[],
  {loggedOut, named, remembered, tokens}: LoginState,
): Current | undefined {
  if (named !== undefined) return {account: named}
  if (loggedOut) return undefined
  if (remembered !== undefined && accounts.includes(remembered)) return {account: remembered}
  // Whoever's token went to .netrc is there, and does not become somebody else for want of a login.json.
  if (tokens.some(({account, savedIn}) => account === remembered && savedIn === 'netrc')) return undefined
  const [account, ...more] = accounts
  if (more.length > 0) return 'several'
  return account === undefined ? undefined : {account}
}
