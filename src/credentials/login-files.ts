// Reads the login state: the Heroku CLI's `login.json`, and our file beside it. Neither holds a secret.
import {constants, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {defined} from '../defined.js'
import type {LoginState} from './login-state.js'
import type {TokenRecord} from './token-record.js'

/** The Heroku CLI's file. */
export const LOGIN_JSON = 'login.json'
/** Ours. */
export const OUR_JSON = 'heroku-keychain.json'

/**
 * Reads both files. A file that is missing or unusable holds nothing that a login would not write again.
 * @param dataDir oclif's `config.dataDir`
 */
export function readLoginState(dataDir: string): LoginState {
  const ours = readJson(join(dataDir, OUR_JSON))
  const listOf = (value: unknown) => (Array.isArray(value) ? value.filter(isName) : [])
  const [ended, stores] = [listOf(ours.ended), listOf(ours.stores)]
  return {
    ...defined({
      loginJsonAccount: nameIn(readJson(join(dataDir, LOGIN_JSON))),
      lastAccount: nameIn(ours),
      ended: ended.length > 0 ? ended : undefined,
      stores: stores.length > 0 ? stores : undefined,
    }),
    loggedOut: ours.loggedOut === true,
    tokens: Array.isArray(ours.tokens) ? ours.tokens.filter(isTokenRecord) : [],
  }
}

/** Synchronous: two small files, and starting node's thread pool takes longer. */
function readJson(path: string): Record<string, unknown> {
  try {
    // Without O_NONBLOCK, opening a named pipe would block.
    // Node's flag may be a number, though its types lack it here.
    const flag = (constants.O_RDONLY | constants.O_NONBLOCK) as unknown as 'r'
    const value: unknown = JSON.parse(readFileSync(path, {encoding: 'utf8', flag}))
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''

const nameIn = ({account}: Record<string, unknown>) => (isName(account) ? account : undefined)

function isTokenRecord(value: unknown): value is TokenRecord {
  if (!isObject(value)) return false
  const {
    account,
    apiHost,
    expiresAt,
    fingerprint,
    helper,
    keychainHost,
    plainTextWarnedOn,
    recordedAt,
    savedIn,
    warnedOn,
  } = value
  const isNameIfAny = (each: unknown) => each === undefined || isName(each)
  return (
    [account, apiHost, fingerprint, savedIn].every(isName) &&
    [helper, keychainHost, expiresAt, plainTextWarnedOn, recordedAt, warnedOn].every(isNameIfAny)
  )
}
