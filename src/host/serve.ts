// Which copy of Heroku's own client the CLI's commands use, and by which of its seams they can be given a token.
import type {Interfaces} from '@oclif/core'
import {readFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {join} from 'node:path'

const CLIENT = '@heroku-cli/command'

/**
 * How the CLI's own commands get their token: through its client's credential manager ('provider', 12.4 and later) or
 * through its copy of netrc-parser ('netrc', before); by a client that has neither ('unknown'), by the CLI's own code
 * ('host'), or not at all ('nothing').
 */
export interface Service {
  how: 'provider' | 'netrc' | 'host' | 'unknown' | 'nothing'
  /** The client's version. */
  clientVersion?: string
}

/** Looks at the root plugin's copy of the client, without loading it. */
// eslint-disable-next-line @typescript-eslint/require-await -- what looks at a seam closer may have to wait
export async function describeService({root}: Pick<Interfaces.Config, 'root'>): Promise<Service> {
  const resolver = createRequire(join(root, 'package.json'))
  for (const folder of resolver.resolve.paths(CLIENT) ?? []) {
    const client = join(folder, CLIENT)
    const clientVersion = versionIn(read(join(client, 'package.json')))
    if (clientVersion !== undefined) return {how: seamOf(client, clientVersion), clientVersion}
  }

  return {how: 'nothing'}
}

function seamOf(client: string, version: string): Service['how'] {
  if (read(join(client, 'lib', 'credential-manager.js'))?.includes('setCredentialManagerProvider')) return 'provider'
  const [major = NaN, minor = NaN] = version.split('.').map(Number)
  return major < 12 || (major === 12 && minor < 4) ? 'netrc' : 'unknown'
}

function versionIn(text: string | undefined): string | undefined {
  try {
    const {version} = JSON.parse(text ?? '') as {version?: unknown}
    return typeof version === 'string' ? version : undefined
  } catch {
    return undefined
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
