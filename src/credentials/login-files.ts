// The two small files on disk that say who is logged in.
import {accessSync, constants, readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import type {TokenRecord} from './token-record.js'
import {preparePrivateFolder} from '../files/private-folder.js'

/** The Heroku CLI's file. */
export const LOGIN_JSON = 'login.json'
/** Ours. */
export const OUR_JSON = 'heroku-keychain.json'

export interface OurFile {
  version: 1
  account?: string
  loggedOut: boolean
  tokens: TokenRecord[]
  /** Fingerprints, see LoginState. */
  ended: string[]
}

/** Throws if the lock under which a file is written was lost to another process; called just before it is replaced. */
export type AssertHeld = () => void

/**
 * Makes the data folder, if there is none.
 * @throws {Error} of the file system, if a login could not be recorded there
 */
export function assertRecordable(dataDir: string): void {
  preparePrivateFolder(dataDir)
  accessSync(dataDir, constants.W_OK)
}

export function readOurs(dataDir: string): OurFile {
  const read = readJson(join(dataDir, OUR_JSON))
  if (!isRecord(read)) return {version: 1, loggedOut: false, tokens: [], ended: []}
  return {
    version: 1,
    ...(isName(read.account) ? {account: read.account} : {}),
    loggedOut: read.loggedOut === true,
    tokens: Array.isArray(read.tokens) ? read.tokens.filter(isTokenRecord) : [],
    ended: Array.isArray(read.ended) ? read.ended.filter(isName) : [],
  }
}

export async function writeOurs(
  dataDir: string,
  {account, ended, loggedOut, tokens}: OurFile,
  assertHeld?: AssertHeld,
): Promise<void> {
  const file = {version: 1, account, loggedOut, tokens, ended: ended.length > 0 ? ended : undefined}
  await write(dataDir, OUR_JSON, `${JSON.stringify(file, undefined, 2)}\n`, assertHeld)
}

/** Writes `login.json`, byte for byte as the Heroku CLI does. */
export async function writeLoginJson(dataDir: string, account: string, assertHeld?: AssertHeld): Promise<void> {
  await write(dataDir, LOGIN_JSON, `${JSON.stringify({account})}\n`, assertHeld)
}

export function removeLoginJson(dataDir: string, assertHeld?: AssertHeld): void {
  assertHeld?.()
  rmSync(join(dataDir, LOGIN_JSON), {force: true})
}

async function write(dataDir: string, name: string, text: string, assertHeld: AssertHeld = () => undefined) {
  preparePrivateFolder(dataDir)
  // Loaded here, since the git helper reads, and has no time to load what it hardly ever needs.
  const {replaceFile} = await import('../files/atomic-write.js')
  // eslint-disable-next-line @typescript-eslint/require-await
  const beforeRename = async () => {
    assertHeld()
  }
  await replaceFile(join(dataDir, name), text, {mode: 0o600, beforeRename})
}

/** The account that `login.json` names. */
export function readNamed(dataDir: string): string | undefined {
  const read = readJson(join(dataDir, LOGIN_JSON))
  return isRecord(read) && isName(read.account) ? read.account : undefined
}

/** At once: two small files, and the git helper has no time for node's pool of threads. */
function readJson(path: string): unknown {
  try {
    // A named pipe in its place would be waited for.
    // Node's flag may be a number, though its types lack it here.
    const flag = (constants.O_RDONLY | constants.O_NONBLOCK) as unknown as 'r'
    return JSON.parse(readFileSync(path, {encoding: 'utf8', flag}))
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
  (value.keychainHost === undefined || isName(value.keychainHost)) &&
  (value.expiresAt === undefined || isName(value.expiresAt))
