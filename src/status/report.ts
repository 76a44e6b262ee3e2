// The report of `auth:status`, which `--json` prints as is. docs/status-json.md describes it for scripts.
import type {KeychainName, StoreName} from '../backends/backend.js'
import {defined} from '../defined.js'
import type {SelectedBy} from '../credentials/selected-account.js'
import type {Problem} from '../errors.js'
import type {Setting} from '../git/helper-chain.js'

/** The facts, module by module. They contain no token. */
export interface Facts {
  /** The token in use; omitted if there is none. */
  token?: TokenFacts
  /** Why no token was found; omitted if the user has simply not logged in. */
  noToken?: NoToken
  /** The account whose token is used; omitted if nothing names one. */
  account?: AccountFacts
  /** The tokens that would be used without the one in use. */
  shadowed: ShadowedToken[]
  keychain: KeychainFacts
  stores: StoresFacts
  /** Tokens in plain text other than the one in use. */
  plainText: PlainText[]
  git: GitFacts
  host: HostFacts
  cli: CliFacts
}

export interface TokenFacts {
  /** The rule that found it, in order of precedence. */
  tier: 'HEROKU_API_KEY' | 'HEROKU_NETRC_WRITE' | 'keychain' | 'netrc'
  source: 'HEROKU_API_KEY' | StoreName
  /** The source, for people. */
  place: string
  /** Its prefix, if any, and asterisks. */
  masked: string
  /** The account: from the API if verified, else the one that the token is stored under. */
  account?: string
  /** The account that the token is stored under, if the API returned another one. */
  filedUnder?: string
  /** ISO 8601. */
  expiresAt?: string
  /** ISO 8601: when `expiresAt` was recorded, which is about when the token was issued. */
  recordedAt?: string
  /** The API's result: 'unknown' if the request failed. */
  validity: 'valid' | 'invalid' | 'unknown' | 'not checked'
  /** Why it is unknown. */
  because?: string
  hint?: string
}

export interface AccountFacts {
  /** Unknown for HEROKU_API_KEY. */
  effective?: string
  /** What selects it. */
  by: 'HEROKU_API_KEY' | 'login.json' | SelectedBy
  /** The file, for git's configuration. */
  file?: string
  /** The account that would be used without `by`. */
  otherwise?: string
  /** What HEROKU_API_KEY overrides, if it is not the login. */
  overrides?: SelectedBy
}

export interface NoToken {
  because: string
  hint?: string
  /** Whether something failed; if not, a login is all that is missing. */
  isTrouble: boolean
}

export interface ShadowedToken {
  source: StoreName
  place: string
  account?: string
  /** Whether it equals the token in use; omitted if unknown. */
  same?: boolean
}

export interface KeychainFacts {
  name?: KeychainName
  /** The name, for people. */
  title?: string
  /**
   * 'unlocked' if it returned a token, 'answers' if it only listed accounts, 'missing' if this machine has none, 'not used'
   * if HEROKU_NETRC_WRITE is true; or its failure.
   */
  state: 'unlocked' | 'answers' | 'missing' | 'not used' | Problem
  because?: string
  hint?: string
  accounts: {account: string; current: boolean}[]
}

/** Which stores there are, by the names of `--store`, and which one is asked for the token. */
export interface StoresFacts {
  /** The store of the account's token; `netrc` too if this machine has no other. */
  inUse: string
  /** What selects it: a variable, the record of the account's token, or the automatic order. */
  by: 'HEROKU_CREDENTIAL_STORE' | 'HEROKU_NETRC_WRITE' | 'record' | 'order'
  /** The value of HEROKU_CREDENTIAL_STORE, if it is set. */
  chosen?: string
  /** The store in which the account's token was saved, if HEROKU_CREDENTIAL_STORE names another one. */
  saved?: string
  /** The stores that a login can use without being told to, the preferred one first; not `.netrc`. */
  available: {name: KeychainName; option: string}[]
}

/** A file with a Heroku token in plain text, or one that cannot be read. */
export type PlainText =
  | {kind: 'netrc'; place: string; account?: string; same?: boolean; because?: never}
  /** A keyring file without a password. */
  | {kind: 'keyring'; place: string; because?: never}
  /** A file of `heroku accounts`. */
  | {kind: 'alias'; place: string; because?: never}
  | {kind: 'unreadable'; place: string; because: string; hint?: string}
  /** A file or folder of ours that other users can write to. */
  | {kind: 'exposed'; place: string; because: string; hint?: string}

export interface GitFacts {
  host: string
  /**
   * 'configured' if git asks `by`; 'dropped' if an empty value in the current repository or further down removes it;
   * 'opted out' by `git config --global heroku.credentialHelper false`.
   */
  state: 'configured' | 'dropped' | 'not configured' | 'opted out' | 'not installed' | 'failed'
  by?: 'heroku-keychain' | 'heroku'
  /** Why it failed, why the last setup failed, or why git asks the CLI instead of our launcher. */
  because?: string
  /** The setting that drops our helper. */
  droppedBy?: Setting
  /** Other helpers that git asks for this host: after `by`, whose token it passes to them; or instead of it. */
  others: (Setting & {helper: string})[]
  /** Whether the next command of the CLI configures git. */
  kept: boolean
  /** The setting that rewrites https URLs of this host to ssh, for which git asks no helper. */
  rewrittenBy?: Setting
  /** The `.netrc` entry for this host, which git uses before it asks any helper. */
  netrc?: {place: string; account?: string; same?: boolean}
}

export interface HostFacts {
  api: string
  git: string
  /** The ignored values of HEROKU_HOST or HEROKU_GIT_HOST. */
  warnings: string[]
}

export interface CliFacts {
  /** The host CLI, such as `heroku/11.10.0`. */
  name: string
  /** This plugin, such as `heroku-keychain/1.0.0`. */
  plugin?: string
  /** How the CLI's own commands get their token: see `ClientSummary` in src/host/installed-client.ts. */
  how: 'provider' | 'netrc' | 'unknown' | 'nothing'
  /** The version of `@heroku-cli/command` that they use. */
  clientVersion?: string
}

export interface Report extends Facts {
  version: 1
  /** Exit status 0, 100 and 1. */
  verdict: 'healthy' | 'not logged in' | 'trouble'
  checks: Check[]
}

/** One line of the screen. */
export interface Check {
  subject:
    'token' | 'account' | 'validity' | 'shadows' | 'keychain' | 'stores' | 'plain text' | 'git' | 'host' | 'heroku'
  /** Only 'error' sets the exit status to 1. */
  level: 'ok' | 'warning' | 'error'
  message: string
  /** The next step. */
  hint?: string
  /** Lines below the message, such as the accounts in the keychain. */
  more?: string[]
}

export const check = (subject: Check['subject'], level: Check['level'], message: string, hint?: string): Check => ({
  subject,
  level,
  message,
  ...defined({hint}),
})

/** ` of <account>`, or nothing if the account is unknown. */
export const ofAccount = (account: string | undefined) => (account === undefined ? '' : ` of ${account}`)
