// The plan of a migrate, as a value. --dry-run prints it; otherwise it is carried out.
import type {KeychainName} from '../backends/backend.js'

/**
 * Where a token is moved from: one or both of Heroku's `.netrc` entries, an alias file, or another keychain. `path` is the name
 * for messages.
 */
export type Location =
  | {in: 'netrc'; path: string; hosts: string[]}
  | {in: 'alias'; path: string; alias: string}
  | {in: 'keychain'; path: string; name: KeychainName; helper?: string}

interface Token {
  account: string
  token: string
  /** ISO 8601, if the API reports it. */
  expiresAt?: string
}

/** What the keychain must hold before a copy is removed. */
export interface Proof {
  account: string
  token: string
}

export type Step =
  /** Store a token in the keychain and record it. */
  | (Token & {do: 'store'; from: Location[]; replaces?: string; current: boolean})
  /** Record a token that the keychain holds already. */
  | (Token & {do: 'record'; current: boolean})
  /** Make an account current; its token in the keychain is unchanged. */
  | {do: 'make current'; account: string}
  /** Configure git to call our credential helper, before the token is removed from `.netrc`. */
  | {do: 'configure git'}
  /** Remove a plaintext copy. Without a proof, the token is invalid. `spot` is the name in the output of --json. */
  | {
      do: 'remove'
      spot: Location
      token: string
      account?: string
      proof?: Proof
      because: 'stored' | 'superseded' | 'invalid'
    }
  /**
   * Write the token to `.netrc` in place of the tokens in `replaces`, unless it `isPresent`, and record it. With `keep`, the login
   * stays in the keychain, and `.netrc` holds a copy.
   */
  | (Token & {do: 'write'; path: string; replaces: string[]; isPresent: boolean; keep: boolean})
  /** Remove a token from the keychain. */
  | {do: 'clear'; account: string; token: string; because: 'stored' | 'invalid'}

export interface Plan {
  to: 'keychain' | 'netrc'
  /** The account that is current afterwards. */
  current?: string
  steps: Step[]
  /** Notices on what is left unchanged, and what the user can do about it. */
  notes: string[]
}

/** A decision that only the user can make. */
export interface Conflict {
  /**
   * - `token`: another token of the same account would be replaced; `--force` replaces it
   * - `current`: several candidates could be the current account; `--account` selects one
   * - `owner`: a file does not name the token's account; `--account` names it
   */
  about: 'token' | 'current' | 'owner'
  candidates: string[]
  /** The conflict, for an error message. */
  message: string
  /** The question for a user at a terminal. */
  question: string
}

export interface MigrateOptions {
  /** Replace another token of any account. */
  force?: boolean
  /** Replace other tokens of these accounts. */
  replace?: string[]
  /** Keep the copies that the tokens are moved from. */
  keep?: boolean
  /** Remove copies of invalid tokens. */
  prune?: boolean
  /** The account to make current. */
  account?: string | undefined
  /** Also move the tokens in other keychains. */
  fromKeychains?: boolean
  /** Keep the tokens in alias files, with this notice. */
  keepAliases?: string
}

export type Planned = {plan: Plan; conflicts?: undefined} | {plan?: undefined; conflicts: Conflict[]}

export const mayReplace = ({force, replace}: MigrateOptions, account: string) =>
  force === true || replace?.includes(account) === true
