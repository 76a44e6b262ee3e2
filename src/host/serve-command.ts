import type {Command, Interfaces} from '@oclif/core'
import {isatty} from 'node:tty'
import {pathToFileURL} from 'node:url'
import {openPlaces} from '../credentials/open-places.js'
import type {Places} from '../credentials/places.js'
import {hostsFrom} from '../hosts.js'
import {lightRun} from '../light-run.js'
import {type Client, findClient, SETTER} from './client.js'
import {openProvider, type Provider} from './provider.js'

const STDERR = 2

const served = new Set<string>()
let places: Places | undefined

/**
 * Has the four tiers answer the copy of the client that a command uses.
 * @param plugin the command's
 * @param command its class, loaded
 */
export async function serveCommand(
  config: Interfaces.Config,
  plugin: Pick<Interfaces.Plugin, 'name' | 'root'>,
  command: Command.Class,
): Promise<void> {
  const client = findClient(plugin.root)
  if (!client || served.has(client.root) || !usesClient(config, plugin, command)) return
  served.add(client.root)
  if (client.seam === 'provider') await provide(config, client)
}

async function provide({bin, dataDir}: Interfaces.Config, {providerModule}: Client): Promise<void> {
  const client = (await import(pathToFileURL(providerModule).href)) as Record<string, unknown>
  const set = client[SETTER]
  if (typeof set !== 'function') return
  const notify = (line: string) => {
    process.stderr.write(`${bin}: ${line}\n`)
  }
  // One for the process, however many copies there are: the keychain is not asked again once it has failed.
  places ??= openPlaces({dataDir, hosts: hostsFrom(process.env), run: lightRun, terminal: isatty(STDERR), notify})
  ;(set as (provider: Provider) => void)(openProvider(places, notify))
}

/**
 * Whether a command imports the client: half a second of code, so it is not to be imported for one that does not. The
 * client's commands have `heroku`. Those of the CLI itself that have not can do without it; of another plugin's, who knows.
 */
function usesClient(config: Interfaces.Config, plugin: {name: string}, command: Command.Class): boolean {
  return plugin.name !== config.name || 'heroku' in (command.prototype as object)
}
