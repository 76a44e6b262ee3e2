// Entry point of dist/netrc-worker.cjs, which blocking.ts starts. Reads a request on stdin and prints the reply on stdout.
import {readFileSync, writeSync} from 'node:fs'
import {exitStatusOf, SIGNALS} from '../../process/signals.js'
import type {Order} from './blocking.js'
import {openHostStores} from '../host-stores.js'
import {reply, type Reply, failureOf} from './requests.js'

const STDIN = 0
const STDOUT = 1
const STDERR = 2

async function answer({request, ...config}: Order): Promise<Reply> {
  try {
    return await reply(openHostStores(config, notify), request)
  } catch (error) {
    return {failed: failureOf(error)}
  }
}

// Not process.stderr: on Windows its last lines can be lost when this process exits.
function notify(text: string): void {
  try {
    writeSync(STDERR, text)
  } catch {
    // stderr is closed.
  }
}

// The exit status reports the signal, on Windows too. A running tool is ended first, by process/supervise.ts.
for (const signal of SIGNALS) process.on(signal, () => process.exit(exitStatusOf(signal)))

void answer(JSON.parse(readFileSync(STDIN, 'utf8')) as Order).then((replied) => {
  writeSync(STDOUT, JSON.stringify(replied))
  process.exit()
})
