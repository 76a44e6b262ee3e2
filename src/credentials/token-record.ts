// What is recorded of a stored token, and how the token is recognized without keeping it.
import type {StoreName, Credential} from '../backends/backend.js'

/** What we remember of a token that we stored. */
export interface TokenRecord {
  account: string
  /** The machine name of the API that issued it; it is sent to no other. */
  apiHost: string
  /** By which the token is recognised: what we remember is void for any other. */
  fingerprint: string
  savedIn: StoreName
  /** For one in `git-helper`: which helper, as the user named it. */
  helper?: string
  /** For one in `.netrc`: the API host of an older one that a keychain holds, if it is another. */
  keychainHost?: string
  /** ISO 8601, if the server sent it. */
  expiresAt?: string
  /** ISO 8601: when `expiresAt` was recorded. Missing in files that older versions wrote. */
  recordedAt?: string
  /** The local date of the last warning that it expires soon. */
  warnedOn?: string
  /** For one in `.netrc` because no encrypted store took it: the local date of the last warning of that. */
  plainTextWarnedOn?: string
}

/** The record of a token that is stored. */
export const recordFor = (
  {account, expiresAt, token}: Credential & {expiresAt?: string | undefined},
  apiHost: string,
  {helper, name}: {name: StoreName; helper?: string | undefined},
): TokenRecord => ({
  account,
  apiHost,
  fingerprint: fingerprint(token),
  savedIn: name,
  ...(helper === undefined ? {} : {helper}),
  ...(expiresAt === undefined ? {} : {expiresAt, recordedAt: new Date().toISOString()}),
})

/** What is recorded of the account's token. A keychain has one item for an account, so there is one record. */
export const recordOfAccount = ({tokens}: {tokens: readonly TokenRecord[]}, account: string | undefined) =>
  tokens.find((each) => each.account === account)

/** The API host of the token that a keychain holds of an account, as far as we know. */
export const hostInKeychain = (record: TokenRecord | undefined) => record?.keychainHost ?? record?.apiHost

/**
 * A short mark by which a token is recognised again without keeping it. 48 bits of a hash of far more random bits:
 * enough to tell two tokens apart, of no use for finding one.
 */
export function fingerprint(token: string): string {
  // Loaded here, since most of the git helper's runs can do without: it takes a tenth of their time.
  const {createHash} = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(token).digest('hex').slice(0, 12)
}

/** Whether a record is this token's. */
export const isOf = (record: TokenRecord | undefined, token: string) => record?.fingerprint === fingerprint(token)

/** Whether a record is a `.netrc` entry's: the entry may name no account, but not another one. */
export const isOfEntry = (
  record: TokenRecord | undefined,
  {account, token}: Pick<Credential, 'token'> & {account?: string},
) => (account === undefined || account === record?.account) && isOf(record, token)

/** The record of this token; undefined if another program has replaced the account's token since. */
export function recordOf(
  {account, token}: Partial<Credential>,
  state: {tokens: readonly TokenRecord[]},
): TokenRecord | undefined {
  const record = recordOfAccount(state, account)
  return record && token !== undefined && isOf(record, token) ? record : undefined
}
