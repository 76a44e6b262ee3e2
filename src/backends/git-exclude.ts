// Keeps a folder out of the git repository that it is in, without starting git.
import {appendFile, mkdir, readFile, stat} from 'node:fs/promises'
import {basename, dirname, join, resolve} from 'node:path'
import {fileError} from '../files/file-error.js'
import {codeOf} from '../errors.js'

/**
 * Adds a folder's name to `info/exclude` of the git work tree that it is in, if it is in one: git then neither lists nor adds it.
 * @throws {StorageError}
 */
export async function excludeFromGit(folder: string): Promise<void> {
  const repository = await repositoryOf(dirname(folder))
  if (repository === undefined) return
  const exclude = join(repository, 'info', 'exclude')
  const line = `${basename(folder)}/`
  try {
    const text = (await readIfAny(exclude)) ?? ''
    if (text.split(/\r?\n/u).includes(line)) return
    await mkdir(dirname(exclude), {recursive: true})
    await appendFile(exclude, `${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`)
  } catch (error) {
    throw fileError('write', exclude, error)
  }
}

/** The repository's own folder; undefined if the folder is in no work tree. */
async function repositoryOf(folder: string): Promise<string | undefined> {
  const git = join(folder, '.git')
  const stats = await stat(git).catch(() => undefined)
  if (stats?.isDirectory()) return git
  if (stats?.isFile()) {
    // A linked work tree or a submodule (gitrepository-layout): a linked one shares the main repository's info folder.
    const own = resolve(folder, (await readIfAny(git))?.replace(/^gitdir: /u, '').trimEnd() ?? '')
    const common = await readIfAny(join(own, 'commondir'))
    return resolve(own, common?.trimEnd() ?? '')
  }
  return dirname(folder) === folder ? undefined : repositoryOf(dirname(folder))
}

async function readIfAny(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw fileError('read', file, error)
  }
}
