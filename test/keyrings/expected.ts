// What each provider of the Secret Service can do, as tested by providers.ts; docs/keyrings.md is generated from it.

export const PROVIDERS = ['KeePassXC, default settings', 'KeePassXC, without confirmations', 'KWallet'] as const
export type Provider = (typeof PROVIDERS)[number]

/** The titles of the keychain contract's cases that a provider cannot pass, and the reason. */
export const CANNOT: Partial<Record<Provider, {cases: RegExp; because: string}>> = {
  'KeePassXC, default settings': {
    cases: /^(?:removes a token|keeps accounts apart|takes an account)/u,
    because: 'removes no entry',
  },
}

export const JOB = {
  login: '`login --with-token` stores the token in the keyring',
  whoami: '`whoami`',
  token: '`auth:token`',
  fill: '`git credential fill`',
  logout: '`logout` revokes the token and removes it from the keyring',
  afterwards: '`auth:token` after that prints no token',
  again: '`login` after that stores a new token, which `auth:token` prints',
  done: 'a `logout`, with the entry deleted in the keyring where it stays, ends the login',
} as const
export type Task = keyof typeof JOB

const YES = 'yes'
const ONE_DIALOG = 'yes, after 1 dialog'

export const EXPECTED: Record<Task, Record<Provider, string>> = {
  login: {
    'KeePassXC, default settings': ONE_DIALOG,
    'KeePassXC, without confirmations': YES,
    KWallet: YES,
  },
  whoami: {
    'KeePassXC, default settings': ONE_DIALOG,
    'KeePassXC, without confirmations': YES,
    KWallet: YES,
  },
  token: {
    'KeePassXC, default settings': ONE_DIALOG,
    'KeePassXC, without confirmations': YES,
    KWallet: YES,
  },
  fill: {
    'KeePassXC, default settings': ONE_DIALOG,
    'KeePassXC, without confirmations': YES,
    KWallet: YES,
  },
  logout: {
    'KeePassXC, default settings': 'revokes it; exits 1 and says that it is still in the keyring (1 dialog)',
    'KeePassXC, without confirmations': YES,
    KWallet: YES,
  },
  afterwards: {
    'KeePassXC, default settings': ONE_DIALOG,
    'KeePassXC, without confirmations': YES,
    KWallet: YES,
  },
  again: {
    'KeePassXC, default settings': 'yes, after 3 dialogs',
    'KeePassXC, without confirmations': YES,
    KWallet: YES,
  },
  done: {
    'KeePassXC, default settings': ONE_DIALOG,
    'KeePassXC, without confirmations': YES,
    KWallet: YES,
  },
}

/** How KeePassXC's database is made inaccessible. */
export const CLOSED = [
  'locked, its dialog dismissed',
  'locked, without its dialog',
  'closed, its dialog dismissed',
] as const
export type Closed = (typeof CLOSED)[number]

export const CLOSED_JOB = {
  token: '`auth:token` exits 1 and says that the keyring does not show the token that was stored',
  fill: "`git credential fill` gets no token, not even another account's from `.netrc`",
  logout: '`logout` exits 1, revokes nothing and forgets nothing',
  opened: 'with the database open again, `auth:token`, `git credential fill` and `logout` work',
} as const
export type ClosedTask = keyof typeof CLOSED_JOB

export const EXPECTED_CLOSED: Record<ClosedTask, Record<Closed, string>> = {
  token: {
    'locked, its dialog dismissed': ONE_DIALOG,
    'locked, without its dialog': YES,
    'closed, its dialog dismissed': ONE_DIALOG,
  },
  fill: {
    'locked, its dialog dismissed': ONE_DIALOG,
    'locked, without its dialog': YES,
    'closed, its dialog dismissed': ONE_DIALOG,
  },
  logout: {
    'locked, its dialog dismissed': ONE_DIALOG,
    'locked, without its dialog': YES,
    'closed, its dialog dismissed': ONE_DIALOG,
  },
  opened: {
    'locked, its dialog dismissed': YES,
    'locked, without its dialog': YES,
    'closed, its dialog dismissed': YES,
  },
}
