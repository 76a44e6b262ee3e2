// The stores that an operation is tried on: real ones, and simulated ones for operations that are run a thousand times.
import type {StoresContext} from '../../src/credentials/stores.js'
import type {RunTool} from '../../src/process/run.js'
import {simulateGpg} from '../support/gpg-tool.js'
import {memoryKeychain} from '../support/memory-keychain.js'
import {openPass, type RealStore} from '../support/real-stores.js'
import {startSecretService} from '../support/secret-tool.js'

export interface HeldStore extends RealStore {
  /** What the stores of a command are opened with, instead of this machine's keychains. */
  readonly context?: Partial<StoresContext>
  /** Runs its simulated tool, and every other program for real. */
  readonly run?: RunTool
}

/** A keychain in memory, which starts no program. */
export function inMemory(): HeldStore {
  const {keychain, tokens} = memoryKeychain()
  return {
    ...IN_PROCESS,
    context: {keychain},
    store({account, token}) {
      tokens.set(account, token)
      return Promise.resolve()
    },
    secretOf: (account) => Promise.resolve(tokens.get(account) ?? ''),
    isEmpty: () => Promise.resolve(tokens.size === 0),
    holdsForeign: () => Promise.resolve(true),
  }
}

const FOREIGN_ITEM = {label: 'another', attributes: {service: 'another'}, secret: 'not of Heroku'}

/** A Secret Service. */
export function simulatedKeyring(): HeldStore {
  const {items, run} = startSecretService()
  items.push(FOREIGN_ITEM)
  return {
    ...IN_PROCESS,
    run,
    store({account, token}) {
      items.push({label: 'Heroku CLI', attributes: {service: 'heroku-cli', account}, secret: token})
      return Promise.resolve()
    },
    secretOf: (account) => Promise.resolve(items.find(({attributes}) => attributes.account === account)?.secret ?? ''),
    isEmpty: () => Promise.resolve(items.length === 1),
    holdsForeign: () => Promise.resolve(items.includes(FOREIGN_ITEM)),
  }
}

/** The password store, with a simulated gpg. */
export const simulatedPass = async (home: string): Promise<HeldStore> => ({
  ...(await openPass(home, simulateGpg)),
  run: simulateGpg,
})

/** A new one is empty. */
const IN_PROCESS = {
  option: 'keychain',
  savedIn: {name: 'secret-service'},
  env: {},
  clear: () => Promise.resolve(),
  stop: () => Promise.resolve(),
} as const
