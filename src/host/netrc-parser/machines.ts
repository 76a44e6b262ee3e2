// The machines that netrc-parser has loaded, with Heroku's two entries replaced by the credential that our lookup finds.
import {defined} from '../../defined.js'
import type {Credential} from '../../backends/backend.js'
import type {MachineChange} from '../../backends/netrc/netrc-file.js'
import {UserError} from '../../errors.js'
import {HerokuMachine, type Properties} from './machine.js'
import type {Changes} from './requests.js'
import {unreadableToken} from '../unreadable-token.js'
import {errorOf, type SyncCredentials} from './sync-credentials.js'

/** netrc-parser's `machines`, by host. `_tokens` is not a machine, and is not listed. */
export type Machines = Record<string, Properties | undefined>

export interface LoadedMachines {
  /** The object that users of netrc-parser read and change. */
  view: Machines
  /**
   * The changes since the machines were loaded or saved; undefined if there are none.
   * @throws {Error} for the host to print, if the changes cannot be stored
   */
  changes(): Changes | undefined
  /** Makes the present state the original one, after it was saved. */
  markSaved(): void
}

/**
 * @param inner netrc-parser's own machines; those that are not Heroku's are read and changed there
 * @param inFile the machines in the file, which may differ from `inner` by now
 */
export function loadMachines(inner: Machines, inFile: Machines, credentials: SyncCredentials): LoadedMachines {
  const {endpoints, needsLookup, netrcOnly} = credentials
  const names = [...new Set([endpoints.api, endpoints.git])]
  const othersIn = (machines: Machines) =>
    new Map(
      Object.keys(machines)
        .filter((host) => !names.includes(host))
        .map((host) => [host, copyOf(machines[host]) ?? {}]),
    )
  let others = othersIn(inFile)
  const ours = new Map(
    names.map((host) => {
      const entry = copyOf(inFile[host])
      const properties = () => (needsLookup ? lookUp(host, entry, credentials) : entry)
      return [host, new HerokuMachine(host, {properties, isKnown: () => !needsLookup || credentials.isKnown()})]
    }),
  )
  for (const [host, machine] of ours) {
    const [before, now] = [copyOf(inFile[host]), copyOf(inner[host])]
    if (now && keyOf(now) !== keyOf(before ?? {})) machine.assign(now)
    if (before && !now) machine.remove()
  }

  const machineOf = (key: string | symbol) => (typeof key === 'string' ? ours.get(key) : undefined)

  const view = new Proxy(inner, {
    get(target, key) {
      const machine = machineOf(key)
      if (!machine) return Reflect.get(target, key) as unknown
      // The file's entry need not be the selected account's.
      if (needsLookup && isForAnalytics())
        return key in target && !credentials.isSelected() ? (Reflect.get(target, key) as unknown) : undefined
      return machine.exists() ? machine.view : undefined
    },
    has: (target, key) => machineOf(key)?.exists() ?? Reflect.has(target, key),
    set(target, key, value) {
      const machine = machineOf(key)
      if (!machine) return Reflect.set(target, key, value)
      if (value) machine.assign(value as object)
      else machine.remove()
      return true
    },
    deleteProperty(target, key) {
      const machine = machineOf(key)
      if (!machine) return Reflect.deleteProperty(target, key)
      machine.remove()
      return true
    },
    ownKeys: (target) => [
      ...names.filter((host) => ours.get(host)?.exists()),
      ...Object.keys(target).filter((host) => !ours.has(host)),
    ],
    getOwnPropertyDescriptor(target, key) {
      const machine = machineOf(key)
      if (!machine) return Reflect.getOwnPropertyDescriptor(target, key)
      return machine.exists() ? {value: machine.view, writable: true, enumerable: true, configurable: true} : undefined
    },
  })

  return {
    view,
    changes() {
      const machines = changesOf(others, othersIn(inner))
      const login = netrcOnly ? undefined : loginOf(endpoints.api, ours, credentials)
      for (const [host, machine] of ours) {
        const change = machine.change()
        const from = copyOf(inFile[host])
        // An entry that only the file holds is removed from the file; the login stays.
        const isOnlyInFile = change === 'removed' && !login && from !== undefined
        if (change !== undefined && (netrcOnly || isOnlyInFile))
          machines.push({host, ...(from ? {from} : {}), ...(change === 'removed' ? {} : {to: change})})
      }
      return login || machines.length > 0 ? {...(login ? {login} : {}), machines} : undefined
    },
    markSaved() {
      others = othersIn(inner)
      for (const machine of ours.values()) machine.markSaved()
    },
  }
}

/** A Heroku machine's properties by the result of our lookup. */
function lookUp(
  host: string,
  inFile: Properties | undefined,
  {endpoints, find}: SyncCredentials,
): Properties | undefined {
  const answer = find()
  switch (answer.kind) {
    case 'found': {
      const {account, source, token} = answer.found
      if (source === 'netrc' && host !== endpoints.api) return inFile
      return {...defined({login: account}), password: token}
    }
    case 'refused': {
      const {account, failure} = answer
      return {...defined({login: account}), password: unreadableToken(errorOf(failure))}
    }
    case 'nothing':
      return inFile?.login === undefined ? undefined : {login: inFile.login}
    case 'unreadable':
      return inFile
  }
}

/** The change of the login, which both machines represent. */
function loginOf(api: string, ours: Map<string, HerokuMachine>, {find, isKnown}: SyncCredentials): Changes['login'] {
  const changed = ours.get(api)?.change()
  for (const [host, machine] of ours) if (host !== api) assertOneLogin(host, machine.change(), changed ?? ours.get(api))
  if (changed === undefined) return undefined
  if (changed !== 'removed') return {credential: credentialOf(api, changed)}
  const known = isKnown() ? find() : undefined
  return {found: known?.kind === 'found' ? known.found : undefined}
}

type Change = ReturnType<HerokuMachine['change']>

function assertOneLogin(host: string, change: Change, login: Change | HerokuMachine): void {
  if (change === undefined || change === 'removed') return
  const other = login instanceof HerokuMachine ? login.properties() : login
  if (other === undefined || other === 'removed' || keyOf(other) !== keyOf(change)) throw twoLogins(host)
}

const keyOf = ({login, password}: Properties) => JSON.stringify([login, typeof password === 'string' ? password : 0])

const twoLogins = (host: string) =>
  new UserError(
    `${host} cannot be given another login than the API: a keychain holds one for both`,
    'set HEROKU_NETRC_WRITE=true to keep them in .netrc',
  )

function credentialOf(host: string, {login, password}: Properties): Credential {
  if (login === undefined || typeof password !== 'string')
    throw new UserError(`the login for ${host} cannot be saved without an account and a token`)
  return {account: login, token: password}
}

function changesOf(before: Map<string, Properties>, now: Map<string, Properties>): MachineChange[] {
  const key = (properties: Properties | undefined) => properties && JSON.stringify(Object.entries(properties).sort())
  return [...new Set([...before.keys(), ...now.keys()])]
    .filter((host) => key(before.get(host)) !== key(now.get(host)))
    .map((host) => {
      const from = before.get(host)
      const to = now.get(host)
      return {host, ...(from ? {from} : {}), ...(to ? {to} : {})}
    })
}

/** Copies a machine's properties one by one, since netrc-parser keeps them behind a proxy. */
function copyOf(machine: Properties | undefined): Properties | undefined {
  if (!machine) return undefined
  return Object.fromEntries(
    Object.keys(machine).flatMap((key) => (machine[key] === undefined ? [] : [[key, machine[key]]])),
  )
}

/**
 * Whether the CLI's analytics called us. CLI 9 and 10 read the token after every command, even `heroku version`, to send it with
 * their data. They get the file's content; the keychain is not read for them.
 */
export const isForAnalytics = () => /[\\/]lib[\\/]analytics\.js:/u.test(new Error('caller').stack ?? '')
