// Supplies our credentials to the commands of the CLI and of other plugins. How such a command gets its token depends on the
// copy of the client that its plugin uses:
//
//   @heroku-cli/command 12.4 and later       accepts a credential provider: credential-provider.ts
//   earlier versions, plugins before oclif   read .netrc with netrc-parser: netrc-parser/patch.ts
//
// Both kinds start a login if the API responds with 401; replace-login.ts replaces it where there is no terminal.
import type {Command, Interfaces} from '@oclif/core'
import {findClient, findNetrcParsers, type InstalledClient} from './installed-client.js'
import {PLUGIN} from './override-commands.js'

/** Changes modules of a client in this process; nothing on disk. */
interface ClientAdapter {
  /**
   * The paths of the modules to change before a command runs. Imports nothing.
   * @param client the copy that the plugin's code imports
   */
  modules: (
    plugin: Interfaces.Plugin,
    client: InstalledClient | undefined,
    command: Command.Class,
    config: Interfaces.Config,
  ) => string[]
  /** Imports a module and changes it. Called once for each module. */
  install: (config: Interfaces.Config, module: string) => Promise<void>
}

/** Whether a command's class extends the client's, which has `heroku`; then the client is loaded already. */
const extendsClient = (command: Command.Class) => 'heroku' in (command.prototype as object)

const credentialProvider: ClientAdapter = {
  // Importing the client takes half a second. The host's own commands that do not extend its class do without it; a command
  // of another plugin may still use it.
  modules: (plugin, client, command, config) =>
    client?.adapter === 'provider' && (plugin.name !== config.name || extendsClient(command))
      ? [client.providerModule]
      : [],
  async install(config, module) {
    const {installProvider} = await import('./credential-provider.js')
    await installProvider(config, module)
  },
}

const netrcParser: ClientAdapter = {
  modules: (plugin) => findNetrcParsers(plugin.root),
  async install(config, module) {
    const {installPatch} = await import('./netrc-parser/patch.js')
    installPatch(config, module)
  },
}

const loginWithoutTerminal: ClientAdapter = {
  modules: (_, client, command) =>
    client && client.adapter !== 'unknown' && extendsClient(command) ? [client.apiModule] : [],
  async install(config, module) {
    const {replaceLogin} = await import('./replace-login.js')
    await replaceLogin(config, module)
  },
}

const ADAPTERS: readonly ClientAdapter[] = [credentialProvider, netrcParser, loginWithoutTerminal]

type Load = (id: string, options?: {must: boolean}) => Promise<Command.Class | undefined>

const watched = new WeakSet<object>()
const installed = new Set<string>()

/**
 * Installs the adapters as soon as a command is loaded, before any of its code runs: oclif loads every command with
 * its plugin's `findCommand`. Imports nothing before that.
 * @param config the host's configuration
 */
export function installAdapters(config: Interfaces.Config): void {
  for (const plugin of config.plugins.values()) {
    if (plugin.name === PLUGIN || watched.has(plugin)) continue
    watched.add(plugin)
    const load = plugin.findCommand.bind(plugin) as unknown as Load
    const loadAndAdapt: Load = async (id, options) => {
      const command = await load(id, options)
      if (command) await adapt(config, plugin, command)
      return command
    }
    plugin.findCommand = loadAndAdapt as typeof plugin.findCommand
  }
}

async function adapt(config: Interfaces.Config, plugin: Interfaces.Plugin, command: Command.Class): Promise<void> {
  try {
    const client = findClient(plugin.root)
    for (const {install, modules} of ADAPTERS)
      for (const module of modules(plugin, client, command, config)) {
        if (installed.has(module)) continue
        installed.add(module)
        await install(config, module)
      }
  } catch {
    // The command reads its token as it would without us.
  }
}
