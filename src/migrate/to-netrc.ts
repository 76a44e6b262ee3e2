// The way back: the current account's token from the keychain into `.netrc`. There is room for one account alone.
import {defined} from '../defined.js'
import type {Credential} from '../backends/backend.js'
import {StorageError, UserError} from '../errors.js'
import type {NetrcEntry} from '../backends/netrc/netrc-file.js'
import {isToken} from '../backends/credential-rules.js'
import {printable} from '../ui/printable.js'
import {assertNotHidden} from '../credentials/guard.js'
import type {GuardedKeychain} from '../credentials/guarded-keychain.js'
import {currentAccount, type LoginState} from '../credentials/login-state.js'
import {readLoginState} from '../credentials/login-files.js'
import {recordOf} from '../credentials/token-record.js'
import type {CredentialStores} from '../credentials/stores.js'
import {mayReplace, type Planned, type Step, type MigrateOptions} from './plan.js'
import type {Held, Verdict, Verify} from './survey.js'

export interface SurveyBack {
  keychain: Held
  state: LoginState
  /** The account whose token it is about; 'several' if that is for the user to say. */
  leaving: {account: string; token: string; verdict?: Verdict} | 'several' | undefined
  netrc: {path: string; hosts: string[]; entries: NetrcEntry[]}
}

/**
 * Looks at the keychain, the API and `.netrc`.
 * @param wanted the account to bring back, if it is not to be the current one
 * @throws {StorageError | UserError} if one of them does not answer, or has no token of that account for this host
 */
export async function surveyBack(
  stores: CredentialStores,
  keychain: GuardedKeychain,
  verify: Verify,
  wanted?: string,
): Promise<SurveyBack> {
  const {dataDir, endpoints: hosts} = stores.context
  const state = readLoginState(dataDir)
  const accounts = await keychain.accounts()
  const current = wanted === undefined ? currentAccount(accounts, state) : {account: wanted}
  const leaving = typeof current === 'object' ? await lookUp(keychain, current.account) : undefined
  if (typeof current === 'object' && !leaving) {
    if (wanted !== undefined) throw notHeld(wanted, keychain.title, accounts)
    assertNotHidden(state, current.account, keychain)
  }
  const record = leaving && recordOf(leaving, state)
  if (record && record.apiHost !== hosts.api)
    throw new UserError(
      `the token of ${printable(record.account)} is for ${record.apiHost}, not for ${hosts.api}`,
      'set HEROKU_HOST as it was at its login',
    )

  const verdict = leaving && (await verify?.(leaving.token))
  const netrc = await stores.netrc()
  return {
    keychain: {name: keychain.name, title: keychain.title, accounts, tokens: new Map(), locked: new Set()},
    state,
    leaving: current === 'several' ? current : leaving && {...leaving, ...(verdict && {verdict})},
    netrc: {path: netrc.path, hosts: [...new Set([hosts.api, hosts.git])], entries: await netrc.entries()},
  }
}

async function lookUp(keychain: GuardedKeychain, account: string): Promise<Credential | undefined> {
  const token = await keychain.get(account)
  if (token !== undefined && !isToken(token))
    throw new StorageError(
      'failed',
      `${keychain.title} gave something for ${printable(account)} that is no token`,
      'try again; or heroku login',
    )
  return token === undefined ? undefined : {account, token}
}

const notHeld = (account: string, title: string, accounts: string[]) =>
  new UserError(
    `${title} holds no token of ${printable(account)}`,
    accounts.length === 0 ? undefined : `it holds those of ${accounts.map((each) => printable(each)).join(', ')}`,
  )

/** Decides what is to be done; pure. */
export function planToNetrc({keychain, leaving, netrc, state}: SurveyBack, wishes: MigrateOptions): Planned {
  const {accounts, title} = keychain
  const list = accounts.map((each) => printable(each)).join(' and ')
  if (leaving === 'several')
    return {
      conflicts: [
        {about: 'current', candidates: accounts, says: `${title} holds the tokens of ${list}`, asks: 'whose is to go?'},
      ],
    }
  const others = accounts.filter((account) => leaving?.account !== account)
  const notes = others.map(
    (account) => `the token of ${printable(account)} stays in ${title}, since .netrc has room for one account`,
  )
  if (!leaving) return {plan: {to: 'netrc', steps: [], notes}}

  const {account, token, verdict} = leaving
  if (verdict === 'invalid') {
    if (!wishes.prune)
      notes.unshift(`the token of ${printable(account)} in ${title} is not valid any more; to remove it: --prune`)
    const steps: Step[] = wishes.prune ? [{do: 'clear', account, token, because: 'invalid'}] : []
    return {plan: {to: 'netrc', steps, notes}}
  }

  const replaces = [...new Set(netrc.entries.flatMap((entry) => entry.token ?? []))]
  const foreign = netrc.entries.filter((entry) => entry.token !== undefined && entry.token !== token)
  if (foreign.length > 0 && !mayReplace(wishes, account)) {
    const theirs = [...new Set(foreign.map((entry) => printable(entry.account ?? 'somebody')))].join(' and ')
    const says = `${netrc.path} holds another token, of ${theirs}, which that of ${printable(account)} would replace`
    return {conflicts: [{about: 'token', candidates: [account], says, asks: 'replace it?'}]}
  }

  const there = netrc.hosts.every((host) =>
    netrc.entries.some((entry) => entry.host === host && entry.account === account && entry.token === token),
  )
  const expiresAt = verdict?.expiresAt ?? recordOf(leaving, state)?.expiresAt
  const known = {account, token, ...defined({expiresAt})}
  const write: Step = {do: 'write', ...known, path: netrc.path, replaces, there, keep: wishes.keep === true}
  const steps: Step[] = there && wishes.keep ? [] : [write]
  if (!wishes.keep) steps.push({do: 'clear', account, token, because: 'stored'})
  return {plan: {to: 'netrc', current: account, steps, notes}}
}
