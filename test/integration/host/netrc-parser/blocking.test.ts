// The lookups that block the process: with the keyring's tool, whose result must equal the worker's, and with the worker.
import {expect} from 'chai'
import {spawnSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath, pathToFileURL} from 'node:url'
import {fingerprint} from '../../../../src/credentials/token-record.js'
import {askKeyring, askWorker, workerLimitMs} from '../../../../src/host/netrc-parser/blocking.js'
import {openHostStores} from '../../../../src/host/host-stores.js'
import type {Answer} from '../../../../src/host/netrc-parser/requests.js'
import {openSyncCredentials} from '../../../../src/host/netrc-parser/sync-credentials.js'
import {until} from '../../../support/listen.js'
import {freshNetrcReader} from '../../../support/netrc-reader.js'
import {isRunning} from '../../../support/processes.js'
import {thrownBy} from '../../../support/thrown-by.js'
import {ada, entries} from '../../../support/user.js'

const FIXTURE = fileURLToPath(new URL('../../../fixtures/host/ask-worker.ts', import.meta.url))

const late = 'the token cannot be read: the keyring did not answer within 5 s'

describe('the blocking lookup', function () {
  this.timeout(60_000)
  const user = freshNetrcReader()
  let realTool: string

  const login = (account = ada.account) => {
    user.write('data/login.json', `${JSON.stringify({account})}\n`)
    record({account})
  }
  const record = (changes: object) => {
    const token = {
      account: ada.account,
      apiHost: 'api.heroku.com',
      savedIn: 'secret-service',
      fingerprint: fingerprint(ada.token),
      ...changes,
    }
    const ours = {version: 1, account: token.account, loggedOut: false, tokens: [token]}
    user.write('data/heroku-keychain.json', JSON.stringify(ours))
  }
  const inRoot = (name: string) => join(user.sandbox.root, name)
  /** Replaces secret-tool with a shell script. */
  const secretTool = (script: string) => {
    writeFileSync(inRoot('tools/secret-tool'), `#!/bin/sh\necho >>'${inRoot('calls')}'\n${script}\n`)
  }
  before(() => {
    realTool = readFileSync(inRoot('tools/secret-tool'), 'utf8')
    // Counts the workers.
    writeFileSync(
      inRoot('counted.cjs'),
      `require('node:fs').appendFileSync(__dirname + '/workers', '\\n'); require('./netrc-worker.cjs')`,
    )
  })
  beforeEach(() => {
    login()
    writeFileSync(inRoot('workers'), '')
  })
  afterEach(() => {
    writeFileSync(inRoot('tools/secret-tool'), realTool)
  })

  const order = () => ({request: {verb: 'find' as const}, bin: 'heroku', dataDir: join(user.home, 'data')})
  const foundIn = (token: string, account = ada.account): Answer => ({
    kind: 'found',
    found: {account, token, source: 'secret-service', location: 'the keyring'},
  })
  /** The answer, and how many processes were started. `keyringMs` is long by default, for a slow machine. */
  const find = (keyringMs = 20_000) => {
    const worker = pathToFileURL(inRoot('counted.cjs'))
    const answer = openSyncCredentials(order(), {worker, keyringMs}).find()
    return {answer, workers: readFileSync(inRoot('workers'), 'utf8').length, calls: user.calls()}
  }
  const byWorker = () => {
    const reply = askWorker(order(), 60_000, user.worker)
    return 'ok' in reply ? reply.ok : reply.failed
  }

  describe('with the keyring', () => {
    it('needs one call of the tool, and no worker', async () => {
      await user.store(ada)
      expect(find()).to.deep.equal({answer: foundIn(ada.token), workers: 0, calls: 1})
    })

    it('passes the account unchanged', async () => {
      const account = `"a'b$(touch x)\`id\` *\\é@example.com`
      login(account)
      await user.store({...ada, account})
      expect(find()).to.deep.equal({answer: foundIn(ada.token, account), workers: 0, calls: 1})
    })

    it('starts the tool with the environment of every tool', () => {
      Object.assign(process.env, {
        HEROKU_API_KEY: '',
        G_MESSAGES_DEBUG: 'all',
        G_DBUS_DEBUG: 'all',
        LC_ALL: 'de_DE.UTF-8',
      })
      secretTool(item(`HRKU-\${HEROKU_API_KEY-none}\${G_MESSAGES_DEBUG-none}\${G_DBUS_DEBUG-none}$LC_ALL$CHARSET`))
      expect(find()).to.deep.equal({answer: foundIn('HRKU-nonenonenoneCUTF-8'), workers: 0, calls: 1})
    })

    it('shows no prompt for a locked keyring', async () => {
      await user.store(ada)
      const prompter = await user.keyring.startUnansweredPrompter()
      try {
        await user.keyring.lock()
        expect(askKeyring(openHostStores(order()), 20_000)).to.equal(undefined)
        expect(user.calls()).to.equal(1)
      } finally {
        const prompt = thrownBy(prompter.asked())
        await prompter.stop()
        expect((await prompt).message).to.include('ended')
      }
    })

    it('is left to the worker if login.json names no account', async () => {
      await user.store(ada)
      user.write('data/login.json', '{}')
      const {answer, workers} = find()
      expect({answer, workers}).to.deep.equal({answer: foundIn(ada.token), workers: 1})
    })

    const found = item(ada.token)
    const lookup = (script: string) => `[ "$1" = lookup ] && { ${script}; }`
    for (const [what, script] of [
      ['no item', lookup('exit 1')],
      ['an error', 'echo "secret-tool: Cannot autolaunch D-Bus without X11 \\$DISPLAY" >&2; exit 1'],
      ['a locked item', `echo 'secret-tool: Cannot get secret of a locked object' >&2; ${lookup('exit 1')}`],
      ['an item and a failure', `${lookup(`printf ${ada.token}; exit`)}; ${found}; exit 3`],
      ['two items', `${lookup(`printf ${ada.token}; exit`)}; ${found}; ${item('HRKU-2')}`],
      ['a token of two lines', `${lookup(`printf 'HRKU-\\nx'; exit`)}; ${item(String.raw`HRKU-\nx`)}`],
      ['a token that looks like an item', `${lookup('printf "x\\ncreated = y"; exit')}; ${item('x\\ncreated = y')}`],
      ['a token that is not ASCII', `${lookup(String.raw`printf 'HRKU-\303\251'; exit`)}; ${item('HRKU-\\303\\251')}`],
      ['a token with a NUL', `${lookup(`printf '${ada.token}\\000'; exit`)}; ${item(`${ada.token}\\000`)}`],
      ['an empty token', `${lookup('exit')}; ${item('')}`],
      ['a token alone', `printf ${ada.token}`],
      ['no output', ''],
      ['unlimited output', 'exec /usr/bin/head -c 5000000 /dev/zero'],
      ['a tool that a signal ends', `${found}; kill -9 $$`],
    ] as const)
      it(`answers ${what} as the worker does`, () => {
        secretTool(script)
        const {answer, workers} = find()
        expect(workers).to.equal(1)
        expect(answer).to.deep.equal(byWorker())
      })

    it('answers a tool that cannot be started as the worker does', () => {
      writeFileSync(inRoot('tools/secret-tool'), 'no program')
      const {answer} = find()
      expect(answer).to.deep.equal(byWorker())
      expect(answer).to.have.property('kind', 'refused')
    })

    for (const [what, account] of [
      ['a newline', 'ada\n@example.com'],
      ['a NUL', 'ada\0@example.com'],
    ] as const)
      it(`calls no tool for an account with ${what}`, () => {
        login(account)
        const {answer, calls} = find()
        expect(calls).to.equal(0)
        expect(answer).to.deep.equal(byWorker())
      })

    for (const [what, changes] of Object.entries({
      'is for another host': {apiHost: 'api.example.com'},
      expires: {expiresAt: '2030-01-01T00:00:00.000Z'},
      'is older than one in .netrc': {savedIn: 'netrc', fingerprint: fingerprint('HRKU-newer')},
    }))
      it(`uses the record that a token ${what}, as the worker does`, async () => {
        await user.store(ada)
        user.write('.netrc', entries({...ada, token: 'HRKU-newer'}))
        record(changes)
        const {answer} = find()
        expect(answer).to.deep.equal(byWorker()).and.not.deep.equal(foundIn(ada.token))
      })

    it('is left to the worker if the tool is slow', () => {
      // The worker searches with --all, and needs the account, which is printed on stderr.
      const answer = `echo 'attribute.account = ${ada.account}' >&2; ${found}`
      secretTool(`case "$*" in *--all*) ${answer};; *) /usr/bin/sleep 1000;; esac`)
      expect(find(200)).to.deep.equal({answer: foundIn(ada.token), workers: 1, calls: 2})
    })

    it('ends a tool that hangs, with every process that the tool started', async () => {
      const pids = inRoot('pids')
      secretTool(`/usr/bin/sleep 1000 & echo "$$ $!" >>'${pids}'; wait`)
      const {answer, calls, workers} = find(200)
      expect({calls, workers}).to.deep.equal({calls: 2, workers: 1})
      expect(answer).to.have.nested.property('failure.message', late)
      const started = readFileSync(pids, 'utf8').trim().split(/\s/u).map(Number)
      expect(started).to.have.length(4)
      await until(() => !started.some(isRunning))
    })

    it('ends the children of a tool that has exited', async () => {
      const pid = inRoot('pid')
      secretTool(`${lookup('exit 1')}; [ -e '${pid}' ] && exit; /usr/bin/sleep 1000 & echo $! >'${pid}'`)
      expect(find(200).workers).to.equal(1)
      await until(() => !isRunning(Number(readFileSync(pid, 'utf8'))))
    })

    it('does not wait for a process of the tool in a session of its own', () => {
      const pid = inRoot('fled')
      secretTool(`/usr/bin/setsid /bin/sh -c 'echo $$ >>"$1"; exec /usr/bin/sleep 1000' sh '${pid}' & printf x`)
      try {
        expect(find(200).answer).to.have.nested.property('failure.message', late)
      } finally {
        for (const each of readFileSync(pid, 'utf8').trim().split('\n')) process.kill(Number(each), 'SIGKILL')
      }
    })

    it('leaves no signal listener behind', async () => {
      await user.store(ada)
      const listeners = () =>
        (['SIGINT', 'SIGTERM', 'SIGHUP', 'exit'] as const).map((event) => process.listenerCount(event))
      const before = listeners()
      find()
      await until(() => listeners().join() === before.join())
    })
  })

  describe('with the worker', () => {
    const workerOf = (script: string) => {
      const file = join(user.home, 'worker.cjs')
      writeFileSync(file, script)
      return pathToFileURL(file)
    }

    it('returns the answer', async () => {
      await user.store(ada)
      expect(byWorker()).to.deep.equal(foundIn(ada.token))
    })

    it('has a time limit of several keychain operations and gpg calls', () => {
      const context = {timeoutMs: 5000, gpgTimeoutMs: 60_000}
      for (const [each, least] of [
        [context, 6 * 65_000],
        [{timeoutMs: 60_000}, 6 * 120_000],
        [{timeoutMs: 5000}, 6 * 10_000],
      ] as const)
        expect(workerLimitMs(each)).to.be.greaterThan(least)
    })

    it('ignores NODE_OPTIONS', async () => {
      await user.store(ada)
      process.env.NODE_OPTIONS = '--require /nowhere.cjs'
      expect(byWorker()).to.deep.equal(foundIn(ada.token))
    })

    for (const [what, script] of Object.entries({
      'does not exist': undefined,
      'fails at its start': 'throw new Error("no")',
      'ends at once': 'process.exit()',
      'never ends': 'setInterval(() => undefined, 1000)',
      'prints something else': 'process.stdout.write("{}")',
      'prints half a reply': 'process.stdout.write(`{"ok":`)',
      'was killed': 'process.kill(process.pid, "SIGKILL")',
    }))
      it(`fails if the worker ${what}`, () => {
        const worker = script === undefined ? pathToFileURL(join(user.home, 'nowhere.cjs')) : workerOf(script)
        expect(askWorker(order(), 300, worker)).to.deep.equal({
          failed: {
            message: 'heroku-keychain failed: its worker process did not answer',
            hint: 'try again, or set HEROKU_API_KEY',
            exitCode: 1,
          },
        })
      })

    const inProcess = (script: string) =>
      spawnSync(process.execPath, ['--import', 'tsx', FIXTURE, workerOf(script).href], {encoding: 'utf8'})

    it('shows no byte of a token in NODE_DEBUG', () => {
      process.env.NODE_DEBUG = 'child_process'
      const {status, stderr, stdout} = inProcess('process.stdout.write(`{"ok":null}`)')
      expect({status, stdout}).to.deep.equal({status: 0, stdout: '{"ok":null}'})
      expect(stderr).to.match(/spawnSync/u)
      expect(stderr)
        .not.to.include(ada.token)
        .and.not.to.match(/<Buffer [0-9a-f]{2}/u)
    })

    for (const [signal, status] of Object.entries({SIGINT: 130, SIGTERM: 143, SIGHUP: 129}))
      for (const [when, script] of Object.entries({
        'while the worker starts': `process.kill(process.pid, '${signal}')`,
        'while the worker works': `process.exit(${status})`,
      }))
        it(`exits with status ${status} after ${signal} ${when}`, () => {
          expect(inProcess(script)).to.deep.include({status, stdout: ''})
        })
  })
})

/** Shell code that prints what `secret-tool search` prints on stdout for an item. */
function item(token: string): string {
  return `printf "[/1]\\nlabel = Heroku CLI\\nsecret = ${token}\\ncreated = 2026-01-01 00:00:00\\nmodified = 2026-01-01 00:00:00\\n"`
}
