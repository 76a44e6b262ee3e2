// What there is to migrate, and where to: all that a plan is made of, read before anything is changed.
import type {BackendName, Peek} from '../backends/backend.js'
import {isToken} from '../backends/credential-rules.js'
import {isStoredIn, type LoginState} from '../credentials/login-state.js'
import {readLoginState} from '../credentials/login-files.js'
import type {GuardedKeychain} from '../credentials/guarded-keychain.js'
import type {CredentialStores} from '../credentials/stores.js'
import {findPlainCopies, type PlaintextCopy} from './plain-copies.js'

/** What the API says of a token: whose it is and until when (ISO 8601), or that it knows no such token. */
export type Verdict = {account: string; expiresAt?: string} | 'invalid'

/** Asks the API; undefined to ask nobody. */
export type Verify = ((token: string) => Promise<Verdict>) | undefined

export interface CheckedCopy extends PlaintextCopy {
  /** Undefined if nobody was asked. */
  verdict?: Verdict
}

export interface Held {
  name: BackendName
  title: string
  accounts: string[]
  /** The tokens of those accounts that matter here. */
  tokens: Map<string, string>
  /** Those of which it has an item that cannot be read without a prompt, and that no file says to be of a login. */
  locked: Set<string>
}

export interface Survey {
  copies: CheckedCopy[]
  /** What to tell the user of tokens that were passed over. */
  notes: string[]
  keychain: Held
  state: LoginState
  /** The API host of all these tokens. */
  apiHost: string
}

/**
 * Looks at every plain copy, asks about each token once, and looks what the keychain holds of the same accounts. Where
 * there is no copy, the API is not asked anything, and the keychain only about whom the user names.
 * @param wanted who is to be current
 * @throws {StorageError | UserError} if one of them does not answer
 */
export async function survey(
  stores: CredentialStores,
  keychain: GuardedKeychain,
  verify: Verify,
  wanted?: string,
): Promise<Survey> {
  const {copies, notes} = await findPlainCopies(stores)
  const state = readLoginState(stores.context.dataDir)
  const verdicts = await ask(verify, new Set(copies.map(({token}) => token)))
  const checked = copies.map((copy): CheckedCopy => {
    const verdict = verdicts.get(copy.token)
    return verdict === undefined ? copy : {...copy, verdict}
  })
  const accounts = checked.flatMap(({account, verdict}) =>
    verdict === 'invalid' ? [] : (verdict?.account ?? account ?? []),
  )
  return {
    copies: checked,
    notes,
    keychain: await lookInto(keychain, copies.length > 0 || wanted !== undefined, accounts, state),
    state,
    apiHost: stores.context.endpoints.api,
  }
}

async function ask(verify: Verify, tokens: Set<string>): Promise<Map<string, Verdict>> {
  if (!verify) return new Map()
  return new Map(await Promise.all([...tokens].map(async (token) => [token, await verify(token)] as const)))
}

async function lookInto(
  keychain: GuardedKeychain,
  needed: boolean,
  wanted: string[],
  state: LoginState,
): Promise<Held> {
  const tokens = new Map<string, string>()
  const locked = new Set<string>()
  const accounts = needed ? await keychain.accounts() : []
  for (const account of new Set(wanted)) {
    const held = await heldIn(keychain, account, state)
    if (held === 'locked') locked.add(account)
    else if (held.token !== undefined) tokens.set(account, held.token)
  }

  return {name: keychain.name, title: keychain.title, accounts, tokens, locked}
}

/**
 * What the keychain holds of an account. An item that cannot be read without a prompt is read only if a login stored it, as
 * far as we know: another may be a stale one in a collection that is not in use. What is no token is nothing: a process that
 * is killed before it has told its secret to `secret-tool` leaves an empty one.
 */
export async function heldIn(keychain: GuardedKeychain, account: string, state: LoginState): Promise<Peek> {
  const peek = await keychain.peek(account)
  if (peek === 'locked' && !isStoredIn(keychain.name, state, account)) return peek
  const token = peek === 'locked' ? await keychain.get(account) : peek.token
  return token === undefined || !isToken(token) ? {} : {token}
}
