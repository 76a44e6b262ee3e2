// What there is to migrate, and where to: all that a plan is made of, read before anything is changed.
import type {BackendName} from '../../backends/backend.js'
import {isToken} from '../../backends/storable.js'
import {type LoginState, readLoginState} from '../login-state.js'
import type {KeychainSession} from '../keychain-session.js'
import type {Places} from '../places.js'
import {findPlainCopies, type PlainCopy} from './plain-copies.js'

/** What the API says of a token: whose it is and until when (ISO 8601), or that it knows no such token. */
export type Verdict = {account: string; expiresAt?: string} | 'invalid'

/** Asks the API; undefined to ask nobody. */
export type Verify = ((token: string) => Promise<Verdict>) | undefined

export interface CheckedCopy extends PlainCopy {
  /** Undefined if nobody was asked. */
  verdict?: Verdict
}

export interface Held {
  name: BackendName
  title: string
  accounts: string[]
  /** The tokens of those accounts that matter here. */
  tokens: Map<string, string>
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
 * @throws {BackendError | UserError} if one of them does not answer
 */
export async function survey(
  places: Places,
  keychain: KeychainSession,
  verify: Verify,
  wanted?: string,
): Promise<Survey> {
  const {copies, notes} = await findPlainCopies(places)
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
    keychain: await lookInto(keychain, copies.length > 0 || wanted !== undefined, accounts),
    state: readLoginState(places.around.dataDir),
    apiHost: places.around.hosts.api,
  }
}

async function ask(verify: Verify, tokens: Set<string>): Promise<Map<string, Verdict>> {
  if (!verify) return new Map()
  return new Map(await Promise.all([...tokens].map(async (token) => [token, await verify(token)] as const)))
}

async function lookInto(keychain: KeychainSession, needed: boolean, wanted: string[]): Promise<Held> {
  const tokens = new Map<string, string>()
  const accounts = needed ? await keychain.ask((backend) => backend.accounts()) : []
  for (const account of new Set(wanted)) {
    const token = await tokenIn(keychain, account)
    if (token !== undefined) tokens.set(account, token)
  }

  return {name: keychain.name, title: keychain.title, accounts, tokens}
}

/**
 * What the keychain holds of an account. What is no token is nothing: a process that is killed before it has told its
 * secret to `secret-tool` leaves an empty one.
 */
export async function tokenIn(keychain: KeychainSession, account: string): Promise<string | undefined> {
  const held = await keychain.ask((backend) => backend.get(account))
  return held === undefined || !isToken(held) ? undefined : held
}
