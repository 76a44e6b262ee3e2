// git's credential helper for the Heroku git host: a program of its own, bundled into one file, without oclif.
import {readFileSync, writeSync} from 'node:fs'
import {openStores} from '../credentials/open-stores.js'
import {endpointsFrom} from '../heroku/endpoints.js'
import {spawnTool} from '../process/spawn.js'
import {answer} from './protocol.js'
import {dataDirOf} from './data-dir.js'

const STDIN = 0
const STDOUT = 1
const STDERR = 2

async function main(operation: string | undefined, terminal: boolean): Promise<void> {
  const {stderr, stdout} = await answer(operation, readInput(), {
    env: process.env,
    endpoints: endpointsFrom(process.env),
    open: (endpoints) =>
      openStores({
        // Of the shell that runs git, not of the one that configured it.
        dataDir: dataDirOf(process.env),
        endpoints,
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

// Not process.stdout, which takes longer to load than the whole answer.
function write(descriptor: number, text: string): void {
  if (text !== '') writeSync(descriptor, text)
}

// The launcher passes whether stderr is a terminal: node would have to load another module to find out.
const [operation, stderr] = process.argv.slice(2)
main(operation, stderr === 'terminal')
  // git ignores the exit status and asks the next helper. The error may contain anything, so it is not printed.
  .catch(() => {
    write(STDERR, 'heroku: the credential helper failed; try this: heroku auth:token\n')
  })
  // Faster than node's own shutdown.
  .finally(() => process.exit())
