// Runs npm with the developer's configuration, for the tests and for a program in a sandbox.
import {execa} from 'execa'
import {fileURLToPath} from 'node:url'
import type {Env} from './sandbox.js'

/** This package's folder. */
export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Runs npm.
 * @returns its stdout
 * @throws {Error} with its output, if it fails
 */
export async function npm(args: readonly string[], cwd = REPOSITORY): Promise<string> {
  const {stdout} = await execa('npm', [...args], {cwd})
  return stdout
}

/**
 * A tarball as an argument of `plugins:install`, which takes a text without a forward slash for a package's name
 * (@oclif/plugin-plugins 5.5).
 * @param platform as `process.platform`
 */
export const fileSpec = (tarball: string, platform = process.platform) =>
  `file:${platform === 'win32' ? tarball.replaceAll('\\', '/') : tarball}`

// Variables that decide how to reach a registry, whatever npm's configuration is.
const NETWORK = /^(?:https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_(?:file|dir))$/iu

let settings: Promise<Env> | undefined

/**
 * Variables with which npm in a sandbox, with another HOME, uses the same registry, certificates, credentials and cache
 * as outside: they point to the developer's files, and contain only the registry's address from them.
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
    // The host bundles its own npm with another global configuration, and passes it the registry.
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
