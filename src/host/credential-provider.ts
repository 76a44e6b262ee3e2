// The Heroku CLI's own commands, and those of other plugins, with our four tiers for a credential manager: what
// `@heroku-cli/command` 12.4 and later takes from `setCredentialManagerProvider`.
import {defined} from '../defined.js'
import {findAccountCredential, findCredential, type Lookup} from '../credentials/find.js'
import {accountOnRecord} from '../credentials/login-state.js'
import {readLoginState} from '../credentials/login-files.js'
import {recordLoginJson} from '../credentials/login-writer.js'
import type {FoundCredential, CredentialStores} from '../credentials/stores.js'
import {removeAccount} from '../credentials/remove-account.js'
import {describeFallback, saveToken} from '../credentials/save.js'
import {printable} from '../ui/printable.js'
import {UserError} from '../errors.js'
import {unreadableToken} from './unreadable-token.js'

/** As the client's functions of the same names: it throws away what they return but for `getAuth`. */
export interface Provider {
  /** @throws {Error} if nobody is logged in; for the client, any error means that */
  getAuth(account: string | undefined, host: string): Promise<{account?: string; token: string}>
  saveAuth(account: string, token: string, hosts: string[]): Promise<void>
  removeAuth(account: string | undefined, hosts: string[]): Promise<void>
}

export function openProvider(stores: CredentialStores): Provider {
  const {dataDir, endpoints: hosts, notify} = stores.context
  // Each client asks for itself, and a command may have several.
  const answers = new Map<string, Promise<{account?: string; token: string}>>()

  const ask = async (account: string | undefined, host: string) => {
    try {
      const lookup = await look(account, host)
      if (lookup.outcome === 'found') return entryOf(lookup.credential)
      if (lookup.outcome === 'failed') throw lookup.error
      if (lookup.because !== undefined) notify(`not logged in: ${lookup.because}`)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      const onRecord = account ?? accountOnRecord(readLoginState(dataDir))
      return {...defined({account: onRecord}), token: unreadableToken(error)}
    }
    throw new Error('not logged in')
  }

  const look = async (account: string | undefined, host: string): Promise<Lookup> => {
    if (host !== hosts.api)
      throw new UserError(
        `the token for ${hosts.api} is not for ${printable(host)}`,
        'set HEROKU_HOST to a host of Heroku, or not at all',
      )
    // The client deletes login.json when it has been told of trouble, and other processes of the CLI's may, too.
    if (!stores.netrcOnly) await recordLoginJson(dataDir).catch(() => undefined)
    const {loginJsonAccount} = readLoginState(dataDir)
    return account === undefined || account === loginJsonAccount
      ? findCredential(stores)
      : findAccountCredential(stores, account)
  }

  return {
    async getAuth(account, host) {
      const question = JSON.stringify([account, host])
      const known = answers.get(question) ?? ask(account, host)
      answers.set(question, known)
      return known
    },

    async saveAuth(account, token) {
      answers.clear()
      const saved = await saveToken(stores, {account, token})
      const fallback = describeFallback(saved)
      if (fallback !== undefined) notify(fallback)
    },

    async removeAuth(account) {
      answers.clear()
      const {failures, notQueried} = await removeAccount(stores, account)
      const [failure] = failures
      if (failure)
        throw new UserError(
          `the token may still be in ${failure.location}: ${failure.error.message}`,
          failure.error.hint,
        )
      if (notQueried !== undefined) notify(`${notQueried} did not answer; the token was not stored there`)
    },
  }
}

const entryOf = ({account, token}: FoundCredential) => ({...defined({account}), token})
