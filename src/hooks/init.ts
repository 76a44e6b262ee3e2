import type {Hook} from '@oclif/core'
import {keepGitConfigured, needsGitConfigured} from '../git/before-command.js'
import {installAdapters} from '../host/adapters.js'
import {disableGitHook, overrideCommands} from '../host/override-commands.js'
import {ignoreForeignParticleboard} from '../host/particleboard-url.js'

// Runs before every command of the host: no import that costs anything, no word, and never the end of the command.
const init: Hook.Init = async function ({config, id}) {
  try {
    ignoreForeignParticleboard(config.bin)
    overrideCommands(config)
    installAdapters(config)
    const needsGit = needsGitConfigured(config, id)
    // Before the host comes to its own hook, and not before it is known that ours works.
    disableGitHook(config)
    if (needsGit) await keepGitConfigured(config)
  } catch {
    // The host's own code does what we would have done.
  }
}

export default init
