// Finds the copies of the Heroku CLI's client and of netrc-parser that a plugin uses. Reads files; imports nothing.
import {existsSync, readFileSync, realpathSync} from 'node:fs'
import {dirname, join} from 'node:path'

const CLIENT = '@heroku-cli/command'
/** The client of plugins that are older than oclif. */
const LEGACY_CLIENT = 'heroku-cli-util'
const NETRC = 'netrc-parser'

/** The client's function that sets a credential provider, in 12.4 and later. */
export const SETTER = 'setCredentialManagerProvider'

/** A copy of the client, on disk. */
export interface InstalledClient {
  version: string
  /** How it gets a token from us: it accepts a provider; it reads `.netrc` with netrc-parser; or not at all. */
  adapter: 'provider' | 'netrc' | 'unknown'
  /** The file that exports {@link SETTER}, if any does. */
  providerModule: string
  /** The file that exports `APIClient`, the class that sends requests. */
  apiModule: string
}

/**
 * Finds the copy of the client that a plugin's code imports.
 * @param root the plugin's folder
 * @returns undefined if there is none
 */
export function findClient(root: string): InstalledClient | undefined {
  const folder = findPackage(CLIENT, root)
  if (folder === undefined) return undefined
  const {dependencies, version} = readPackage(folder)
  const providerModule = join(folder, 'lib', 'credential-manager.js')
  const adapter = NETRC in dependencies ? 'netrc' : mentions(providerModule, SETTER) ? 'provider' : 'unknown'
  return {version, adapter, providerModule, apiModule: join(folder, 'lib', 'api-client.js')}
}

/** How the CLI's own commands get their token, as auth:status reports it. */
export interface ClientSummary {
  how: InstalledClient['adapter'] | 'nothing'
  clientVersion?: string
}

/**
 * Describes the client that the CLI's own commands use.
 * @param root the CLI's folder
 */
export function describeClient(root: string): ClientSummary {
  const client = findClient(root)
  return client ? {how: client.adapter, clientVersion: client.version} : {how: 'nothing'}
}

/** Finds the copies of netrc-parser that a plugin's code and its client import. */
export function findNetrcParsers(root: string): string[] {
  const importers = [root, findPackage(CLIENT, root), findPackage(LEGACY_CLIENT, root)]
  const copies = importers.flatMap((folder) =>
    folder !== undefined && NETRC in readPackage(folder).dependencies ? (findPackage(NETRC, folder) ?? []) : [],
  )
  return [...new Set(copies)]
}

/**
 * Finds a package as node resolves it for code in a folder, but regardless of its `exports`.
 * @returns its real path, as in node's module names
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
