// For which git hosts we have configured git, and what stood there before: `<dataDir>/heroku-keychain-git-hosts.json`.
import {mkdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'

// On Windows this folder is also the one of the stamp (see steady-state.ts), so the names differ.
const NAME = 'heroku-keychain-git-hosts.json'

export interface ConfiguredHost {
  git: string
  /** The API whose token this git host takes. */
  api: string
  /** The values that stood there before ours. */
  before: string[]
}

/** A file that is missing or makes no sense is as good as an empty one. */
export function configuredHosts(dataDir: string): ConfiguredHost[] {
  try {
    const {hosts} = JSON.parse(readFileSync(join(dataDir, NAME), 'utf8')) as {hosts: unknown}
    return Array.isArray(hosts) ? hosts.filter(isConfiguredHost) : []
  } catch {
    return []
  }
}

/** Remembers a host, and keeps what is remembered of it already: what stood there before is known only the first time. */
export async function rememberHost(dataDir: string, host: ConfiguredHost): Promise<void> {
  const hosts = configuredHosts(dataDir)
  const known = hosts.find(({git}) => git === host.git)
  if (known?.api === host.api) return
  const others = hosts.filter((each) => each !== known)
  await write(dataDir, [...others, {...host, before: known?.before ?? host.before}])
}

export async function forgetHost(dataDir: string, git: string): Promise<void> {
  const hosts = configuredHosts(dataDir)
  if (hosts.some((host) => host.git === git))
    await write(
      dataDir,
      hosts.filter((host) => host.git !== git),
    )
}

async function write(dataDir: string, hosts: ConfiguredHost[]): Promise<void> {
  mkdirSync(dataDir, {recursive: true, mode: 0o700})
  // Loaded here, since the git helper reads alone, and has no time to load what it never needs.
  const {replaceFile} = await import('../atomic-file.js')
  await replaceFile(join(dataDir, NAME), `${JSON.stringify({version: 1, hosts}, undefined, 2)}\n`)
}

function isConfiguredHost(value: unknown): value is ConfiguredHost {
  const {api, before, git} = (value ?? {}) as Record<string, unknown>
  return (
    typeof git === 'string' &&
    typeof api === 'string' &&
    Array.isArray(before) &&
    before.every((each) => typeof each === 'string')
  )
}
