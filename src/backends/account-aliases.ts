// The files of `heroku accounts:add`: one YAML file per alias, with the account and, in plain text, its token.
//
// With a keychain, Heroku CLI 11.6 and later writes no token into them, and its `accounts:set` makes the account that
// the file is named after current. So a file without its token is one that this CLI could have written itself.
import {defined} from '../defined.js'
import {existsSync} from 'node:fs'
import {constants, mkdir, readdir, readFile, realpath, stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {dirname, isAbsolute, join} from 'node:path'
import type {Document, YAMLMap} from 'yaml'
import {realTarget, replaceFile} from '../files/atomic-write.js'
import {codeOf, StorageError, UserError} from '../errors.js'
import {fileError} from '../files/file-error.js'
import {printable} from '../ui/printable.js'

export interface Alias {
  alias: string
  path: string
  account?: string
  token?: string
}

/** An alias whose file holds a token. */
export type AliasFile = Alias & {token: string}

// The first versions of the plugin, in Ruby, wrote a colon before the key.
const USERNAME = ['username', ':username']
const PASSWORD = ['password', ':password']

/**
 * The folders that the CLI uses: of each home directory, only the first if `~/.heroku` exists. All may hold tokens.
 * @param platform as `process.platform`
 */
export function aliasFolders({HOME, USERPROFILE}: NodeJS.ProcessEnv, platform = process.platform): string[] {
  // The CLI uses os.homedir(), which on Windows is USERPROFILE: a shell such as Git Bash may set HOME to another folder.
  const homes = [...(platform === 'win32' ? [USERPROFILE] : []), HOME ?? USERPROFILE ?? homedir()]
  // A relative HOME would mean the current folder.
  const absolute = homes.filter((home): home is string => home !== undefined && isAbsolute(home))
  return [...new Set(absolute)].flatMap((home) => [
    join(home, '.heroku', 'accounts'),
    join(home, '.config', 'heroku', 'accounts'),
  ])
}

/**
 * Reads every alias.
 * @param onUnreadable called with the path of a file that is not an alias
 * @throws {StorageError} if a folder or file cannot be read
 */
export async function listAliases(
  env: NodeJS.ProcessEnv,
  onUnreadable: (path: string) => void = () => undefined,
): Promise<Alias[]> {
  const seen = new Set<string>()
  const found: Alias[] = []
  for (const folder of aliasFolders(env)) {
    const {names, real} = await list(folder)
    // One folder may be a link to the other.
    if (seen.has(real)) continue
    seen.add(real)
    for (const alias of names.sort()) {
      const path = join(folder, alias)
      const text = await textOf(path)
      const read = text === undefined ? undefined : await parse(text)
      if (read === 'invalid') onUnreadable(path)
      else if (read) found.push({alias, path, ...defined({account: read.account, token: read.token})})
    }
  }

  return found
}

/** Reads every alias that has a token; see {@link listAliases}. */
export async function readAliases(env: NodeJS.ProcessEnv, onUnreadable: (path: string) => void): Promise<AliasFile[]> {
  return (await listAliases(env, onUnreadable)).filter((each): each is AliasFile => each.token !== undefined)
}

/** @throws {UserError} if the alias cannot be a file's name */
export function assertAliasName(alias: string): void {
  if (/^[^./\\\0][^/\\\0]*$/u.test(alias)) return
  throw new UserError(`${printable(alias) || 'an empty name'} cannot be an alias: it would be no file in the list`)
}

/**
 * Writes the file of a new alias, where the CLI does.
 * @param token in plain text; undefined with a keychain
 * @throws {StorageError} if the file cannot be written
 */
export async function writeAlias(
  env: NodeJS.ProcessEnv,
  {account, alias, token}: {alias: string; account: string; token?: string | undefined},
): Promise<void> {
  const [legacy = '', usual = ''] = aliasFolders(env)
  const folder = existsSync(dirname(legacy)) ? legacy : usual
  await mkdir(folder, {recursive: true, mode: 0o700}).catch((error: unknown) => {
    throw fileError('write', folder, error)
  })
  const {stringify} = await import('yaml')
  // The CLI would take a temporary file in the folder itself for another alias.
  await replaceFile(join(folder, alias), stringify({username: account, ...defined({password: token})}), {
    via: dirname(await realTarget(folder)),
  })
}

/**
 * The account of an alias, with or without a token in its file.
 * @returns undefined if there is no such alias, or its file names no account
 * @throws {StorageError} if a folder or file cannot be read
 */
export async function accountOfAlias(env: NodeJS.ProcessEnv, alias: string): Promise<string | undefined> {
  for (const folder of aliasFolders(env)) {
    // Compared with the names in the folder: an alias may come from a URL, and must not be a path.
    const {names} = await list(folder)
    const text = names.includes(alias) ? await textOf(join(folder, alias)) : undefined
    const read = text === undefined ? undefined : await parse(text)
    if (read !== undefined && read !== 'invalid' && read.account !== undefined) return read.account
  }
  return undefined
}

// A line of a file that is not valid YAML.
const PASSWORD_LINE = /^:?password:[^\S\n]*\S/mu

/** Whether a file's text holds a token, even if it is not valid YAML. */
export async function holdsToken(text: string): Promise<boolean> {
  const read = await parse(text)
  return read === 'invalid' ? PASSWORD_LINE.test(text) : read?.token !== undefined
}

/**
 * Removes the token from an alias's file, and nothing else.
 * @param account the account to write into the file
 * @returns false if the file does not hold this token
 * @throws {StorageError} with the file unchanged
 */
export async function stripAlias(path: string, token: string, account: string | undefined): Promise<boolean> {
  const before = await textOf(path)
  const read = before === undefined ? undefined : await parse(before)
  if (before === undefined || read === undefined || read === 'invalid' || read.token !== token) return false

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
    // The CLI would take a temporary file in the folder itself for another alias.
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

/** Undefined for a folder, and for a named pipe, which a read would wait for. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    if (!(await stat(path)).isFile()) return undefined
    return await readFile(path, {encoding: 'utf8', flag: constants.O_RDONLY | constants.O_NONBLOCK})
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes(codeOf(error) ?? '')) return undefined
    throw fileError('read', path, error)
  }
}

interface ParsedAlias {
  document: Document & {contents: YAMLMap}
  account: string | undefined
  token: string | undefined
}

/** Undefined for an empty file. */
async function parse(text: string): Promise<ParsedAlias | 'invalid' | undefined> {
  const {isMap, parseDocument} = await import('yaml')
  // Every value is a string: a token may look like a number.
  const document = parseDocument(text, {schema: 'failsafe'})
  const {contents} = document
  if (document.errors.length > 0) return 'invalid'
  if (contents === null) return undefined
  if (!isMap(contents)) return 'invalid'
  const value = (keys: string[]) =>
    keys.map((key) => document.get(key)).find((value): value is string => typeof value === 'string' && value !== '')
  return {document: document as unknown as ParsedAlias['document'], account: value(USERNAME), token: value(PASSWORD)}
}
