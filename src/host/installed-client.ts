// Which copy of the Heroku CLI's client a plugin uses, and where that copy lets us stand between it and the tokens.
import {existsSync, readFileSync, realpathSync} from 'node:fs'
import {dirname, join} from 'node:path'

const CLIENT = '@heroku-cli/command'
/** What plugins from before oclif use. */
const LEGACY_CLIENT = 'heroku-cli-util'
const NETRC = 'netrc-parser'

/** The function by which the client takes another provider of credentials, from 12.4 on. */
export const SETTER = 'setCredentialManagerProvider'

/** A copy of the client, on disk. */
export interface InstalledClient {
  version: string
  /** Takes a provider; reads `.netrc` by a parser that we can stand before; or is made in a way that we do not know. */
  adapter: 'provider' | 'netrc' | 'unknown'
  /** The file that has the {@link SETTER}, if any has. */
  providerModule: string
  /** The file that has the class that sends requests, `APIClient`. */
  apiModule: string
}

/**
 * Finds the copy of the client that a plugin's code would import.
 * @param root the plugin's folder
 * @returns undefined where there is none
 */
export function findClient(root: string): InstalledClient | undefined {
  const folder = findPackage(CLIENT, root)
  if (folder === undefined) return undefined
  const {dependencies, version} = readPackage(folder)
  const providerModule = join(folder, 'lib', 'credential-manager.js')
  const adapter = NETRC in dependencies ? 'netrc' : mentions(providerModule, SETTER) ? 'provider' : 'unknown'
  return {version, adapter, providerModule, apiModule: join(folder, 'lib', 'api-client.js')}
}

/** How the CLI's own commands get their token: by a adapter of the client, or by no client at all. */
export interface ClientSummary {
  how: InstalledClient['adapter'] | 'nothing'
  clientVersion?: string
}

/**
 * Looks at the client that the CLI's own commands use, and loads nothing.
 * @param root the CLI's folder
 */
export function describeClient(root: string): ClientSummary {
  const client = findClient(root)
  return client ? {how: client.adapter, clientVersion: client.version} : {how: 'nothing'}
}

/** The copies of netrc-parser that a plugin's code, and that of its client, would import. */
export function findNetrcParsers(root: string): string[] {
  const users = [root, findPackage(CLIENT, root), findPackage(LEGACY_CLIENT, root)]
  const copies = users.flatMap((user) =>
    user !== undefined && NETRC in readPackage(user).dependencies ? (findPackage(NETRC, user) ?? []) : [],
  )
  return [...new Set(copies)]
}

/**
 * Finds a package as node does for code in a folder; but whatever the package exports.
 * @returns its folder, with links followed, as node's modules are named
 */
function findPackage(name: string, from: string): string | undefined {
  const folder = join(from, 'node_modules', name)
  if (existsSync(join(folder, 'package.json'))) return realpathSync(folder)
  const parent = dirname(from)
  return parent === from ? undefined : findPackage(name, parent)
}

function readPackage(folder: string): {version: string; dependencies: Record<string, string>} {
  const read = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string
    dependencies?: Record<string, string>
  }
  return {dependencies: {}, ...read}
}

function mentions(file: string, name: string): boolean {
  try {
    return readFileSync(file, 'utf8').includes(name)
  } catch {
    return false
  }
}
