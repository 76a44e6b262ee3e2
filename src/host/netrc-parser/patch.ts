// Between a copy of netrc-parser (3.1.6 is in use everywhere) and the file: older versions of @heroku-cli/command, and
// plugins that carry one, read the token through it. Nothing on disk changes by this.
import type {Interfaces} from '@oclif/core'
import {statSync} from 'node:fs'
import {createRequire} from 'node:module'
import {notAFile} from '../../files/file-error.js'
import {isForAnalytics, loadMachines, type LoadedMachines, type Machines} from './machines.js'
import {openSyncCredentials, type SyncCredentials} from './sync-credentials.js'

/** An object of netrc-parser's class. */
interface Netrc {
  file: string
  readonly defaultFile: string
  machines?: Machines
  load: (this: Netrc) => Promise<void>
  loadSync: (this: Netrc) => void
  save: (this: Netrc) => Promise<void>
  saveSync: (this: Netrc) => void
}

/** What the module exports. */
export interface NetrcModule {
  Netrc: {new (file?: string): Netrc; readonly prototype: Netrc}
  default: Netrc
  parse: (body: string) => Machines
}

// Shared by all copies of netrc-parser.
let credentials: SyncCredentials | undefined

/**
 * Loads a copy of netrc-parser and patches it.
 * @param folder the copy's
 */
export function installPatch(config: Interfaces.Config, folder: string): void {
  credentials ??= openSyncCredentials(config)
  patchNetrcParser(createRequire(import.meta.url)(folder), credentials)
}

const patched = new WeakSet<object>()

/**
 * Lays the four tiers over a copy of netrc-parser: every object of its class that has the default file shows Heroku's two
 * machines as the tiers have them, and saves them there. Twice is the same as once.
 * @returns false, with nothing done, if it is not the netrc-parser that we know
 */
export function patchNetrcParser(module: unknown, credentials: SyncCredentials): boolean {
  if (!isNetrcParser(module)) return false
  const {Netrc, default: theirs, parse} = module
  if (patched.has(Netrc)) return true
  patched.add(Netrc)
  const {prototype} = Netrc
  const {load, loadSync, save, saveSync} = prototype
  const loaded = new WeakMap<object, LoadedMachines>()

  const show = (netrc: Netrc, inner: Machines, inFile: Machines = inner) => {
    const machines = loadMachines(inner, inFile, credentials)
    netrc.machines = machines.view
    loaded.set(machines.view, machines)
    return machines
  }
  const loadedOf = (netrc: Netrc): LoadedMachines | undefined => {
    const {machines} = netrc
    const known = machines && loaded.get(machines)
    if (!machines || known) return known
    // Loaded before we came: what has been changed since shows by the file.
    const fresh = new Netrc()
    assertReadable(fresh)
    loadSync.call(fresh)
    return show(netrc, machines, fresh.machines)
  }
  /** What netrc-parser cannot read may not matter to somebody whose token is in a keychain. */
  const withoutFile = (error: unknown, forAnalytics: boolean): Machines => {
    const dispensable = credentials.asks && (forAnalytics || credentials.find().kind !== 'unreadable')
    if (!dispensable) throw error
    return parse('')
  }

  prototype.load = async function (this: Netrc) {
    const forAnalytics = isForAnalytics()
    try {
      assertReadable(this)
      await load.call(this)
    } catch (error) {
      if (!isOurs(this)) throw error
      this.machines = withoutFile(error, forAnalytics)
    }
    if (isOurs(this) && this.machines) show(this, this.machines)
  }
  prototype.loadSync = function (this: Netrc) {
    try {
      assertReadable(this)
      loadSync.call(this)
    } catch (error) {
      if (!isOurs(this)) throw error
      this.machines = withoutFile(error, isForAnalytics())
    }
    if (isOurs(this) && this.machines) show(this, this.machines)
  }
  prototype.save = async function (this: Netrc) {
    const machines = isOurs(this) ? loadedOf(this) : undefined
    if (!machines) return save.call(this)
    const changes = machines.changes()
    if (!changes) return
    await credentials.save(changes)
    machines.settle()
  }
  prototype.saveSync = function (this: Netrc) {
    const machines = isOurs(this) ? loadedOf(this) : undefined
    if (!machines) {
      saveSync.call(this)
      return
    }
    const changes = machines.changes()
    if (!changes) return
    credentials.saveSync(changes)
    machines.settle()
  }

  if (theirs.machines && isOurs(theirs)) show(theirs, theirs.machines)
  return true
}

function isNetrcParser(module: unknown): module is NetrcModule {
  const {Netrc, default: theirs, parse} = module as Partial<NetrcModule>
  if (typeof Netrc !== 'function' || !(theirs instanceof Netrc) || typeof parse !== 'function') return false
  const {load, loadSync, save, saveSync} = theirs
  return [load, loadSync, save, saveSync].every((each) => typeof each === 'function') && 'defaultFile' in theirs
}

/**
 * netrc-parser would wait for a named pipe's writer without end.
 * @throws {Error} for the host to print
 */
function assertReadable(netrc: Netrc): void {
  if (!isOurs(netrc)) return
  const stats = statSync(netrc.file, {throwIfNoEntry: false})
  const failure = stats && notAFile('read', netrc.file, stats)
  if (failure) throw failure
}

/** Somebody else's file is none of our business. */
const isOurs = ({defaultFile, file}: Netrc) => file === defaultFile
