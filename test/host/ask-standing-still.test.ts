import {expect} from 'chai'
import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {askStandingStill} from '../../src/host/ask-standing-still.js'
import {startThread} from '../../src/host/thread.js'
import {freshNetrcReader} from '../support/netrc-reader.js'
import {ada} from '../support/user.js'

describe('asking the four tiers standing still', function () {
  this.timeout(60_000)
  const user = freshNetrcReader()
  const order = () => ({
    request: {verb: 'find' as const},
    bin: 'heroku',
    dataDir: join(user.home, 'data'),
    terminal: false,
  })
  const ask = (file: URL, limits = {}) => askStandingStill(startThread(file), order(), {timeoutMs: 5000, ...limits})
  const threadOf = (script: string) => {
    const file = join(user.home, 'thread.cjs')
    writeFileSync(file, script)
    return pathToFileURL(file)
  }
  const noAnswer = {
    failed: {
      message: 'heroku-keychain got no answer from its own thread',
      hint: 'try again; or set HEROKU_API_KEY',
      exitCode: 1,
    },
  }

  it('gets the answer', async () => {
    await user.store(ada)
    expect(ask(user.thread)).to.deep.equal({
      ok: {kind: 'found', found: {...ada, source: 'secret-service', place: 'the keyring'}},
    })
  })

  it('leaves no listener and no thread behind that the process would have to wait for', async () => {
    const listeners = () => (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => process.listenerCount(signal))
    const before = listeners()
    ask(user.thread)
    expect(listeners()).to.deep.equal(before.map((count) => count + 1))
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(listeners()).to.deep.equal(before)
  })

  for (const [what, script] of Object.entries({
    'is not there': undefined,
    'fails at its start': 'throw new Error("no")',
    'ends at once': 'process.exit()',
    'never starts to work': 'setInterval(() => undefined, 1000)',
    'works for ever':
      'const {state} = require("node:worker_threads").workerData; Atomics.store(state, 0, 1); for (;;) Atomics.load(state, 0)',
    'ends without an answer':
      'const {state} = require("node:worker_threads").workerData; Atomics.store(state, 0, 2); Atomics.notify(state, 0)',
  }))
    it(`gives up on a thread that ${what}`, () => {
      const thread = script === undefined ? pathToFileURL(join(user.home, 'nowhere.cjs')) : threadOf(script)
      expect(ask(thread, {startMs: 300, answerMs: 300})).to.deep.equal(noAnswer)
    })
})
