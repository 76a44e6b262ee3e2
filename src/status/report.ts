// What `auth:status` knows and says; `--json` prints it as it is. docs/status-json.md describes it for scripts.
import type {KeychainName, StoreName} from '../backends/backend.js'
import type {Problem} from '../errors.js'
import type {Setting} from '../git/helper-chain.js'
import type {Check} from './check.js'

/** What was found out, part by part. Holds no token. */
export interface Facts {
  /** The token in use; left out where there is none. */
  token?: TokenFacts
  /** Why no token was found, where there is more to say than that nobody logged in. */
  noToken?: NoToken
  /** Other tokens, which would be used if the one in use were not there. */
  shadowed: Copy[]
  keychain: KeychainFacts
  /** Tokens in plain text beside the one in use. */
  plainText: PlainText[]
  git: GitFacts
  host: HostFacts
  cli: CliFacts
}

export interface TokenFacts {
  /** Which rule found it, in the order in which they are asked. */
  tier: 'HEROKU_API_KEY' | 'HEROKU_NETRC_WRITE' | 'keychain' | 'netrc'
  source: 'HEROKU_API_KEY' | StoreName
  /** The source in words for a person. */
  place: string
  /** Its kind, if it shows one, and nothing else of it. */
  masked: string
  /** Whose it is: by the API if it was asked, or else by what it is filed under. */
  account?: string
  /** What it is filed under, if that is not whose it is. */
  filedUnder?: string
  /** ISO 8601. */
  expiresAt?: string
  /** What the API says: 'unknown' where it was asked and did not tell. */
  validity: 'valid' | 'invalid' | 'unknown' | 'not checked'
  /** Why it is unknown. */
  because?: string
  hint?: string
}

export interface NoToken {
  because: string
  hint?: string
  /** Whether something is wrong: without it, logging in is all there is to do. */
  isTrouble: boolean
}

/** A token somewhere else. */
export interface Copy {
  source: StoreName
  place: string
  account?: string
  /** Whether it is the token in use; left out where that is not known. */
  same?: boolean
}

export interface KeychainFacts {
  name?: KeychainName
  /** The name in words for a person. */
  title?: string
  /**
   * How it is: 'unlocked' once it gave a token, 'answers' where none was asked for; 'missing' where this machine has none;
   * 'not used' where HEROKU_NETRC_WRITE says so; or what is wrong with it.
   */
  state: 'unlocked' | 'answers' | 'missing' | 'not used' | Problem
  because?: string
  hint?: string
  accounts: {account: string; current: boolean}[]
}

/** A file with a token of Heroku's in plain text, or one that cannot be read. */
export type PlainText =
  | {kind: 'netrc'; place: string; account?: string; same?: boolean; because?: never}
  /** A file of a keyring that has no password. */
  | {kind: 'keyring'; place: string; because?: never}
  /** A file of `heroku accounts`. */
  | {kind: 'alias'; place: string; because?: never}
  | {kind: 'unreadable'; place: string; because: string; hint?: string}
  /** A file or folder of ours that other users can write to. */
  | {kind: 'exposed'; place: string; because: string; hint?: string}

export interface GitFacts {
  host: string
  /**
   * 'configured' where git asks `by`; 'dropped' where it would, but for a setting of this folder's repository or of a
   * later line; 'opted out' by `git config --global heroku.credentialHelper false`.
   */
  state: 'configured' | 'dropped' | 'not configured' | 'opted out' | 'not installed' | 'failed'
  by?: 'heroku-keychain' | 'heroku'
  /** Why it failed, or could not be configured the last time that was tried; or why it asks the CLI and not our launcher. */
  because?: string
  /** Where what drops it stands. */
  droppedBy?: Setting
  /** Other helpers that git asks for this host: after `by`, whose token it gives them to keep; or in our place. */
  others: (Setting & {helper: string})[]
  /** Whether the next command of the CLI sees to it that git is configured. */
  kept: boolean
  /** What turns https addresses of this host into ssh, for which git asks no helper. */
  rewrittenBy?: Setting
  /** The `.netrc` entry for this host, which git uses before it asks anybody. */
  netrc?: {place: string; account?: string; same?: boolean}
}

export interface HostFacts {
  api: string
  git: string
  /** What HEROKU_HOST or HEROKU_GIT_HOST say in vain. */
  warnings: string[]
}

export interface CliFacts {
  /** The host CLI as it calls itself, such as `heroku/11.10.0`. */
  name: string
  /** This plugin, such as `heroku-keychain/1.0.0`. */
  plugin?: string
  /** How the CLI's own commands get their token: see `Service` in src/host/installed-client.ts. */
  how: 'provider' | 'netrc' | 'unknown' | 'nothing'
  /** The version of `@heroku-cli/command` that they use. */
  clientVersion?: string
}

export interface Report extends Facts {
  version: 1
  /** As the exit status says it: 0, 100 and 1. */
  verdict: 'healthy' | 'not logged in' | 'trouble'
  checks: Check[]
}
