import {isatty} from 'node:tty'
import {openPlaces} from '../credentials/open-places.js'
import type {Places} from '../credentials/places.js'
import {hostsFrom} from '../hosts.js'
import {lightRun} from '../light-run.js'

// Not process.stderr, which is opened only where there is something to say.
const STDERR = 2

/**
 * The places that hold tokens, for commands that are not ours.
 * @param config the host's; `bin` begins what the user is told
 * @param write prints on stderr
 */
export function openHostPlaces(
  {bin, dataDir}: {bin: string; dataDir: string},
  write: (text: string) => unknown = (text) => process.stderr.write(text),
): Places {
  return openPlaces({
    dataDir,
    hosts: hostsFrom(process.env),
    run: lightRun,
    terminal: isatty(STDERR),
    notify(line) {
      write(`${bin}: ${line}\n`)
    },
  })
}
