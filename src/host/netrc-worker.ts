// The thread in which the four tiers are asked while the main thread waits: a program by itself, bundled into one file.
import {writeSync} from 'node:fs'
import {workerData} from 'node:worker_threads'
import {type AskedAhead, runUnlessAskedAhead} from '../asked-ahead.js'
import {openPlaces} from '../credentials/open-places.js'
import type {Places} from '../credentials/places.js'
import {hostsFrom} from '../hosts.js'
import {watchForInterrupt} from '../interrupt.js'
import {lightRun} from '../light-run.js'
import {pollTool} from '../polled-tool.js'
import {reply, type Reply, troubleOf} from './netrc-answer.js'
import {DONE, type Link, type Order, type Outcome, STARTED} from './netrc-order.js'

// Later than a keychain that is well answers, sooner than anybody presses Ctrl-C.
const WATCH_AFTER_MS = 100

const {port, state} = workerData as Link

function tell(how: number): void {
  Atomics.store(state, 0, how)
  Atomics.notify(state, 0)
}

function done(outcome: Outcome): void {
  port.postMessage(outcome)
  tell(DONE)
}

function open({bin, dataDir, terminal}: Order, asked: AskedAhead | undefined): Places {
  return openPlaces({
    dataDir,
    hosts: hostsFrom(process.env),
    run: asked ? runUnlessAskedAhead(asked, lightRun) : lightRun,
    terminal,
    // Not process.stderr, whose writing is done by the main thread.
    notify(line) {
      writeSync(2, `${bin}: ${line}\n`)
    },
  })
}

async function work(order: Order, asked: AskedAhead | undefined): Promise<Reply> {
  try {
    return await reply(open(order, asked), order.request)
  } catch (error) {
    return {failed: troubleOf(error)}
  }
}

port.once('message', (order: Order) => {
  tell(STARTED)
  const asked = order.asked && pollTool(order.asked)
  const isLate = order.asked && asked?.look(order.asked.call) === 'none yet'
  const stopWatching = watchForInterrupt(isLate ? 0 : WATCH_AFTER_MS, (signal) => {
    // Nobody but us tells a thread of a signal. Whoever runs a tool listens, and ends it; with this one more listener
    // they do not go on to end the process, which is the main thread's to do.
    process.on(signal, () => undefined)
    process.emit(signal)
    done({interrupted: signal})
  })
  void work(order, asked).then((answered) => {
    stopWatching()
    done(answered)
  })
})
