import type {Hook} from '@oclif/core'
import {keepGitConfigured} from '../git/keep-configured.js'
import {claimCommands} from '../host/claim-commands.js'
import {serveCommands} from '../host/serve-commands.js'
import {takeOverGit} from '../host/take-over-git.js'

// Runs before every command of the host: no import that costs anything, no word, and never the end of the command.
const init: Hook.Init = async function ({config, id}) {
  try {
    takeOverGit(config)
    claimCommands(config)
    serveCommands(config)
    await keepGitConfigured(config, id)
  } catch {
    // The host's own code does what we would have done.
  }
}

export default init
