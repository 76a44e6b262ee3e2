// Adapter for netrc-parser (3.1.6 is used everywhere), with which older versions of @heroku-cli/command read the token.
import type {Interfaces} from '@oclif/core'
import {statSync} from 'node:fs'
import {createRequire} from 'node:module'
import {notAFile} from '../../files/file-error.js'
import {isForAnalytics, loadMachines, type LoadedMachines, type Machines} from './machines.js'
import {openSyncCredentials, type SyncCredentials} from './sync-credentials.js'

/** An instance of netrc-parser's class. */
interface Netrc {
  file: string
  readonly defaultFile: string
  machines?: Machines
  load: (this: Netrc) => Promise<void>
  loadSync: (this: Netrc) => void
  save: (this: Netrc) => Promise<void>
  saveSync: (this: Netrc) => void
}

/** The module's exports. */
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
 * Patches a copy of netrc-parser: instances for the default file show Heroku's two machines with the credential that our lookup
 * finds, and save them to the credential stores. A second call has no effect.
 * @returns false, without a change, if the module is not the netrc-parser that we know
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
    // Loaded before the patch: a comparison with the file shows what has changed since.
    const fresh = new Netrc()
    assertReadable(fresh)
    loadSync.call(fresh)
    return show(netrc, machines, fresh.machines)
  }
  /** A file that netrc-parser cannot read does not matter if the lookup does without it. */
  const withoutFile = (error: unknown, forAnalytics: boolean): Machines => {
    const isFileNeeded = !credentials.needsLookup || (!forAnalytics && credentials.find().kind === 'unreadable')
    if (isFileNeeded) throw error
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
    machines.markSaved()
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
    machines.markSaved()
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
 * netrc-parser would wait for a named pipe's writer without a time limit.
 * @throws {Error} for the host to print
 */
function assertReadable(netrc: Netrc): void {
  if (!isOurs(netrc)) return
  const stats = statSync(netrc.file, {throwIfNoEntry: false})
  const failure = stats && notAFile('read', netrc.file, stats)
  if (failure) throw failure
}

/** Whether an instance is for the default file; a plugin may use netrc-parser for other files. */
const isOurs = ({defaultFile, file}: Netrc) => file === defaultFile
