import type {Hook} from '@oclif/core'
import {claimCommands} from '../host/claim-commands.js'

// Runs before every command of the host: no import that costs anything, no word, and never the end of the command.
const init: Hook.Init = function ({config}) {
  try {
    claimCommands(config)
  } catch {
    // The host's own commands answer then, as if we were not there.
  }

  return Promise.resolve()
}

export default init
