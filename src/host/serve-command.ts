// Having the four tiers answer for one command that is not ours. How it gets at tokens depends on the copy of the client
// (`@heroku-cli/command`) that its plugin has, which client.ts finds:
//
//   12.4 and later            takes a provider of credentials: provider.ts asks the four tiers for it
//   older ones, and plugins   read .netrc through netrc-parser: netrc-overlay.ts stands before the parser's class,
//   from before oclif         loaded-machines.ts and heroku-machine.ts in the place of what it has read
//
// netrc-parser's readers cannot wait, so for them sync-credentials.ts knows the answer, or stands still until a thread
// has it: ask-standing-still.ts -> netrc-order.ts (what the two say to each other) -> netrc-worker.ts -> netrc-answer.ts.
// What a keychain's trouble becomes for a command that only knows tokens is in refusal.ts.
import type {Command, Interfaces} from '@oclif/core'
import {createRequire} from 'node:module'
import {pathToFileURL} from 'node:url'
import type {Places} from '../credentials/places.js'
import {type Client, findClient, findNetrcParsers, SETTER} from './client.js'
import {openHostPlaces} from './host-places.js'
import {openProvider, type Provider} from './provider.js'
import type {SyncCredentials} from './sync-credentials.js'

// One of each for the process, however many copies there are: a keychain is not asked again once it has failed.
let places: Places | undefined
let credentials: SyncCredentials | undefined
const served = new Set<string>()

/**
 * Has the four tiers answer the copies of the client, and of netrc-parser, that a command uses.
 * @param plugin the command's
 * @param command its class, loaded
 */
export async function serveCommand(
  config: Interfaces.Config,
  plugin: Pick<Interfaces.Plugin, 'name' | 'root'>,
  command: Command.Class,
): Promise<void> {
  const client = findClient(plugin.root)
  if (client?.seam === 'provider' && usesClient(config, plugin, command))
    await once(client.root, () => provide(config, client))
  for (const parser of findNetrcParsers(plugin.root)) await once(parser, () => overlay(config, parser))
}

async function once(copy: string, serve: () => Promise<void>): Promise<void> {
  if (served.has(copy)) return
  served.add(copy)
  await serve()
}

async function provide(config: Interfaces.Config, {providerModule}: Client): Promise<void> {
  const client = (await import(pathToFileURL(providerModule).href)) as Record<string, unknown>
  const set = client[SETTER]
  if (typeof set !== 'function') return
  places ??= openHostPlaces(config)
  ;(set as (provider: Provider) => void)(openProvider(places))
}

async function overlay(config: Interfaces.Config, parser: string): Promise<void> {
  const [{overlayNetrc}, {openSyncCredentials}] = await Promise.all([
    import('./netrc-overlay.js'),
    import('./sync-credentials.js'),
  ])
  credentials ??= openSyncCredentials(config)
  overlayNetrc(createRequire(import.meta.url)(parser), credentials)
}

/**
 * Whether a command imports the client: half a second of code, so it is not to be imported for one that does not. The
 * client's commands have `heroku`. Those of the CLI itself that have not can do without it; of another plugin's, who knows.
 */
function usesClient(config: Interfaces.Config, plugin: {name: string}, command: Command.Class): boolean {
  return plugin.name !== config.name || 'heroku' in (command.prototype as object)
}
