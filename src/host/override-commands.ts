import type {Command, Interfaces} from '@oclif/core'

export const PLUGIN = 'heroku-keychain'

const overridden = new WeakSet<object>()

type Find = (id: string, options?: {must: boolean}) => Command.Loadable | undefined

/**
 * Replaces the host's commands with ours of the same name. Without this, oclif prefers the host's own commands to those of a
 * user plugin.
 *
 * oclif finds a command to run or to describe with the configuration's `findCommand`, and lists a topic's `commands`; both
 * are public. Each command that runs gets a new configuration made from the same plugins, so the host's commands are also
 * removed from these. Nothing on disk changes.
 * @param config the host's configuration; unchanged if we are not among its plugins
 */
export function overrideCommands(config: Interfaces.Config): void {
  if (overridden.has(config)) return
  // An array on @oclif/core 2, a Map from 3 on.
  const plugins = [...config.plugins.values()]
  const plugin = plugins.find(({name}) => name === PLUGIN)
  if (!plugin) return

  const ours = new Map<string, Command.Loadable>()
  for (const command of plugin.commands) {
    ours.set(command.id, command)
    for (const alias of command.aliases) ours.set(alias, {...command, id: alias})
  }

  const find = config.findCommand.bind(config) as Find
  const findOurs: Find = (id, options) => ours.get(id) ?? find(id, options)
  config.findCommand = findOurs as typeof config.findCommand
  const prototype = Object.getPrototypeOf(config) as object
  Object.defineProperty(config, 'commands', {
    configurable: true,
    get: () =>
      (Reflect.get(prototype, 'commands', config) as Command.Loadable[]).map((each) => ours.get(each.id) ?? each),
  })
  for (const {commands, name} of plugins) if (name !== PLUGIN) removeFrom(commands, ours)
  overridden.add(config)
}

function removeFrom(commands: Command.Loadable[], ours: Map<string, unknown>): void {
  for (let index = commands.length - 1; index >= 0; index--) {
    const id = commands[index]?.id
    if (id !== undefined && ours.has(id)) commands.splice(index, 1)
  }
}

// In CLI 11.9 and later: configures git with a value of its own, and takes half a second to load.
const GIT_HOOK = 'configure-git-credential-manager'

/**
 * Removes the host's hook that configures git, in this process only, because ours configures git too. Has no effect if the hook
 * does not exist or has already run; oclif reads the list while it runs the hooks.
 */
export function disableGitHook({plugins}: Pick<Interfaces.Config, 'plugins'>): void {
  for (const {hooks} of plugins.values()) {
    const list = hooks.init as unknown
    if (!Array.isArray(list)) continue
    const index = list.findIndex((hook: {target?: unknown}) => String(hook.target).includes(GIT_HOOK))
    if (index !== -1) list.splice(index, 1)
  }
}
