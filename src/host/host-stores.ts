import {isatty} from 'node:tty'
import {openStores} from '../credentials/open-stores.js'
import type {CredentialStores} from '../credentials/stores.js'
import {endpointsFrom} from '../heroku/endpoints.js'
import {spawnTool} from '../process/spawn.js'

// Not process.stderr, which is opened only to print a notice.
const STDERR = 2

/**
 * The credential stores for commands other than ours.
 * @param config the host's; each notice begins with `bin`
 * @param write prints on stderr
 */
export function openHostStores(
  {bin, dataDir}: {bin: string; dataDir: string},
  write: (text: string) => unknown = (text) => process.stderr.write(text),
): CredentialStores {
  return openStores({
    dataDir,
    endpoints: endpointsFrom(process.env),
    run: spawnTool,
    terminal: isatty(STDERR),
    notify(line) {
      write(`${bin}: ${line}\n`)
    },
  })
}
