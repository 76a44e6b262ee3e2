// The git hosts that we have configured git for, with their previous values and data folders. All shells of a user share git's
// configuration, so this file is in the folder that no variable changes.
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {isAllowedHost} from '../heroku/endpoints.js'
import {replaceOwnFile, sharedFolder} from './data-dir.js'

// On Windows setup-stamp.ts uses the same folder, so the names must differ.
const NAME = 'heroku-keychain-git-hosts.json'

export interface ConfiguredHost {
  git: string
  /** The API host whose token this git host accepts. */
  api: string
  /** The values of the key before ours. */
  before: string[]
  /** The data folders whose login git has used; missing in a file of an earlier version. */
  dataDirs?: string[]
}

/**
 * A missing or invalid file counts as empty. Hosts that the environment must not name are left out: another program may have
 * written the file, and these hosts receive the token.
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
 * Adds a host, or a data folder to a host. Keeps the previous values on record, which are known only the first time.
 * @returns the data folders of that host, even if the file cannot be written
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

/** Sets the data folders of a host; removes a host without any. */
export async function forgetHost(env: NodeJS.ProcessEnv, git: string, dataDirs: readonly string[]): Promise<void> {
  const hosts = configuredHosts(env)
  const known = hosts.find((host) => host.git === git)
  if (!known) return
  const others = hosts.filter((host) => host !== known)
  await write(env, dataDirs.length === 0 ? others : [...others, {...known, dataDirs: [...dataDirs]}])
}

/** Best effort: a failure loses only these records, not git's configuration. */
async function write(env: NodeJS.ProcessEnv, hosts: ConfiguredHost[]): Promise<void> {
  try {
    await replaceOwnFile(join(sharedFolder(env), NAME), `${JSON.stringify({version: 1, hosts}, undefined, 2)}\n`, 0o600)
  } catch {
    // Best effort, see above.
  }
}

function isConfiguredHost(value: unknown): value is ConfiguredHost {
  const {api, before, dataDirs = [], git} = (value ?? {}) as Record<string, unknown>
  const isList = (list: unknown) => Array.isArray(list) && list.every((each) => typeof each === 'string')
  return isHost(git) && isHost(api) && isList(before) && isList(dataDirs)
}

const isHost = (value: unknown) => typeof value === 'string' && isAllowedHost(value)
