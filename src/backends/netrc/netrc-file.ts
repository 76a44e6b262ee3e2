import {defined} from '../../defined.js'
import type {Stats} from 'node:fs'
import {stat} from 'node:fs/promises'
import type {Credential} from '../backend.js'
import {StorageError} from '../../errors.js'
import {fileError} from '../../files/file-error.js'
import {
  changeMachine,
  type MachineChange,
  type NetrcEntry,
  readEntry,
  removeEntries,
  writeCredential,
} from './document.js'
import {isEncrypted} from './gpg.js'
import {isNoFile, locateNetrc, type NetrcFileOptions, readNetrc, updateNetrc} from './storage.js'
import {assertAccount, assertStorable} from '../credential-rules.js'
import type {ToolOptions} from '../tool.js'

export type {MachineChange, NetrcEntry} from './document.js'

export interface NetrcOptions extends ToolOptions {
  /** The two machine names of a Heroku login. */
  hosts: {api: string; git: string}
  /** HOME selects the file, PATH is for gpg. Default: the process's. */
  env?: NodeJS.ProcessEnv
  /** The file. Default: the one in HOME. */
  file?: string
}

/**
 * The `.netrc`: one login, in the two entries that git, curl and every Heroku CLI read. It is keyed by host, so it is
 * not a `Backend`. Unknown words are skipped and kept. A file with NUL bytes is never written.
 */
export interface NetrcFile {
  /** The file's path, with symbolic links not resolved. */
  readonly path: string

  /** Whether it is encrypted with gpg: then it is not plain text, and git does not read it. */
  readonly encrypted: boolean

  /** Resolves to the entries that readers use, the API host's first. A host without an entry is left out. */
  entries(): Promise<NetrcEntry[]>

  /** Writes a credential into the entries of both hosts; resolves once the read-back matches. */
  write(credential: Credential): Promise<void>

  /**
   * Removes the entries of an account for both hosts.
   * @returns false if there were none
   * @throws {StorageError} also if the file cannot be read and may hold one
   */
  removeAccount(account: string): Promise<boolean>

  /**
   * Removes all entries of these hosts, of any account, in one step.
   * @param token removes only entries that hold this token
   * @returns false if there were none
   * @throws {StorageError} if one is left
   */
  removeHosts(hosts: readonly string[], token?: string): Promise<boolean>

  /** Changes the entries of any machines in one step. All other bytes stay the same. */
  change(changes: readonly MachineChange[]): Promise<void>
}

/** Locates the file; reads nothing yet. Never deletes a file: one that we created and emptied stays. */
export async function openNetrc(options: NetrcOptions): Promise<NetrcFile> {
  const {env = process.env, file} = options
  const hosts = [...new Set([options.hosts.api, options.hosts.git])]
  for (const host of hosts) assertHost(host)
  const path = file ?? (await locateNetrc(env))
  const strip = (text: string) => removeEntries(text, hosts)
  const settings: NetrcFileOptions = {...options, env, path, strip}

  const read = async () => {
    const text = await readNetrc(settings)
    const entries = hosts.flatMap((host) => readEntry(text, host) ?? [])
    const isCut = entries.some(({account, token}) => `${account ?? ''}${token ?? ''}`.includes('\0'))
    if (entries.length === 0 || isCut) assertText(path, text)
    return entries
  }

  const remove = async (machines: readonly string[], only: Partial<Credential>) => {
    const edit = (text: string) => {
      const without = removeEntries(text, machines, only)
      if (without !== text) assertText(path, text)
      return without === text ? undefined : without
    }
    const hasSome = async () => {
      const text = await readNetrc(settings)
      if (edit(text) !== undefined) return true
      // Find a token that no reader would find, too, as in invalid UTF-16, which has NUL bytes between the characters.
      for (const needle of [only.token ?? only.account ?? machines].flat())
        if (text.replaceAll('\0', '').includes(Buffer.from(needle).toString('latin1')))
          assertText(path, text, only.token === undefined ? '' : ', and the token is in it')
      return false
    }
    if (await isNoFile(path)) return false
    // Without a change, take no lock and don't require write access.
    if (await hasSome()) {
      const before = await stat(path).catch((error: unknown) => {
        throw fileError('read', path, error)
      })
      if (await updateNetrc(settings, edit)) {
        assertNoOtherLink(path, before)
        return true
      }
    }
    // Another program may be writing the file in place, so one read does not prove that the entry is gone.
    if (await hasSome())
      throw new StorageError(
        'failed',
        `${path} still holds what was to be removed: another program is writing it`,
        'try again',
      )
    return false
  }

  return {
    path,
    encrypted: isEncrypted(path),

    entries: read,

    async write(credential) {
      assertStorable(credential)
      await updateNetrc(settings, (text) => {
        assertText(path, text)
        return withPath(path, () => writeCredential(text, hosts, credential))
      })
    },

    async removeAccount(account) {
      assertAccount(account)
      return remove(hosts, {account})
    },

    async removeHosts(hosts, token) {
      for (const host of hosts) assertHost(host)
      return remove(hosts, defined({token}))
    },

    async change(changes) {
      for (const {host} of changes) assertHost(host)
      const names = changes.map(({host}) => host)
      const strip = (text: string) => removeEntries(text, names)
      await updateNetrc({...settings, strip}, (text) => {
        const after = withPath(path, () => changes.reduce(changeMachine, text))
        if (after === text) return undefined
        assertText(path, text)
        return after
      })
    },
  }
}

/** Adds the file's path to the errors of the functions that edit its text. */
function withPath<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof StorageError) throw new StorageError(error.problem, `${path}: ${error.message}`, error.hint)
    throw error
  }
}

function assertHost(host: string): void {
  if (!/^[\u0021-\u007E]+$/.test(host))
    throw new StorageError('refused', 'a host name is printable ASCII, and not empty')
}

/**
 * @throws {StorageError} naming the line, if the text has an unknown encoding: an edit could lose data
 */
function assertText(path: string, text: string, more = ''): void {
  const nul = text.indexOf('\0')
  if (nul === -1) return
  const line = text.slice(0, nul).split('\n').length
  throw new StorageError(
    'failed',
    `${path}: line ${line} holds a NUL byte${more}`,
    `save ${path} as UTF-8 in an editor`,
  )
}

/** @throws {StorageError} if the file had a hard link, which still holds its old content */
function assertNoOtherLink(path: string, {ino, nlink}: Stats): void {
  if (nlink < 2) return
  throw new StorageError(
    'failed',
    `${path} had a hard link, which still holds what was removed`,
    `to find it: find ~ -xdev -inum ${ino}`,
  )
}
