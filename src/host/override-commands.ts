import type {Command, Interfaces} from '@oclif/core'

export const PLUGIN = 'heroku-keychain'

const claimed = new WeakSet<object>()

type Find = (id: string, options?: {must: boolean}) => Command.Loadable | undefined

/**
 * Makes the host answer with our commands where it has its own of the same name, to which oclif gives precedence over a
 * user plugin's.
 *
 * Running, `--help` and `runCommand` look a command up by the configuration's `findCommand`, and the help of a topic lists
 * its `commands`, both of them public; each command that runs has a configuration made anew from the same plugins, so the
 * host's own are taken from those. Nothing on disk changes.
 * @param config the host's configuration; nothing happens where we are not among its plugins
 */
export function overrideCommands(config: Interfaces.Config): void {
  if (claimed.has(config)) return
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
  const claim: Find = (id, options) => ours.get(id) ?? find(id, options)
  config.findCommand = claim as typeof config.findCommand
  const all = Object.getPrototypeOf(config) as object
  Object.defineProperty(config, 'commands', {
    configurable: true,
    get: () => (Reflect.get(all, 'commands', config) as Command.Loadable[]).map((each) => ours.get(each.id) ?? each),
  })
  for (const {commands, name} of plugins) if (name !== PLUGIN) removeFrom(commands, ours)
  claimed.add(config)
}

function removeFrom(commands: Command.Loadable[], ours: Map<string, unknown>): void {
  for (let index = commands.length - 1; index >= 0; index--) {
    const id = commands[index]?.id
    if (id !== undefined && ours.has(id)) commands.splice(index, 1)
  }
}

// CLI 11.9 and later: it configures git with one value of its own, and loads half a second of code for it.
const THE_HOSTS = 'configure-git-credential-manager'

/**
 * Takes the host's own hook for the git configuration out of this process, so that there is one that sees to it. Nothing
 * on disk changes; and nothing happens where there is none, or it has run already: the host reads the list as it goes.
 */
export function disableGitHook({plugins}: Pick<Interfaces.Config, 'plugins'>): void {
  for (const {hooks} of plugins.values()) {
    const list = hooks.init as unknown
    if (!Array.isArray(list)) continue
    const index = list.findIndex((hook: {target?: unknown}) => String(hook.target).includes(THE_HOSTS))
    if (index !== -1) list.splice(index, 1)
  }
}
