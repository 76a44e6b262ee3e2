// The keyring asked without a thread: which must make no difference but to time.
import {expect} from 'chai'
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {type AskedAhead, runUnlessAskedAhead} from '../../src/asked-ahead.js'
import {fingerprint} from '../../src/credentials/login-state.js'
import {askStandingStill} from '../../src/host/ask-standing-still.js'
import type {Answer} from '../../src/host/netrc-answer.js'
import {openSyncCredentials} from '../../src/host/sync-credentials.js'
import {startThread} from '../../src/host/thread.js'
import {startPolledTool, waitStandingStill} from '../../src/polled-tool.js'
import {until} from '../support/listen.js'
import {freshNetrcReader} from '../support/netrc-reader.js'
import {isRunning} from '../support/processes.js'
import {ada, entries} from '../support/user.js'

describe('asking the keyring at once', function () {
  this.timeout(60_000)
  const user = freshNetrcReader()
  let threads: number
  let realTool: string

  const count = () => {
    threads++
  }
  const login = (account = ada.account) => {
    user.write('data/login.json', `${JSON.stringify({account})}\n`)
  }
  const toolPath = () => join(user.sandbox.root, 'tools', 'secret-tool')
  const calls = () => join(user.sandbox.root, 'calls')
  /** Puts a shell script in the place of secret-tool. */
  const secretTool = (script: string) => {
    writeFileSync(toolPath(), `#!/bin/sh\necho >>'${calls()}'\n${script}\n`)
  }
  before(() => {
    realTool = readFileSync(toolPath(), 'utf8')
  })
  beforeEach(() => {
    login()
    threads = 0
    process.on('worker', count)
  })
  afterEach(() => {
    process.off('worker', count)
    writeFileSync(toolPath(), realTool)
  })

  const late = 'the token cannot be read: the keyring did not answer within 5 s'
  const openFiles = () => readdirSync('/proc/self/fd').length
  const foundIn = (token: string, account = ada.account): Answer => ({
    kind: 'found',
    found: {account, token, source: 'secret-service', place: 'the keyring'},
  })
  /** The answer, and what it took: 'worker' is told one turn later. The machine may be slow, if nothing else is said. */
  const find = async (atOnceMs = 20_000) => {
    const start = () => startThread(user.thread)
    const config = {bin: 'heroku', dataDir: join(user.home, 'data')}
    const answer = openSyncCredentials(config, {start, atOnceMs}).find()
    await new Promise(setImmediate)
    return {answer, threads, calls: user.calls()}
  }
  /** The answer of a thread that asks by itself. */
  const byThread = () => {
    const order = {request: {verb: 'find' as const}, bin: 'heroku', dataDir: join(user.home, 'data'), terminal: false}
    const reply = askStandingStill(startThread(user.thread), order, {timeoutMs: 5000})
    return 'ok' in reply ? reply.ok : reply.failed
  }

  it('takes one call, and no thread', async () => {
    await user.store(ada)
    expect(await find()).to.deep.equal({answer: foundIn(ada.token), threads: 0, calls: 1})
  })

  it('takes the account to the letter', async () => {
    const account = `"a'b$(touch x)\`id\` *\\é@example.com`
    login(account)
    await user.store({...ada, account})
    expect(await find()).to.deep.equal({answer: foundIn(ada.token, account), threads: 0, calls: 1})
  })

  it('gives the tool the environment that every tool has', async () => {
    Object.assign(process.env, {
      HEROKU_API_KEY: '',
      G_MESSAGES_DEBUG: 'all',
      G_DBUS_DEBUG: 'all',
      LC_ALL: 'de_DE.UTF-8',
    })
    secretTool(
      `printf 'HRKU-%s' "\${HEROKU_API_KEY-none}\${G_MESSAGES_DEBUG-none}\${G_DBUS_DEBUG-none}$LC_ALL$CHARSET"`,
    )
    expect(await find()).to.deep.equal({answer: foundIn('HRKU-nonenonenoneCUTF-8'), threads: 0, calls: 1})
  })

  for (const [when, script] of [
    ['before it has said anything', `/usr/bin/sleep 0.5; printf ${ada.token}`],
    ['in the midst of the token', `printf HRKU-; /usr/bin/sleep 0.5; printf adas`],
    ['between the token and its end', `printf ${ada.token}; exec >&- 2>&-; /usr/bin/sleep 0.5`],
  ] as const)
    it(`has a thread wait for a tool that takes its time ${when}, and asks it no second time`, async () => {
      secretTool(script)
      expect(await find(200)).to.deep.equal({answer: foundIn(ada.token), threads: 1, calls: 1})
    })

  it('is left to a thread where no account is on record', async () => {
    await user.store(ada)
    user.write('data/login.json', '{}')
    const {answer, threads} = await find()
    expect({answer, threads}).to.deep.equal({answer: foundIn(ada.token), threads: 1})
  })

  for (const [what, script, times] of [
    ['no token', '[ "$1" = search ] || exit 1', 2],
    ['trouble', 'echo "secret-tool: Cannot autolaunch D-Bus without X11 \\$DISPLAY" >&2; exit 1', 1],
    ['a token and a failure', `printf ${ada.token}; exit 3`, 1],
    ['a token and a warning', `echo warning >&2; printf ${ada.token}`, 1],
    ['a token on stderr', `printf ${ada.token} >&2`, 2],
    ['two lines', `printf '${ada.token}\\n'`, 1],
    ['what is no ASCII', String.raw`printf 'HRKU-\303\251'`, 1],
    ['a NUL', `printf '${ada.token}\\000'`, 1],
    ['nothing at all', '', 2],
    ['far too much', 'exec /usr/bin/head -c 5000000 /dev/zero', 2],
    ['its end by a signal', `printf ${ada.token}; kill -9 $$`, 2],
  ] as const)
    it(`makes of ${what} what a thread makes of it`, async () => {
      secretTool(script)
      const {answer, calls, threads} = await find()
      expect({calls, threads}).to.deep.equal({calls: times, threads: 1})
      expect(answer).to.deep.equal(byThread())
    })

  it('makes of a tool that cannot be started what a thread makes of it', async () => {
    writeFileSync(toolPath(), 'no program')
    const {answer} = await find()
    expect(answer).to.deep.equal(byThread())
    expect(answer).to.have.property('kind', 'refused')
  })

  for (const [what, account] of [
    ['a line’s end', 'ada\n@example.com'],
    ['a NUL', 'ada\0@example.com'],
  ] as const)
    it(`asks nothing for an account with ${what}`, async () => {
      login(account)
      const {answer, calls} = await find()
      expect(calls).to.equal(0)
      expect(answer).to.deep.equal(byThread())
    })

  for (const [what, record] of [
    ['is for another host', {apiHost: 'api.example.com', token: ada.token}],
    ['is valid until a day', {expiresAt: '2030-01-01T00:00:00.000Z', token: ada.token}],
    ['came before one that went to .netrc', {savedIn: 'netrc', token: 'HRKU-newer'}],
  ] as const)
    it(`knows by the record that a token ${what}`, async () => {
      await user.store(ada)
      user.write('.netrc', entries({...ada, token: 'HRKU-newer'}))
      const {token, ...changes} = record
      const {account} = ada
      const usual = {account, apiHost: 'api.heroku.com', savedIn: 'secret-service', fingerprint: fingerprint(token)}
      const tokens = [{...usual, ...changes}]
      user.write('data/heroku-keychain.json', JSON.stringify({version: 1, account, loggedOut: false, tokens}))
      const {answer} = await find()
      expect(answer).to.deep.equal(byThread()).and.not.deep.equal(foundIn(ada.token))
    })

  it('waits no longer than a keychain may take, and ends the tool with all that it has started', async () => {
    const pids = join(user.sandbox.root, 'pids')
    secretTool(`/usr/bin/sleep 1000 & echo "$$ $!" >'${pids}'; wait`)
    const {answer, calls, threads} = await find(200)
    expect({calls, threads}).to.deep.equal({calls: 1, threads: 1})
    expect(answer).to.have.nested.property('trouble.message', late)
    const started = readFileSync(pids, 'utf8').trim().split(' ').map(Number)
    expect(started).to.have.length(2)
    await until(() => !started.some(isRunning))
  })

  it('does not wait for who fled, and has the process not wait for them either', async () => {
    const pid = join(user.sandbox.root, 'pid')
    const before = openFiles()
    secretTool(`/usr/bin/setsid /bin/sh -c 'echo $$ >"$1"; exec /usr/bin/sleep 1000' sh '${pid}' & printf ${ada.token}`)
    try {
      expect((await find(200)).answer).to.have.nested.property('trouble.message', late)
      await until(() => openFiles() <= before)
    } finally {
      process.kill(Number(readFileSync(pid, 'utf8')), 'SIGKILL')
    }
  })

  it('leaves no open file and no listener behind', async () => {
    await user.store(ada)
    const listeners = () =>
      (['SIGINT', 'SIGTERM', 'SIGHUP', 'exit'] as const).map((event) => process.listenerCount(event))
    await find()
    const before = {files: openFiles(), listeners: listeners()}
    for (let times = 0; times < 5; times++) await find()
    await until(() => openFiles() <= before.files)
    expect(listeners()).to.deep.equal(before.listeners)
    expect(threads).to.equal(0)
  })

  it('is not done again by a thread that a signal is about to end', async () => {
    let ended = false
    let again = 0
    const asked: AskedAhead = {
      look: () => (ended ? undefined : 'none yet'),
      endTool() {
        ended = true
      },
    }
    const run = runUnlessAskedAhead(asked, () => {
      again++
      return Promise.resolve({ended: 'timed-out'})
    })
    // As in a thread, which its process ends: somebody else listens, too, so that ours does not end the process.
    const goesOn = () => undefined
    process.on('SIGHUP', goesOn)
    try {
      const before = process.listeners('SIGHUP')
      const ran = run('/tool', [], {timeoutMs: 20_000})
      const ours = process.listeners('SIGHUP').filter((each) => !before.includes(each))
      expect(ours).to.have.length(1)
      ours[0]?.('SIGHUP')
      expect(await ran).to.deep.equal({ended: 'interrupted', signal: 'SIGHUP'})
      expect(again).to.equal(0)
    } finally {
      process.off('SIGHUP', goesOn)
    }
  })

  it('is void once events were heard, which take the exit status with them', async () => {
    const call = ['/bin/sh', '-c', 'printf x'] as const
    const tool = startPolledTool(call)
    expect(waitStandingStill(() => tool?.look(call), 20_000)).to.deep.equal({
      ended: 'exited',
      code: 0,
      stdout: 'x',
      stderr: '',
    })
    const pid = tool?.handOver().pid
    await until(() => !existsSync(`/proc/${pid}`))
    expect(tool?.look(call)).to.equal(undefined)
    tool?.close()
  })
})
