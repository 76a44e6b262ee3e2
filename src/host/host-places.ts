import {isatty} from 'node:tty'
import {openPlaces} from '../credentials/open-places.js'
import type {Places} from '../credentials/places.js'
import {hostsFrom} from '../hosts.js'
import {lightRun} from '../light-run.js'

// Not process.stderr, which is opened only where there is something to say.
const STDERR = 2

/** Whether stderr is a terminal, where somebody may answer a keychain's prompt. */
export const isTerminal = () => isatty(STDERR)

/**
 * The places that hold tokens, for commands that are not ours.
 * @param config the host's; `bin` begins what the user is told
 */
export function openHostPlaces({bin, dataDir}: {bin: string; dataDir: string}): Places {
  return openPlaces({
    dataDir,
    hosts: hostsFrom(process.env),
    run: lightRun,
    terminal: isTerminal(),
    notify(line) {
      process.stderr.write(`${bin}: ${line}\n`)
    },
  })
}
