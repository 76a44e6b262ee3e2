// The accounts that `heroku accounts:add` remembers: one YAML file an alias, with e-mail address and, in plain text, token.
//
// Heroku CLI 11.6 and later writes no token into them where it has a keychain, and its `accounts:set` then makes the
// account of the file's name current. So a file without its token is what that CLI itself would have written.
import {defined} from '../defined.js'
import {constants, readdir, readFile, realpath, stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {dirname, isAbsolute, join} from 'node:path'
import type {Document, YAMLMap} from 'yaml'
import {realTarget, replaceFile} from '../files/atomic-write.js'
import {codeOf, StorageError} from '../errors.js'
import {fileError} from '../files/file-error.js'

/** An alias whose file holds a token. */
export interface AliasFile {
  alias: string
  path: string
  account?: string
  token: string
}

// As written by the plugin of its first years, in Ruby, with a colon before.
const USERNAME = ['username', ':username']
const PASSWORD = ['password', ':password']

/** The folders that the CLI looks in: the first alone, if there is `~/.heroku`. Tokens may be left in both. */
export function aliasFolders({HOME, USERPROFILE}: NodeJS.ProcessEnv): string[] {
  const home = HOME ?? USERPROFILE ?? homedir()
  // Wherever the user stands is nobody's home.
  if (!isAbsolute(home)) return []
  return [join(home, '.heroku', 'accounts'), join(home, '.config', 'heroku', 'accounts')]
}

/**
 * Reads every alias that has a token.
 * @param onUnreadable is told of files that make no sense
 * @throws {StorageError} if a folder or file cannot be read
 */
export async function readAliases(env: NodeJS.ProcessEnv, onUnreadable: (path: string) => void): Promise<AliasFile[]> {
  const seen = new Set<string>()
  const found: AliasFile[] = []
  for (const folder of aliasFolders(env)) {
    const {names, real} = await list(folder)
    // One may be a link to the other.
    if (seen.has(real)) continue
    seen.add(real)
    for (const alias of names.sort()) {
      const path = join(folder, alias)
      const text = await textOf(path)
      const read = text === undefined ? undefined : await understand(text)
      if (read === 'nonsense') onUnreadable(path)
      else if (read?.token !== undefined)
        found.push({alias, path, token: read.token, ...defined({account: read.account})})
    }
  }

  return found
}

/**
 * Takes the token out of an alias's file, and leaves the rest.
 * @param account what the file is to say of whose it is
 * @returns false if the file does not hold this token
 * @throws {StorageError} with the file as it was
 */
export async function stripAlias(path: string, token: string, account: string | undefined): Promise<boolean> {
  const before = await textOf(path)
  const read = before === undefined ? undefined : await understand(before)
  if (before === undefined || read === undefined || read === 'nonsense' || read.token !== token) return false

  const {document} = read
  for (const key of PASSWORD) document.delete(key)
  if (account !== undefined && read.account !== account) {
    for (const key of USERNAME) document.delete(key)
    document.set('username', account)
  }
  const after = document.contents.items.length === 0 ? '' : document.toString()
  if (after.includes(token))
    throw new StorageError('failed', `could not take the token out of ${path}: it is there twice`, `edit ${path}`)
  await replaceFile(path, after, {
    // Half a file in the folder itself would be one more alias to the CLI.
    via: dirname(dirname(await realTarget(path))),
    async beforeRename() {
      if ((await textOf(path)) !== before) throw new StorageError('failed', `${path} has just changed`, 'try again')
    },
  })
  return true
}

async function list(folder: string): Promise<{names: string[]; real: string}> {
  try {
    return {names: await readdir(folder), real: await realpath(folder)}
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return {names: [], real: folder}
    throw fileError('read', folder, error)
  }
}

/** Undefined for what is no file: a folder, or a named pipe, which would be waited for. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    if (!(await stat(path)).isFile()) return undefined
    return await readFile(path, {encoding: 'utf8', flag: constants.O_RDONLY | constants.O_NONBLOCK})
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes(codeOf(error) ?? '')) return undefined
    throw fileError('read', path, error)
  }
}

interface Understood {
  document: Document & {contents: YAMLMap}
  account: string | undefined
  token: string | undefined
}

async function understand(text: string): Promise<Understood | 'nonsense' | undefined> {
  const {isMap, parseDocument} = await import('yaml')
  // Every value is text: a token may look like a number.
  const document = parseDocument(text, {schema: 'failsafe'})
  const {contents} = document
  if (document.errors.length > 0) return 'nonsense'
  if (contents === null) return undefined
  if (!isMap(contents)) return 'nonsense'
  const value = (keys: string[]) =>
    keys.map((key) => document.get(key)).find((value): value is string => typeof value === 'string' && value !== '')
  return {document: document as unknown as Understood['document'], account: value(USERNAME), token: value(PASSWORD)}
}
