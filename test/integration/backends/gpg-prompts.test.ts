// gpg's prompt on a terminal, by the real pinentry-curses: answered, dismissed, and ended before its answer.
import {expect} from 'chai'
import {spawnSync} from 'node:child_process'
import {mkdirSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {freshFolder} from '../../support/fresh-folder.js'
import {type KeyRing, keyRings} from '../../support/key-ring.js'
import {buildWorker} from '../../support/netrc-worker.js'
import {inTerminal, keys, type Step} from '../../support/terminal.js'

const FIXTURE = fileURLToPath(new URL('../../fixtures/gpg/read-token.ts', import.meta.url))
const PASSPHRASE = 'open sesame'
const TOKEN = 'HRKU-1'
/** To the button "OK", to "Cancel", and press it. */
const CANCEL = `\t\t${keys.enter}`

/** Longer than any of these tests waits. */
const LATE_MS = '25000'

// A pseudo-terminal's user.
const describeOnLinux = process.platform === 'linux' ? describe : () => undefined

describeOnLinux("gpg's prompt on a terminal", function () {
  this.timeout(40_000)
  const folder = freshFolder()
  const rings = keyRings()
  let ring: KeyRing

  const files = {
    'password-store': () => folder.path('.password-store/heroku-cli/ada@example.com.gpg'),
    netrc: () => folder.path('.netrc.gpg'),
  }
  type Store = keyof typeof files
  const contents = {'password-store': TOKEN, netrc: `machine api.heroku.com login ada@example.com password ${TOKEN}\n`}

  const seal = (store: Store) => {
    ring.gpg(['--trust-model', 'always', '-r', 'ada', '--output', files[store](), '--encrypt'], contents[store])
  }
  const gpg = (...args: string[]) =>
    spawnSync('gpg', ['--batch', ...args], {env: {...process.env, ...ring.env}, timeout: 20_000, encoding: 'utf8'})
  const read = (store: Store, runner: string, timeoutMs: string, steps: Step[]) =>
    inTerminal(process.execPath, ['--import', 'tsx', FIXTURE, store, runner, timeoutMs], {
      env: {PATH: process.env.PATH ?? '', HOME: folder.path(''), HEROKU_NETRC_WRITE: 'true', ...ring.env},
      cwd: process.cwd(),
      steps,
    })
  const pinentries = () => {
    const agent = spawnSync('gpg-connect-agent', ['getinfo pid', '/bye'], {env: {...process.env, ...ring.env}})
    const pid = /^D (\d+)/mu.exec(String(agent.stdout))?.[1] ?? 'none'
    return spawnSync('ps', ['-o', 'comm=', '--ppid', pid], {encoding: 'utf8'}).stdout
  }
  const prompt: Step = {expect: 'passphrase', raw: true}
  const type = (text: string): Step => ({...prompt, send: text + keys.enter})
  /** The terminal is as it was, no pinentry is left, and the next gpg is not kept waiting by it. */
  const expectNoTrace = (
    store: Store,
    {settings, left}: {settings: {before: string; after: string}; left: string[]},
  ) => {
    expect(settings.after).to.equal(settings.before)
    expect(left).to.deep.equal([])
    expect(pinentries()).to.equal('')
    const began = performance.now()
    expect(gpg('--pinentry-mode', 'error', '--decrypt', files[store]()).status).to.equal(2)
    const unattended = ['--pinentry-mode', 'loopback', '--passphrase', PASSPHRASE]
    expect(gpg(...unattended, '--decrypt', files[store]()).stdout).to.equal(contents[store])
    expect(performance.now() - began).to.be.below(1000)
  }

  before(() => {
    ring = rings.create(['ada'], PASSPHRASE)
    ring.usePinentry('/usr/bin/pinentry-curses')
  })
  beforeEach(() => {
    mkdirSync(folder.path('.password-store/heroku-cli'), {recursive: true})
    folder.write('.password-store/.gpg-id', 'ada\n')
    // Outside of the terminal, so that it outlives the session.
    spawnSync('gpg-connect-agent', ['/bye'], {env: {...process.env, ...ring.env}})
  })
  afterEach(() => {
    ring.endAgent()
  })

  describe('of the password store', () => {
    beforeEach(() => {
      seal('password-store')
    })

    it('takes the passphrase', async () => {
      const session = await read('password-store', 'run', LATE_MS, [type(PASSPHRASE)])
      expect(session.screen).to.include(`token: ${TOKEN}\n`)
      expect(session.settings.after).to.equal(session.settings.before)
      expect(pinentries()).to.equal('')
    })

    it('denies after three wrong passphrases', async () => {
      const session = await read('password-store', 'run', LATE_MS, [
        type('wrong'),
        {...type('wrong'), expect: 'try 2 of 3'},
        {...type('wrong'), expect: 'try 3 of 3'},
      ])
      expect(session.screen).to.include('denied: gpg was not given the passphrase to read heroku-cli/ada@example.com\n')
      expectNoTrace('password-store', session)
    })

    it('denies if it is dismissed', async () => {
      const session = await read('password-store', 'run', LATE_MS, [{...prompt, send: CANCEL}])
      expect(session.screen).to.include('denied: gpg was not given the passphrase')
      expectNoTrace('password-store', session)
    })
  })

  describe("of a .netrc.gpg, by netrc-parser's worker while this process is blocked,", () => {
    let worker: string
    before(async () => {
      worker = (await buildWorker(ring.home)).href
    })
    beforeEach(() => {
      seal('netrc')
    })

    it('takes the passphrase', async () => {
      const session = await read('netrc', worker, LATE_MS, [type(PASSPHRASE)])
      expect(session.screen).to.include(`"token":"${TOKEN}"`)
    })

    for (const [signal, exitCode] of Object.entries({SIGINT: 130, SIGTERM: 143, SIGHUP: 129}))
      it(`is gone after ${signal === 'SIGINT' ? 'Ctrl-C' : signal}`, async () => {
        const end = signal === 'SIGINT' ? {send: keys.ctrlC} : {signal: signal as NodeJS.Signals}
        const session = await read('netrc', worker, LATE_MS, [{...prompt, ...end}])
        expect(session.exitCode).to.equal(exitCode)
        expectNoTrace('netrc', session)
      })
  })

  for (const store of ['password-store', 'netrc'] as const)
    for (const runner of ['run', 'spawnTool'])
      describe(`of ${store === 'netrc' ? 'a .netrc.gpg' : 'the password store'}, by ${runner},`, () => {
        beforeEach(() => {
          seal(store)
        })

        it('is gone after the timeout', async () => {
          const session = await read(store, runner, '2000', [prompt])
          expect(session.screen).to.match(/^timed-out: .*gpg did not answer within 2 s$/mu)
          expectNoTrace(store, session)
        })

        it('is gone after Ctrl-C', async () => {
          const session = await read(store, runner, LATE_MS, [{...prompt, send: keys.ctrlC}])
          expect(session.signal).to.equal('SIGINT')
          expectNoTrace(store, session)
        })

        for (const signal of ['SIGTERM', 'SIGHUP'] as const)
          it(`is gone after ${signal}`, async () => {
            const session = await read(store, runner, LATE_MS, [{...prompt, signal}])
            expect(session.signal).to.equal(signal)
            expectNoTrace(store, session)
          })

        it('is gone when this process exits', async () => {
          const session = await read(store, runner, LATE_MS, [{...prompt, signal: 'SIGUSR2'}])
          expect(session.exitCode).to.equal(7)
          expectNoTrace(store, session)
        })
      })
})
