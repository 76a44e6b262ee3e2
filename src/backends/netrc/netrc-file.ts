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
  /** The two machines that a Heroku login has in the file. */
  hosts: {api: string; git: string}
  /** Where HOME says what file it is, and PATH where gpg is. Default: the process's. */
  env?: NodeJS.ProcessEnv
  /** The file to use instead of the one that the environment says. */
  file?: string
}

/**
 * The `.netrc`: one account at a time, in the two entries that git, curl and every Heroku CLI read. Words that no reader
 * knows are skipped, and kept. A file with NUL bytes is no text: it is never written.
 */
export interface NetrcFile {
  /** The file, as the user knows it: before links are followed. */
  readonly path: string

  /** Whether gpg has encrypted it: then it is no plain text, and git does not read it. */
  readonly encrypted: boolean

  /** Resolves to what readers find for the API host and the git host, in this order; a host without an entry is left out. */
  entries(): Promise<NetrcEntry[]>

  /** Writes a credential into the entries of both hosts; resolves only once it was read back and found equal. */
  write(credential: Credential): Promise<void>

  /**
   * Removes the entries of an account for both hosts.
   * @returns false if there were none
   * @throws {StorageError} also if the file cannot be read and may hold one
   */
  removeAccount(account: string): Promise<boolean>

  /**
   * Removes the entries of hosts in one step, duplicates too, whoever's they are.
   * @param token removes only those that hold this token
   * @returns false if there were none
   * @throws {StorageError} if one is there afterwards
   */
  removeHosts(hosts: readonly string[], token?: string): Promise<boolean>

  /** Makes these changes, of any machines, in one step; what they do not name stays as it is, to the byte. */
  change(changes: readonly MachineChange[]): Promise<void>
}

/**
 * Finds the file and reads nothing yet. A file that we created and emptied again stays, empty: no file is ever deleted.
 */
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

  const remove = async (from: readonly string[], only: Partial<Credential>) => {
    const edit = (text: string) => {
      const without = removeEntries(text, from, only)
      if (without !== text) assertText(path, text)
      return without === text ? undefined : without
    }
    const isThere = async () => {
      const text = await readNetrc(settings)
      if (edit(text) !== undefined) return true
      // What no reader finds may be there all the same, as in UTF-16: its NUL bytes are between the characters.
      for (const needle of [only.token ?? only.account ?? from].flat())
        if (text.replaceAll('\0', '').includes(Buffer.from(needle).toString('latin1')))
          assertText(path, text, only.token === undefined ? '' : ', and the token is in it')
      return false
    }
    if (await isNoFile(path)) return false
    // Nothing to do needs no lock, and no right to write.
    if (await isThere()) {
      const before = await stat(path).catch((error: unknown) => {
        throw fileError('read', path, error)
      })
      if (await updateNetrc(settings, edit)) {
        assertNoOtherLink(path, before)
        return true
      }
    }
    // A file that another program writes in place is half there for a moment: one look does not prove that nothing is.
    if (await isThere())
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
        return inFile(path, () => writeCredential(text, hosts, credential))
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
        const after = inFile(path, () => changes.reduce(changeMachine, text))
        if (after === text) return undefined
        assertText(path, text)
        return after
      })
    },
  }
}

/** Names the file in what the text's own functions say about its lines. */
function inFile<T>(path: string, work: () => T): T {
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
 * @throws {StorageError} that names the line, for what is no text in an encoding that we know: an edit could lose it
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

/** @throws {StorageError} if the file had another name, under which its old content is still there */
function assertNoOtherLink(path: string, {ino, nlink}: Stats): void {
  if (nlink < 2) return
  throw new StorageError(
    'failed',
    `${path} had a hard link, which still holds what was removed`,
    `to find it: find ~ -xdev -inum ${ino}`,
  )
}
