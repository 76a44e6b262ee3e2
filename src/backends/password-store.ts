// The password store of `pass`: a file for each account, encrypted with gpg. `pass show` reads our files, and we read those of
// `pass insert`. We call gpg ourselves: `pass insert` truncates the old file in place, and commits the new one to the store's git
// history (pass 1.7.4).
import {readdir, readFile, stat, unlink} from 'node:fs/promises'
import {join} from 'node:path'
import {defined} from '../defined.js'
import {removeLeftovers, replaceFile} from '../files/atomic-write.js'
import {fileError, notAFile} from '../files/file-error.js'
import {preparePrivateFolder} from '../files/private-folder.js'
import {codeOf, StorageError} from '../errors.js'
import {accountOf, fileNameOf} from './account-file-name.js'
import type {Backend} from './backend.js'
import {assertStorable} from './credential-rules.js'
import {excludeFromGit} from './git-exclude.js'
import {ENTRIES, gpgIdFile, INIT_HINT, storeFolder} from './password-store-folder.js'
import {decrypt, encrypt, NO_PROMPT, type PasswordStoreOptions, promptingOf, startOn} from './password-store-gpg.js'

// More than any token has; the keyring's limit, too, so that a token can be moved there.
const LONGEST_TOKEN_BYTES = 8192

const EXTENSION = '.gpg'

/** Opens the password store that `env` selects. */
export function openPasswordStore(options: PasswordStoreOptions): Backend {
  const {env} = options
  const folder = join(storeFolder(env), ENTRIES)
  const entryOf = (account: string) => {
    const name = fileNameOf(account)
    return {file: join(folder, name + EXTENSION), name: `${ENTRIES}/${name}`}
  }
  const read = async (account: string, prompting = promptingOf(options)) => {
    const {file, name} = entryOf(account)
    if (await exists(file)) return decrypt(startOn(name, options, prompting), file, name)
    assertSetUp(env)
    return undefined
  }

  return {
    name: 'password-store',

    async get(account) {
      return read(account)
    },

    async peek(account) {
      try {
        return defined({token: await read(account, NO_PROMPT)})
      } catch (error) {
        if (error instanceof StorageError && error.problem === 'locked') return 'locked'
        throw error
      }
    },

    async set(credential) {
      assertStorable(credential)
      const {account, token} = credential
      if (token.length > LONGEST_TOKEN_BYTES)
        throw new StorageError(
          'refused',
          `a token of over ${LONGEST_TOKEN_BYTES} bytes does not fit the password store`,
        )
      const {file, name} = entryOf(account)
      const keys = await recipients(env)
      // Encrypts first: if the result cannot be decrypted here, the old token stays.
      await replace(file, await encrypt(startOn(name, options, promptingOf(options)), token, name, keys))
    },

    async remove(account) {
      const {file} = entryOf(account)
      // A token, too.
      await removeLeftovers(file)
      try {
        await unlink(file)
        return true
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw fileError('remove', file, error)
      }
      assertSetUp(env)
      return false
    },

    async accounts() {
      assertSetUp(env)
      return list(folder)
    },
  }

  async function replace(file: string, sealed: string): Promise<void> {
    try {
      preparePrivateFolder(folder)
    } catch (error) {
      throw fileError('create', folder, error)
    }
    await excludeFromGit(folder)
    await replaceFile(file, sealed)
    if ((await readFile(file, 'utf8').catch(() => undefined)) !== sealed)
      throw new StorageError('failed', `${file} did not keep what was written to it`)
  }
}

/**
 * Without it a missing file means nothing: the store's folder may be on a disk that is not mounted (`pass tomb`).
 * @throws {StorageError} 'unavailable'
 */
function assertSetUp(env: NodeJS.ProcessEnv): string {
  const file = gpgIdFile(env)
  if (file !== undefined) return file
  throw new StorageError('unavailable', `there is no password store in ${storeFolder(env)}`, INIT_HINT)
}

/**
 * The keys to encrypt for, as pass chooses them.
 * @throws {StorageError}
 */
async function recipients(env: NodeJS.ProcessEnv): Promise<string[]> {
  const file = assertSetUp(env)
  // Then pass verifies the signature of .gpg-id, which we cannot, so its keys may be anyone's.
  if (env.PASSWORD_STORE_SIGNING_KEY !== undefined && env.PASSWORD_STORE_SIGNING_KEY !== '')
    throw new StorageError(
      'refused',
      'signed password stores are not supported (PASSWORD_STORE_SIGNING_KEY is set)',
      'heroku login --store keyring',
    )
  const chosen = words(env.PASSWORD_STORE_KEY ?? '', /\s+/u)
  if (chosen.length > 0) return chosen
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw fileError('read', file, error)
  })
  const keys = words(text.replaceAll(/#.*/gu, ''), /\n/u)
  if (keys.length === 0) throw new StorageError('failed', `${file} names no key`, INIT_HINT)
  return keys
}

const words = (text: string, separator: RegExp) => text.split(separator).flatMap((word) => word.trim() || [])

/** @throws {StorageError} also for a pipe or a device, whose read may never end */
async function exists(file: string): Promise<boolean> {
  let stats
  try {
    stats = await stat(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw fileError('read', file, error)
  }
  const failure = notAFile('read', file, stats)
  if (failure) throw failure
  return true
}

/** The accounts of the files in a folder; none if there is no folder. */
async function list(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder)
    return names
      .filter((name) => name.endsWith(EXTENSION))
      .flatMap((name) => accountOf(name.slice(0, -EXTENSION.length)) ?? [])
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw fileError('list', folder, error)
  }
}
