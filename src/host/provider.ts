// The Heroku CLI's own commands, and those of other plugins, with our four tiers for a credential manager: what
// `@heroku-cli/command` 12.4 and later takes from `setCredentialManagerProvider`.
import {findAccountToken, findToken, type Lookup} from '../credentials/find.js'
import {accountOnRecord, readLoginState, rememberNamed} from '../credentials/login-state.js'
import type {Found, Places} from '../credentials/places.js'
import {removeAccount} from '../credentials/remove-account.js'
import {describeFallback, saveToken} from '../credentials/save.js'
import {printable} from '../printable.js'
import {isTold, UserError} from '../user-error.js'
import {forHost, refusal} from './refusal.js'

/** As the client's functions of the same names: it throws away what they return but for `getAuth`. */
export interface Provider {
  /** @throws {Error} if nobody is logged in; for the client, any error means that */
  getAuth(account: string | undefined, host: string): Promise<{account?: string; token: string}>
  saveAuth(account: string, token: string, hosts: string[]): Promise<void>
  removeAuth(account: string | undefined, hosts: string[]): Promise<void>
}

export function openProvider(places: Places): Provider {
  const {dataDir, hosts, notify} = places.around
  // Each client asks for itself, and a command may have several.
  const answers = new Map<string, Promise<{account?: string; token: string}>>()

  const ask = async (account: string | undefined, host: string) => {
    try {
      const looked = await look(account, host)
      if (looked.found) return entryOf(looked.found)
      if (looked.trouble) throw new UserError(looked.trouble.message, looked.trouble.hint)
      if (looked.because !== undefined) notify(`not logged in: ${looked.because}`)
    } catch (error) {
      if (!isTold(error)) throw error
      const onRecord = account ?? accountOnRecord(readLoginState(dataDir))
      return {...(onRecord === undefined ? {} : {account: onRecord}), token: refusal(forHost(error))}
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
    if (!places.netrcOnly) await rememberNamed(dataDir).catch(() => undefined)
    const {named} = readLoginState(dataDir)
    return account === undefined || account === named ? findToken(places) : findAccountToken(places, account)
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
      const saved = await saveToken(places, {account, token})
      const fallback = describeFallback(saved)
      if (fallback !== undefined) notify(fallback)
    },

    async removeAuth(account) {
      answers.clear()
      const {failures, notQueried} = await removeAccount(places, account)
      const [failure] = failures
      if (failure)
        throw new UserError(`the token may still be in ${failure.place}: ${failure.error.message}`, failure.error.hint)
      if (notQueried !== undefined) notify(`${notQueried} did not answer; the token was not stored there`)
    },
  }
}

const entryOf = ({account, token}: Found) => ({...(account === undefined ? {} : {account}), token})
