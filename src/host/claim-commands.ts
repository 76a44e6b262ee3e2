import type {Command, Interfaces} from '@oclif/core'

const PLUGIN = 'heroku-keychain'

const claimed = new WeakSet<object>()

/**
 * Makes the host answer with our commands where it has its own of the same name.
 *
 * oclif gives a core command precedence over a user plugin's with the same id. `findCommand` is the one public method
 * through which running, `--help` and `runCommand` all look a command up.
 * @param config the host's configuration; does nothing where we are not among its plugins
 */
export function claimCommands(config: Interfaces.Config): void {
  if (claimed.has(config)) return
  // An array on @oclif/core 2, a Map from 3 on.
  const plugin = [...config.plugins.values()].find(({name}) => name === PLUGIN)
  if (!plugin) return

  const ours = new Map<string, Command.Loadable>()
  for (const command of plugin.commands) {
    ours.set(command.id, command)
    for (const alias of command.aliases) ours.set(alias, {...command, id: alias})
  }

  const find = config.findCommand.bind(config) as (
    id: string,
    options?: {must: boolean},
  ) => Command.Loadable | undefined
  config.findCommand = ((id: string, options?: {must: boolean}) => ours.get(id) ?? find(id, options)) as typeof find &
    Interfaces.Config['findCommand']
  claimed.add(config)
}
