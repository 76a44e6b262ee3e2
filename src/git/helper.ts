// git's credential helper for the Heroku git host: a program by itself, bundled into one file, without oclif.
import {readFileSync, writeSync} from 'node:fs'
import {openStores} from '../credentials/stores.js'
import {endpointsFrom} from '../heroku/endpoints.js'
import {spawnTool} from '../process/spawn.js'
import {answer} from './answer.js'
import {dataDirOf} from './data-dir.js'

const STDIN = 0
const STDOUT = 1
const STDERR = 2

async function main(operation: string | undefined, terminal: boolean): Promise<void> {
  const {stderr, stdout} = await answer(operation, readInput(), {
    env: process.env,
    hosts: endpointsFrom(process.env),
    open: (hosts) =>
      openStores({
        // As in the shell that runs git, whichever has configured it.
        dataDir: dataDirOf(process.env),
        endpoints: hosts,
        run: spawnTool,
        terminal,
        notify: (line) => {
          write(STDERR, `heroku: ${line}\n`)
        },
      }),
  })
  write(STDERR, stderr)
  write(STDOUT, stdout)
}

function readInput(): string {
  try {
    return readFileSync(STDIN, 'utf8')
  } catch {
    return ''
  }
}

// Not process.stdout, which takes longer to load than all that we have to say.
function write(descriptor: number, text: string): void {
  if (text !== '') writeSync(descriptor, text)
}

// The launcher says whether stderr is a terminal, since node would have to load more to know.
const [operation, where] = process.argv.slice(2)
main(operation, where === 'terminal')
  // git ignores how a helper ends, and goes on to the next one. The error may hold anything, so it is not shown.
  .catch(() => {
    write(STDERR, 'heroku: the credential helper failed; try this: heroku auth:token\n')
  })
  // All is said and done; node would clean up before it ends by itself.
  .finally(() => process.exit())
