import type {Hook} from '@oclif/core'
import {keepGitConfigured, needsGitConfigured} from '../git/before-command.js'
import {claimCommands} from '../host/override-commands.js'
import {guardParticleboard} from '../host/guard-particleboard.js'
import {serveCommands} from '../host/serve-commands.js'
import {takeOverGit} from '../host/take-over-git.js'

// Runs before every command of the host: no import that costs anything, no word, and never the end of the command.
const init: Hook.Init = async function ({config, id}) {
  try {
    guardParticleboard(config.bin)
    claimCommands(config)
    serveCommands(config)
    const needsGit = needsGitConfigured(config, id)
    // Before the host comes to its own hook, and not before it is known that ours works.
    takeOverGit(config)
    if (needsGit) await keepGitConfigured(config)
  } catch {
    // The host's own code does what we would have done.
  }
}

export default init
