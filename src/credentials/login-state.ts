// Who is logged in, in two small files without secrets: the Heroku CLI's own `login.json`, and ours beside it.
import {defined} from '../defined.js'
import type {KeychainName, Credential} from '../backends/backend.js'
import {
  type AssertHeld,
  type OurFile,
  readNamed,
  readOurs,
  removeLoginJson,
  writeLoginJson,
  writeOurs,
} from './login-files.js'
import {fingerprint, hostInKeychain, recordOfAccount, type TokenRecord} from './token-record.js'
import {preparePrivateFolder} from '../files/private-folder.js'

export {assertRecordable, LOGIN_JSON, OUR_JSON, writeLoginJson} from './login-files.js'

/** More copies than logouts leave behind; the oldest are forgotten first. */
const MOST_ENDED = 50

// A login or logout that holds the lock for longer records by itself who is current.
const REMEMBER_WAIT_MS = 1000

export interface LoginState {
  /** The account that `login.json` names; the CLI's `accounts:set` writes it too. */
  loginJsonAccount?: string
  /** The account of the last login that we saw, which outlives a `login.json` deleted by a CLI that could not read. */
  lastAccount?: string
  /** Whether a logout was the last that we saw: nobody is current then, whatever a keychain holds. */
  loggedOut: boolean
  tokens: TokenRecord[]
  /** Fingerprints of tokens that a logout revoked, or began to remove: they are never used again. */
  ended?: string[]
}

/** The account that is logged in, as far as the two files tell. */
export const accountOnRecord = ({
  loginJsonAccount,
  lastAccount,
}: Pick<LoginState, 'loginJsonAccount' | 'lastAccount'>) => loginJsonAccount ?? lastAccount

/** The account that is logged in to an API host: that of another host's token is not. */
export function accountAt(state: LoginState, apiHost: string): string | undefined {
  const account = accountOnRecord(state)
  return (recordOfAccount(state, account)?.apiHost ?? apiHost) === apiHost ? account : undefined
}

/** Whether a logout ended this token, wherever a copy of it is left. */
export const isEnded = ({ended}: LoginState, token: string) => ended?.includes(fingerprint(token)) === true

/**
 * Reads both files. A file that is missing or makes no sense is as good as none: it holds nothing that a login would
 * not write again.
 * @param dataDir oclif's `config.dataDir`
 */
export function readLoginState(dataDir: string): LoginState {
  const loginJsonAccount = readNamed(dataDir)
  const ours = readOurs(dataDir)
  return {
    ...defined({loginJsonAccount, lastAccount: ours.account}),
    loggedOut: ours.loggedOut,
    tokens: ours.tokens,
    ...(ours.ended.length > 0 ? {ended: ours.ended} : {}),
  }
}

/**
 * Remembers a login: the account is current from now on.
 * @param nameIt whether to write `login.json` too, which the CLI has in keychain mode only
 */
export async function recordLogin(dataDir: string, token: TokenRecord, nameIt: boolean, assertHeld?: AssertHeld) {
  const ours = readOurs(dataDir)
  await writeOurs(dataDir, {...withToken(ours, token), account: token.account, loggedOut: false}, assertHeld)
  if (nameIt) await writeLoginJson(dataDir, token.account, assertHeld)
}

/** Remembers a token without making its account current. */
export async function recordToken(dataDir: string, token: TokenRecord, assertHeld?: AssertHeld): Promise<void> {
  await writeOurs(dataDir, withToken(readOurs(dataDir), token), assertHeld)
}

function withToken(ours: OurFile, token: TokenRecord): OurFile {
  const older = hostInKeychain(recordOfAccount(ours, token.account))
  const isOthers = token.savedIn === 'netrc' && older !== undefined && older !== token.apiHost
  return {
    ...ours,
    tokens: [
      ...ours.tokens.filter(({account}) => account !== token.account),
      isOthers ? {...token, keychainHost: older} : token,
    ],
    ended: ours.ended.filter((each) => each !== token.fingerprint),
  }
}

/** Whether a keychain is where the account's token was stored, as far as the files tell. */
export const isStoredIn = (keychain: KeychainName, state: LoginState, account: string) =>
  (recordOfAccount(state, account)?.savedIn ?? (state.loginJsonAccount === account ? keychain : undefined)) === keychain

/** Makes an account current whose token is stored already. */
export async function recordCurrent(dataDir: string, account: string, assertHeld?: AssertHeld): Promise<void> {
  await writeOurs(dataDir, {...readOurs(dataDir), account, loggedOut: false}, assertHeld)
  await writeLoginJson(dataDir, account, assertHeld)
}

/**
 * Remembers the account that `login.json` names, since a CLI that could not read the keychain once deletes that file.
 * Most calls have nothing to change, and take no lock.
 */
export async function rememberNamed(dataDir: string): Promise<void> {
  const isNew = ({loginJsonAccount, lastAccount}: LoginState) =>
    loginJsonAccount !== undefined && loginJsonAccount !== lastAccount
  if (!isNew(readLoginState(dataDir))) return
  preparePrivateFolder(dataDir)
  const {withLoginLock} = await import('./turn.js')
  await withLoginLock({dataDir, waitMs: REMEMBER_WAIT_MS}, async (assertHeld) => {
    const state = readLoginState(dataDir)
    if (state.loginJsonAccount !== undefined && isNew(state))
      await writeOurs(dataDir, {...readOurs(dataDir), account: state.loginJsonAccount, loggedOut: false}, assertHeld)
  })
}

/**
 * Forgets an account that has no token any more. Nobody is current from now on, if it was; nobody else is logged out.
 * @param account undefined for whoever is current without a name
 */
export async function forgetAccount(dataDir: string, account: string | undefined, assertHeld?: AssertHeld) {
  if (account === undefined || account === accountOnRecord(readLoginState(dataDir)))
    return recordLogout(dataDir, account, assertHeld)
  const ours = readOurs(dataDir)
  if (recordOfAccount(ours, account)) await writeOurs(dataDir, withoutAccount(ours, account), assertHeld)
}

/** Forgets the account: nobody is current from now on. */
export async function recordLogout(dataDir: string, account: string | undefined, assertHeld?: AssertHeld) {
  const {ended, tokens} = withoutAccount(readOurs(dataDir), account)
  await writeOurs(dataDir, {version: 1, loggedOut: true, tokens, ended}, assertHeld)
  removeLoginJson(dataDir, assertHeld)
}

function withoutAccount(ours: OurFile, account: string | undefined): OurFile {
  const gone = recordOfAccount(ours, account)?.fingerprint
  return {
    ...ours,
    tokens: ours.tokens.filter((token) => token.account !== account),
    ended: ours.ended.filter((each) => each !== gone),
  }
}

/** Forgets what we remember of a token that is gone, and leaves alone who is current. */
export async function recordRemoval(
  dataDir: string,
  {account, token}: Partial<Credential>,
  assertHeld?: AssertHeld,
): Promise<void> {
  const ours = readOurs(dataDir)
  const record = recordOfAccount(ours, account)
  if (record?.fingerprint === fingerprint(token ?? ''))
    await writeOurs(dataDir, withoutAccount(ours, account), assertHeld)
}

/** Remembers that a token is not to be used again, or that it is after all: its removal failed, and it was not revoked. */
export async function recordEnded(
  dataDir: string,
  mark: string,
  isOver: boolean,
  assertHeld?: AssertHeld,
): Promise<void> {
  const ours = readOurs(dataDir)
  const others = ours.ended.filter((each) => each !== mark)
  await writeOurs(dataDir, {...ours, ended: isOver ? [...others, mark].slice(-MOST_ENDED) : others}, assertHeld)
}
