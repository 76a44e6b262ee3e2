// Who is logged in, in two small files without secrets: the Heroku CLI's own `login.json`, and ours beside it.
import {accessSync, constants, mkdirSync, readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import type {BackendName, Credential} from '../backends/backend.js'

/** The Heroku CLI's file. */
export const LOGIN_JSON = 'login.json'
/** Ours. */
export const OUR_JSON = 'heroku-keychain.json'

/** What we remember of a token that we stored. */
export interface TokenRecord {
  account: string
  /** The machine name of the API that issued it; it is sent to no other. */
  apiHost: string
  /** By which the token is recognised: what we remember is void for any other. */
  fingerprint: string
  savedIn: BackendName
  /** ISO 8601, if the server told. */
  expiresAt?: string
}

export interface LoginState {
  /** The account that `login.json` names; the CLI's `accounts:set` writes it too. */
  named?: string
  /** The account of the last login that we saw, which outlives a `login.json` deleted by a CLI that could not read. */
  remembered?: string
  /** Whether a logout was the last that we saw: nobody is current then, whatever a keychain holds. */
  loggedOut: boolean
  tokens: TokenRecord[]
}

/** The account that is logged in, as far as the two files tell. */
export const accountOnRecord = ({named, remembered}: Pick<LoginState, 'named' | 'remembered'>) => named ?? remembered

interface OurFile {
  version: 1
  account?: string
  loggedOut: boolean
  tokens: TokenRecord[]
}

/**
 * Reads both files. A file that is missing or makes no sense is as good as none: it holds nothing that a login would
 * not write again.
 * @param dataDir oclif's `config.dataDir`
 */
export function readLoginState(dataDir: string): LoginState {
  const theClis = readJson(join(dataDir, LOGIN_JSON))
  const ours = readOurs(dataDir)
  return {
    ...(isRecord(theClis) && isName(theClis.account) ? {named: theClis.account} : {}),
    ...(ours.account === undefined ? {} : {remembered: ours.account}),
    loggedOut: ours.loggedOut,
    tokens: ours.tokens,
  }
}

/**
 * Remembers a login: the account is current from now on.
 * @param nameIt whether to write `login.json` too, which the CLI has in keychain mode only
 */
export async function recordLogin(dataDir: string, token: TokenRecord, nameIt: boolean): Promise<void> {
  const {tokens} = readOurs(dataDir)
  const others = tokens.filter(({account}) => account !== token.account)
  await writeOurs(dataDir, {version: 1, account: token.account, loggedOut: false, tokens: [...others, token]})
  if (nameIt) await nameAccount(dataDir, token.account)
}

/** Remembers a token without making its account current. */
export async function recordToken(dataDir: string, token: TokenRecord): Promise<void> {
  const ours = readOurs(dataDir)
  const others = ours.tokens.filter(({account}) => account !== token.account)
  await writeOurs(dataDir, {...ours, tokens: [...others, token]})
}

/** Makes an account current whose token is stored already. */
export async function recordCurrent(dataDir: string, account: string): Promise<void> {
  await writeOurs(dataDir, {...readOurs(dataDir), account, loggedOut: false})
  await nameAccount(dataDir, account)
}

/** Writes `login.json`, byte for byte as the Heroku CLI does. */
export async function nameAccount(dataDir: string, account: string): Promise<void> {
  await write(dataDir, LOGIN_JSON, `${JSON.stringify({account})}\n`)
}

/**
 * Remembers the account that `login.json` names, since a CLI that could not read the keychain once deletes that file.
 */
export async function rememberNamed(dataDir: string): Promise<void> {
  const {named, remembered, tokens} = readLoginState(dataDir)
  if (named === undefined || named === remembered) return
  await writeOurs(dataDir, {version: 1, account: named, loggedOut: false, tokens})
}

/**
 * Forgets an account that has no token any more. Nobody is current from now on, if it was; nobody else is logged out.
 * @param account undefined for whoever is current without a name
 */
export async function forgetAccount(dataDir: string, account: string | undefined): Promise<void> {
  if (account === undefined || account === accountOnRecord(readLoginState(dataDir)))
    return recordLogout(dataDir, account)
  const ours = readOurs(dataDir)
  const tokens = ours.tokens.filter((token) => token.account !== account)
  if (tokens.length < ours.tokens.length) await writeOurs(dataDir, {...ours, tokens})
}

/** Forgets the account: nobody is current from now on. */
export async function recordLogout(dataDir: string, account: string | undefined): Promise<void> {
  const {tokens} = readOurs(dataDir)
  await writeOurs(dataDir, {version: 1, loggedOut: true, tokens: tokens.filter((token) => token.account !== account)})
  rmSync(join(dataDir, LOGIN_JSON), {force: true})
}

/** Forgets what we remember of a token that is gone, and leaves alone who is current. */
export async function recordRemoval(dataDir: string, {account, token}: Partial<Credential>): Promise<void> {
  const ours = readOurs(dataDir)
  const isGone = (each: TokenRecord) => each.account === account && each.fingerprint === fingerprint(token ?? '')
  if (ours.tokens.some(isGone)) await writeOurs(dataDir, {...ours, tokens: ours.tokens.filter((each) => !isGone(each))})
}

/**
 * Makes the data folder, if there is none.
 * @throws {Error} of the file system, if a login could not be recorded there
 */
export function assertRecordable(dataDir: string): void {
  prepare(dataDir)
  accessSync(dataDir, constants.W_OK)
}

function prepare(dataDir: string): void {
  mkdirSync(dataDir, {recursive: true, mode: 0o700})
}

function readOurs(dataDir: string): OurFile {
  const read = readJson(join(dataDir, OUR_JSON))
  if (!isRecord(read)) return {version: 1, loggedOut: false, tokens: []}
  return {
    version: 1,
    ...(isName(read.account) ? {account: read.account} : {}),
    loggedOut: read.loggedOut === true,
    tokens: Array.isArray(read.tokens) ? read.tokens.filter(isTokenRecord) : [],
  }
}

async function writeOurs(dataDir: string, file: OurFile): Promise<void> {
  await write(dataDir, OUR_JSON, `${JSON.stringify(file, undefined, 2)}\n`)
}

async function write(dataDir: string, name: string, text: string): Promise<void> {
  prepare(dataDir)
  // Loaded here, since the git helper reads, and has no time to load what it hardly ever needs.
  const {replaceFile} = await import('../atomic-file.js')
  await replaceFile(join(dataDir, name), text, {mode: 0o600})
}

/** At once: two small files, and the git helper has no time for node's pool of threads. */
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''

const isTokenRecord = (value: unknown): value is TokenRecord =>
  isRecord(value) &&
  isName(value.account) &&
  isName(value.apiHost) &&
  isName(value.fingerprint) &&
  isName(value.savedIn) &&
  (value.expiresAt === undefined || isName(value.expiresAt))

/**
 * A short mark by which a token is recognised again without keeping it. 48 bits of a hash of far more random bits:
 * enough to tell two tokens apart, of no use for finding one.
 */
export function fingerprint(token: string): string {
  // Loaded here, since most of the git helper's runs can do without: it takes a tenth of their time.
  const {createHash} = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(token).digest('hex').slice(0, 12)
}

/** What we remember of this very token; nothing if the account's has been replaced by somebody else since. */
export function recordOf({account, token}: Partial<Credential>, {tokens}: LoginState): TokenRecord | undefined {
  const record = tokens.find((each) => each.account === account)
  return token !== undefined && record?.fingerprint === fingerprint(token) ? record : undefined
}
