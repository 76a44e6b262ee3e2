// npm as the developer has it set up, for ourselves and for a program in a sandbox.
import {execa} from 'execa'
import {fileURLToPath} from 'node:url'
import type {Env} from './sandbox.js'

/** The folder of this package. */
export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Runs npm.
 * @returns what it said on stdout
 * @throws {Error} with its output, if it fails
 */
export async function npm(args: readonly string[], cwd = REPOSITORY): Promise<string> {
  const {stdout} = await execa('npm', [...args], {cwd})
  return stdout
}

// Variables that decide how to reach a registry, whatever npm's own configuration says.
const NETWORK = /^(?:https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_(?:file|dir))$/iu

let settings: Promise<Env> | undefined

/**
 * What npm needs in a sandbox, where HOME is another, to use the registry, certificates, credentials and cache that it
 * uses outside: the variables point to the developer's files, and hold nothing of them but the registry's address.
 */
export function npmEnv(): Promise<Env> {
  settings ??= readSettings()
  return settings
}

async function readSettings(): Promise<Env> {
  const value = async (name: string) => (await npm(['config', 'get', name])).trim()
  const [registry, cache, userconfig, globalconfig] = await Promise.all(
    ['registry', 'cache', 'userconfig', 'globalconfig'].map(value),
  )
  const env: Env = {
    // The host has an npm of its own, whose global configuration would be another, and tells it which registry to use.
    ...(registry === undefined ? {} : {HEROKU_NPM_REGISTRY: registry}),
    ...(cache === undefined ? {} : {npm_config_cache: cache}),
    ...(userconfig === undefined ? {} : {npm_config_userconfig: userconfig}),
    ...(globalconfig === undefined ? {} : {npm_config_globalconfig: globalconfig}),
    npm_config_update_notifier: 'false',
  }
  for (const [name, value] of Object.entries(process.env))
    if (value !== undefined && NETWORK.test(name)) env[name] = value
  return env
}
