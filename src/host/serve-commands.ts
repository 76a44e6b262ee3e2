import type {Command, Interfaces} from '@oclif/core'
import {PLUGIN} from './override-commands.js'
import {serveCommand} from './serve-command.js'

type Load = (id: string, options?: {must: boolean}) => Promise<Command.Class | undefined>

const served = new WeakSet<object>()

/**
 * Stands between the commands of the CLI and of other plugins and the tokens: as soon as the code of a command is
 * loaded, and before anything of it runs. A plugin's `findCommand` is by what oclif loads all of its commands.
 *
 * Nothing is imported before a command has been.
 * @param config the host's configuration
 */
export function serveCommands(config: Interfaces.Config): void {
  for (const plugin of config.plugins.values()) {
    if (plugin.name === PLUGIN || served.has(plugin)) continue
    served.add(plugin)
    const load = plugin.findCommand.bind(plugin) as unknown as Load
    const loadServed: Load = async (id, options) => {
      const command = await load(id, options)
      if (command) await serve(config, plugin, command)
      return command
    }
    plugin.findCommand = loadServed as typeof plugin.findCommand
  }
}

async function serve(config: Interfaces.Config, plugin: Interfaces.Plugin, command: Command.Class): Promise<void> {
  try {
    await serveCommand(config, plugin, command)
  } catch {
    // The command's own code reads the tokens then, as it would without us.
  }
}
