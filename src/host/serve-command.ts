// Having the four tiers answer for one command that is not ours. How it gets at tokens depends on the copy of the client
// (`@heroku-cli/command`) that its plugin has, which client.ts finds:
//
//   12.4 and later            takes a provider of credentials: provider.ts asks the four tiers for it
//   older ones, and plugins   read .netrc through netrc-parser: netrc-overlay.ts stands before the parser's class,
//   from before oclif         loaded-machines.ts and heroku-machine.ts in the place of what it has read
//
// netrc-parser's API is synchronous, so for it sync-credentials.ts blocks on the first use, through blocking.ts: one call of
// the keyring's tool, or a worker process for everything else (netrc-worker.ts -> netrc-answer.ts).
// What a keychain's trouble becomes for a command that only knows tokens is in refusal.ts. Both kinds of the client log in
// by themselves if the API answers 401; replace-login.ts replaces that where there is no terminal.
import type {Command, Interfaces} from '@oclif/core'
import {type Client, findClient, findNetrcParsers} from './installed-client.js'

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
  if (client && client.seam !== 'unknown' && hasClient(command))
    await once(client.apiModule, () => guard(config, client))
}

async function once(copy: string, serve: () => Promise<void>): Promise<void> {
  if (served.has(copy)) return
  served.add(copy)
  await serve()
}

async function provide(config: Interfaces.Config, client: Client): Promise<void> {
  const {provideTokens} = await import('./provide-tokens.js')
  await provideTokens(config, client)
}

async function overlay(config: Interfaces.Config, parser: string): Promise<void> {
  const {standBeforeNetrc} = await import('./stand-before-netrc.js')
  standBeforeNetrc(config, parser)
}

async function guard(config: Interfaces.Config, client: Client): Promise<void> {
  const {replaceLogin} = await import('./replace-login.js')
  await replaceLogin(config, client)
}

/**
 * Whether a command imports the client: half a second of code, so it is not to be imported for one that does not. Commands
 * of the CLI itself that are not made from the client's can do without it; of another plugin's, who knows.
 */
function usesClient(config: Interfaces.Config, plugin: {name: string}, command: Command.Class): boolean {
  return plugin.name !== config.name || hasClient(command)
}

/** Whether a command is made from the client's class of commands, which has `heroku`; then the client is loaded already. */
const hasClient = (command: Command.Class) => 'heroku' in (command.prototype as object)
