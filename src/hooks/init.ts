import type {Hook} from '@oclif/core'
import {keepGitConfigured, needsGitConfigured} from '../git/before-command.js'
import {installAdapters} from '../host/adapters.js'
import {disableGitHook, overrideCommands} from '../host/override-commands.js'
import {ignoreForeignParticleboard} from '../host/particleboard-url.js'

// Runs before every command of the host: imports little, and never makes the command fail.
const init: Hook.Init = async function ({config, id}) {
  try {
    ignoreForeignParticleboard(config.bin)
    overrideCommands(config)
    installAdapters(config)
    const needsGit = needsGitConfigured(config, id)
    // Before the host runs that hook, and after needsGitConfigured, which throws if ours cannot work.
    disableGitHook(config)
    if (needsGit) await keepGitConfigured(config)
  } catch {
    // The host's own code runs instead.
  }
}

export default init
