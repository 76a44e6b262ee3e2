// Plans the way back: the current account's token from the keychain to `.netrc`, which holds one account.
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
import type {KeychainContents, Verdict, Verify} from './survey.js'

export interface SurveyBack {
  keychain: KeychainContents
  state: LoginState
  /** The token to bring back; 'several' if the user must select the account. */
  leaving: {account: string; token: string; verdict?: Verdict} | 'several' | undefined
  netrc: {path: string; hosts: string[]; entries: NetrcEntry[]}
}

/**
 * Reads the keychain and `.netrc`, and asks the API. Changes nothing.
 * @param wanted the account to bring back. Default: the current one
 * @throws {StorageError | UserError} if a store or the API does not answer, or has no token of that account for this host
 */
export async function surveyBack(
  stores: CredentialStores,
  keychain: GuardedKeychain,
  verify: Verify,
  wanted?: string,
): Promise<SurveyBack> {
  const {dataDir, endpoints} = stores.context
  const state = readLoginState(dataDir)
  const accounts = await keychain.accounts()
  const current = wanted === undefined ? currentAccount(accounts, state) : {account: wanted}
  const leaving = typeof current === 'object' ? await readToken(keychain, current.account) : undefined
  if (typeof current === 'object' && !leaving) {
    if (wanted !== undefined) throw notHeld(wanted, keychain.title, accounts)
    assertNotHidden(state, current.account, keychain)
  }
  const record = leaving && recordOf(leaving, state)
  if (record && record.apiHost !== endpoints.api)
    throw new UserError(
      `the token of ${printable(record.account)} is for ${record.apiHost}, not for ${endpoints.api}`,
      'set HEROKU_HOST as it was at its login',
    )

  const verdict = leaving && (await verify?.(leaving.token))
  const netrc = await stores.netrc()
  return {
    keychain: {name: keychain.name, title: keychain.title, accounts, tokens: new Map(), locked: new Set()},
    state,
    leaving: current === 'several' ? current : leaving && {...leaving, ...(verdict && {verdict})},
    netrc: {path: netrc.path, hosts: [...new Set([endpoints.api, endpoints.git])], entries: await netrc.entries()},
  }
}

async function readToken(keychain: GuardedKeychain, account: string): Promise<Credential | undefined> {
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

/** Pure. */
export function planToNetrc({keychain, leaving, netrc, state}: SurveyBack, options: MigrateOptions): Planned {
  const {accounts, title} = keychain
  const list = accounts.map((each) => printable(each)).join(' and ')
  if (leaving === 'several')
    return {
      conflicts: [
        {
          about: 'current',
          candidates: accounts,
          message: `${title} holds the tokens of ${list}`,
          question: 'whose is to go?',
        },
      ],
    }
  const others = accounts.filter((account) => leaving?.account !== account)
  const notes = others.map(
    (account) => `the token of ${printable(account)} stays in ${title}, since .netrc has room for one account`,
  )
  if (!leaving) return {plan: {to: 'netrc', steps: [], notes}}

  const {account, token, verdict} = leaving
  if (verdict === 'invalid') {
    if (!options.prune)
      notes.unshift(`the token of ${printable(account)} in ${title} is not valid any more; to remove it: --prune`)
    const steps: Step[] = options.prune ? [{do: 'clear', account, token, because: 'invalid'}] : []
    return {plan: {to: 'netrc', steps, notes}}
  }

  const replaces = [...new Set(netrc.entries.flatMap((entry) => entry.token ?? []))]
  const foreign = netrc.entries.filter((entry) => entry.token !== undefined && entry.token !== token)
  if (foreign.length > 0 && !mayReplace(options, account)) {
    const theirs = [...new Set(foreign.map((entry) => printable(entry.account ?? 'somebody')))].join(' and ')
    const message = `${netrc.path} holds another token, of ${theirs}, which that of ${printable(account)} would replace`
    return {conflicts: [{about: 'token', candidates: [account], message, question: 'replace it?'}]}
  }

  const isPresent = netrc.hosts.every((host) =>
    netrc.entries.some((entry) => entry.host === host && entry.account === account && entry.token === token),
  )
  const expiresAt = verdict?.expiresAt ?? recordOf(leaving, state)?.expiresAt
  const known = {account, token, ...defined({expiresAt})}
  const write: Step = {do: 'write', ...known, path: netrc.path, replaces, isPresent, keep: options.keep === true}
  const steps: Step[] = isPresent && options.keep ? [] : [write]
  if (!options.keep) steps.push({do: 'clear', account, token, because: 'stored'})
  return {plan: {to: 'netrc', current: account, steps, notes}}
}
