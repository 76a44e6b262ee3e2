// A login that expires, in real Heroku CLIs: recorded, warned of once a day, and not used once it is over.
import {expect} from 'chai'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {until} from '../support/listen.js'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'
import {withReadOnly} from '../support/read-only.js'
import {keys} from '../support/terminal.js'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

for (const version of ['10.17.0', '11.10.0'])
  describe(`a login that expires, in heroku@${version}`, function () {
    this.timeout(120_000)
    let host: PluggedHost

    before(async function () {
      this.timeout(600_000)
      host = await startPluggedHost(version)
    })
    after(() => host.stop())
    beforeEach(() => host.reset())

    const login = async () => {
      const {token} = host.heroku.issue({expiresAt: Date.now() + 30 * DAY})
      const ended = await host.run(['login', '--with-token'], {input: token})
      expect(ended.exitCode, ended.stderr).to.equal(0)
      return token
    }
    const file = () => join(host.dataDir, 'heroku-keychain.json')
    const expiresAt = async () => /"expiresAt": "([^"]+)"/u.exec(await readFile(file(), 'utf8'))?.[1] ?? ''
    /** Moves the recorded expiry. */
    const expire = async (ms: number) => {
      const moved = (await readFile(file(), 'utf8')).replace(await expiresAt(), new Date(Date.now() + ms).toISOString())
      await writeFile(file(), moved)
    }
    const sent = (from = 0) => JSON.stringify(host.heroku.requests.slice(from).map(({authorization}) => authorization))

    it('has its expiry recorded', async () => {
      await login()
      expect(Date.parse(await expiresAt())).to.be.closeTo(Date.now() + 30 * DAY, MINUTE)
      expect(await host.run(['whoami'])).to.deep.equal({exitCode: 0, stdout: 'ada@example.com\n', stderr: ''})
    })

    it('has none recorded by any login or migrate while the clock is wrong by more than a day', async () => {
      host.heroku.clockOffset = 2 * DAY
      const typing = [
        {expect: 'Email:', send: `ada@example.com${keys.enter}`},
        {expect: 'Password:', send: `correct horse${keys.enter}`},
      ]
      const migrated = async () => {
        const {token} = host.heroku.issue({expiresAt: Date.now() + 30 * DAY})
        const entry = `machine ${host.heroku.host}\n  login ada@example.com\n  password ${token}\n`
        await writeFile(join(host.sandbox.home, '.netrc'), entry, {mode: 0o600})
        return host.run(['auth:migrate', '--force'])
      }
      for (const store of [login, () => host.inTerminal(['login', '-i'], typing), migrated]) {
        await store()
        expect(await readFile(file(), 'utf8'))
          .to.include('"account": "ada@example.com"')
          .and.not.to.include('expiresAt')
      }
      host.heroku.clockOffset = 0
      await migrated()
      expect(Date.parse(await expiresAt())).to.be.closeTo(Date.now() + 30 * DAY, MINUTE)
    })

    it('warns once in two commands, and goes on', async () => {
      await login()
      await expire(2 * DAY + MINUTE)
      const runs = [await host.run(['whoami']), await host.run(['whoami'])]
      for (const {exitCode, stdout} of runs) expect([exitCode, stdout]).to.deep.equal([0, 'ada@example.com\n'])
      expect(runs[0]?.stderr).to.match(
        /^heroku: your Heroku login expires in 2 days, on \w+day at \d\d:\d\d; to renew it: heroku login\n$/u,
      )
      expect(runs[1]?.stderr).to.equal('')
    })

    it('warns of nothing where the day of the warning cannot be recorded, rather than in each command', async () => {
      await login()
      await expire(2 * DAY + MINUTE)
      const readOnly = withReadOnly(host.dataDir, 'heroku', ['whoami'])
      expect(await host.sandbox.run(...readOnly, {env: host.env})).to.deep.equal({
        exitCode: 0,
        stdout: 'ada@example.com\n',
        stderr: '',
      })
    })

    it('is not used once it is over, and a login replaces it', async () => {
      const token = await login()
      await expire(-MINUTE)
      const {length} = host.heroku.requests
      const {exitCode, stderr, stdout} = await host.run(['whoami'])
      expect(stderr.replaceAll(/\s+(?:›\s+)?/gu, ' '), stdout).to.match(
        /ada@example\.com's login expired on \d{4}-\d\d-\d\d at \d\d:\d\d/u,
      )
      expect(exitCode).to.equal(100)
      expect(sent(length)).not.to.include(token)
      const newer = await login()
      expect(newer).not.to.equal(token)
      expect(await host.run(['whoami'])).to.include({exitCode: 0, stdout: 'ada@example.com\n'})
    })

    it('is over, and a logout still removes it', async () => {
      await login()
      await expire(-MINUTE)
      expect(await host.run(['logout'])).to.include({exitCode: 0})
      expect(await host.tokens()).to.deep.equal([])
    })

    it('stays after Ctrl-C while the API is asked for its expiry', async () => {
      host.heroku.faults.set('GET /oauth/authorizations', 'hang')
      const asked = () => until(() => host.heroku.requestsTo('GET /oauth/authorizations').length > 0)
      const {exitCode, screen} = await host.inTerminal(
        ['login'],
        [
          {expect: 'Press any key', raw: true, send: 'x'},
          {then: asked, send: keys.ctrlC},
        ],
      )
      expect(screen).to.include('Logged in as ada@example.com').and.not.to.include('cancelled')
      expect(exitCode).not.to.equal(0)
      expect(host.heroku.tokens.map(({revoked}) => revoked)).to.deep.equal([false])
      expect(await host.run(['whoami'])).to.include({exitCode: 0, stdout: 'ada@example.com\n'})
    })
  })
