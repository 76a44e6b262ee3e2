import type {Interfaces} from '@oclif/core'

// CLI 11.9 and later: it configures git with one value of its own, and loads half a second of code for it.
const THE_HOSTS = 'configure-git-credential-manager'

/**
 * Takes the host's own hook for the git configuration out of this process, so that there is one that sees to it. Nothing
 * on disk changes; and nothing happens where there is none, or it has run already: the host reads the list as it goes.
 */
export function takeOverGit({plugins}: Pick<Interfaces.Config, 'plugins'>): void {
  for (const {hooks} of plugins.values()) {
    const list = hooks.init as unknown
    if (!Array.isArray(list)) continue
    const index = list.findIndex((hook: {target?: unknown}) => String(hook.target).includes(THE_HOSTS))
    if (index !== -1) list.splice(index, 1)
  }
}
