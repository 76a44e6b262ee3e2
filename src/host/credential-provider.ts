// Adapter for `@heroku-cli/command` 12.4 and later, which accepts a credential provider through
// `setCredentialManagerProvider`.
import type {Interfaces} from '@oclif/core'
import {pathToFileURL} from 'node:url'
import {defined} from '../defined.js'
import {findAccountCredential, findCredential, type Lookup} from '../credentials/find.js'
import {accountOnRecord} from '../credentials/login-state.js'
import {readLoginState} from '../credentials/login-files.js'
import {recordLoginJson} from '../credentials/login-writer.js'
import type {FoundCredential, CredentialStores} from '../credentials/stores.js'
import {stillThere} from '../credentials/remove.js'
import {removeAccount} from '../credentials/remove-account.js'
import {describeFallback} from '../credentials/describe-saved.js'
import {saveToken} from '../credentials/save.js'
import {warnDaily} from '../credentials/warn-daily.js'
import {printable} from '../ui/printable.js'
import {UserError} from '../errors.js'
import {openHostStores} from './host-stores.js'
import {SETTER} from './installed-client.js'
import {unreadableToken} from './unreadable-token.js'

/** Like the client's functions of the same names. It ignores what they return, except for `getAuth`. */
export interface Provider {
  /** @throws {Error} if the user is not logged in; the client takes any error to mean that */
  getAuth(account: string | undefined, host: string): Promise<{account?: string; token: string}>
  saveAuth(account: string, token: string, hosts: string[]): Promise<void>
  removeAuth(account: string | undefined, hosts: string[]): Promise<void>
}

// Shared by all copies of the client: a keychain that has failed is not called again in this process.
let stores: CredentialStores | undefined

/** Imports a copy of the client's module and sets our provider in it. */
export async function installProvider(config: Interfaces.Config, module: string): Promise<void> {
  const {[SETTER]: set} = (await import(pathToFileURL(module).href)) as Record<string, unknown>
  if (typeof set !== 'function') return
  stores ??= openHostStores(config)
  ;(set as (provider: Provider) => void)(openProvider(stores))
}

export function openProvider(stores: CredentialStores): Provider {
  const {dataDir, endpoints, notify} = stores.context
  // A command may use several clients, and each of them calls the provider.
  const answers = new Map<string, Promise<{account?: string; token: string}>>()

  const ask = async (account: string | undefined, host: string) => {
    try {
      const lookup = await look(account, host)
      if (lookup.outcome === 'found') {
        await warnDaily(stores, lookup.credential)
        return entryOf(lookup.credential)
      }
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
    if (host !== endpoints.api)
      throw new UserError(
        `the token for ${endpoints.api} is not for ${printable(host)}`,
        'set HEROKU_HOST to a host of Heroku, or not at all',
      )
    // The client deletes login.json after an error, and so may other processes of the CLI.
    if (!stores.netrcOnly) await recordLoginJson(dataDir).catch(() => undefined)
    const {loginJsonAccount} = readLoginState(dataDir)
    return account === undefined || account === loginJsonAccount
      ? findCredential(stores)
      : findAccountCredential(stores, account)
  }

  return {
    async getAuth(account, host) {
      const key = JSON.stringify([account, host])
      const answer = answers.get(key) ?? ask(account, host)
      answers.set(key, answer)
      return answer
    },

    async saveAuth(account, token) {
      answers.clear()
      const saved = await saveToken(stores, {account, token})
      const fallback = describeFallback(saved)
      if (fallback !== undefined) notify(fallback)
    },

    async removeAuth(account) {
      answers.clear()
      const removal = await removeAccount(stores, account)
      const {failures, isOnlyRecord, notQueried} = removal
      const [failure] = failures
      if (isOnlyRecord) throw stillThere(removal)
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
