// git's credential helper for the Heroku git host: a program by itself, bundled into one file, without oclif.
import {readFileSync, writeSync} from 'node:fs'
import {runUnlessAskedAhead} from '../asked-ahead.js'
import {openPlaces} from '../credentials/open-places.js'
import {hostsFrom} from '../hosts.js'
import {lightRun} from '../light-run.js'
import type {Run} from '../run.js'
import {answer} from './answer.js'
import {listenToLauncher} from './launcher-answer.js'

const STDIN = 0
const STDOUT = 1
const STDERR = 2

async function main(dataDir: string, operation: string | undefined, terminal: boolean, run: Run): Promise<void> {
  const {stderr, stdout} = await answer(operation, readInput(), {
    dataDir,
    hosts: hostsFrom(process.env),
    open: (hosts) =>
      openPlaces({
        dataDir,
        hosts,
        run,
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

/** @param pipe where the launcher writes what it has asked already, if it has */
function runAfterLauncher(pipe: string | undefined): Run {
  if (pipe === undefined) return lightRun
  try {
    const asked = listenToLauncher(pipe)
    // Nobody goes on waiting for the answer to a prompt.
    process.on('exit', asked.endTool)
    return runUnlessAskedAhead(asked, lightRun)
  } catch {
    return lightRun
  }
}

// The launcher says whether stderr is a terminal, since node would have to load more to know.
const [dataDir = '', operation, where, pipe] = process.argv.slice(2)
main(dataDir, operation, where === 'terminal', runAfterLauncher(pipe))
  // git ignores how a helper ends, and goes on to the next one. The error may hold anything, so it is not shown.
  .catch(() => {
    write(STDERR, 'heroku: the credential helper failed; try this: heroku auth:token\n')
  })
  // All is said and done; node would clean up before it ends by itself.
  .finally(() => process.exit())
