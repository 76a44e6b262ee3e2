// What a migrate is going to do, as a value: shown by --dry-run, carried out otherwise, and the same in both.

/** Where a token is in plain text: in one or both of Heroku's entries of `.netrc`, or in the file of an alias. */
export type Location = {in: 'netrc'; path: string; hosts: string[]} | {in: 'alias'; path: string; alias: string}

interface Token {
  account: string
  token: string
  /** ISO 8601, where the API told. */
  expiresAt?: string
}

/** The keychain holds this, or it is not the time to take a copy away. */
export interface Proof {
  account: string
  token: string
}

export type Step =
  /** Put a token into the keychain, and remember it. */
  | (Token & {do: 'store'; from: Location[]; replaces?: string; current: boolean})
  /** Remember a token that the keychain holds already. */
  | (Token & {do: 'record'; current: boolean})
  /** Have an account be current whose token is in the keychain, and stays as it is. */
  | {do: 'make current'; account: string}
  /** Have git take the token from us, before it misses it in `.netrc`. */
  | {do: 'configure git'}
  /** Take a plain copy away. Without a proof the token is valid nowhere. */
  | {
      do: 'remove'
      spot: Location
      token: string
      account?: string
      proof?: Proof
      because: 'stored' | 'superseded' | 'invalid'
    }
  /**
   * Put the token into `.netrc`, in place of those that it holds now, unless it is there, and remember that it is. With
   * `keep` the login stays in the keychain, and `.netrc` holds a copy.
   */
  | (Token & {do: 'write'; path: string; replaces: string[]; there: boolean; keep: boolean})
  /** Take a token out of the keychain. */
  | {do: 'clear'; account: string; token: string; because: 'stored' | 'invalid'}

export interface Plan {
  to: 'keychain' | 'netrc'
  /** Who the user acts as afterwards. */
  current?: string
  steps: Step[]
  /** What stays as it is, and what to do about it. */
  notes: string[]
}

/** Something that only the user can decide. */
export interface Conflict {
  /**
   * - `token`: another token of the account would be replaced; `--force` says to do so
   * - `current`: it could be any of the candidates; `--account` says who
   * - `owner`: a file does not say whose token it holds; `--account` does
   */
  about: 'token' | 'current' | 'owner'
  candidates: string[]
  /** What stands in the way, for an error message. */
  says: string
  /** What to ask somebody who can answer. */
  asks: string
}

/** What the user wants of it. */
export interface MigrateOptions {
  /** Whoever's token would be replaced, replace it. */
  force?: boolean
  /** The accounts whose tokens may be replaced. */
  replace?: string[]
  /** Leave the copies that it is moved from. */
  keep?: boolean
  /** Remove copies of tokens that are valid no more. */
  prune?: boolean
  /** Who is to be current. */
  account?: string | undefined
  /** Leave the tokens in the files of aliases, and say why. */
  keepAliases?: string
}

export type Planned = {plan: Plan; conflicts?: undefined} | {plan?: undefined; conflicts: Conflict[]}

/** Whether an account's token may be replaced. */
export const mayReplace = ({force, replace}: MigrateOptions, account: string) =>
  force === true || replace?.includes(account) === true
