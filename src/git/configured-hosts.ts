// For which git hosts we have configured git, what stood there before, and for which data folders. All shells of a user
// share git's configuration, and so this file: it is in the folder that no variable moves.
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {isAllowedHost} from '../heroku/endpoints.js'
import {replaceOwnFile, sharedFolder} from './data-dir.js'

// On Windows this folder is also the one of the stamp (see steady-state.ts), so the names differ.
const NAME = 'heroku-keychain-git-hosts.json'

export interface ConfiguredHost {
  git: string
  /** The API whose token this git host takes. */
  api: string
  /** The values that stood there before ours. */
  before: string[]
  /** The data folders whose login git has used; none in a file of an earlier version. */
  dataDirs?: string[]
}

/**
 * A file that is missing or makes no sense is as good as an empty one. It names no host that the environment must not name:
 * these hosts get the token, and another program may have written the file.
 */
export function configuredHosts(env: NodeJS.ProcessEnv): ConfiguredHost[] {
  try {
    const {hosts} = JSON.parse(readFileSync(join(sharedFolder(env), NAME), 'utf8')) as {hosts: unknown}
    return Array.isArray(hosts) ? hosts.filter(isConfiguredHost) : []
  } catch {
    return []
  }
}

/**
 * Adds a host, or a data folder to a host, and keeps what is recorded of it already: what stood there before is known only
 * the first time.
 * @returns the data folders of that host, also where the file cannot be written
 */
export async function rememberHost(
  env: NodeJS.ProcessEnv,
  {api, before, git}: Omit<ConfiguredHost, 'dataDirs'>,
  dataDir: string,
): Promise<string[]> {
  const hosts = configuredHosts(env)
  const known = hosts.find((host) => host.git === git)
  const dataDirs = [...new Set([...(known?.dataDirs ?? []), dataDir])]
  if (known?.api !== api || dataDirs.length !== known.dataDirs?.length) {
    const others = hosts.filter((host) => host !== known)
    await write(env, [...others, {git, api, before: known?.before ?? before, dataDirs}])
  }

  return dataDirs
}

/** Removes a data folder from a host, and the host with the last one. */
export async function forgetHost(env: NodeJS.ProcessEnv, git: string, dataDirs: readonly string[]): Promise<void> {
  const hosts = configuredHosts(env)
  const known = hosts.find((host) => host.git === git)
  if (!known) return
  const others = hosts.filter((host) => host !== known)
  await write(env, dataDirs.length === 0 ? others : [...others, {...known, dataDirs: [...dataDirs]}])
}

/** Not being able to costs no more than what the file says: git's own configuration is what counts. */
async function write(env: NodeJS.ProcessEnv, hosts: ConfiguredHost[]): Promise<void> {
  try {
    await replaceOwnFile(join(sharedFolder(env), NAME), `${JSON.stringify({version: 1, hosts}, undefined, 2)}\n`, 0o600)
  } catch {
    // See above.
  }
}

function isConfiguredHost(value: unknown): value is ConfiguredHost {
  const {api, before, dataDirs = [], git} = (value ?? {}) as Record<string, unknown>
  const isList = (list: unknown) => Array.isArray(list) && list.every((each) => typeof each === 'string')
  return isHost(git) && isHost(api) && isList(before) && isList(dataDirs)
}

const isHost = (value: unknown) => typeof value === 'string' && isAllowedHost(value)
