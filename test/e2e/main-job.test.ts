import {expect} from 'chai'
import {mkdir, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {until} from '../support/listen.js'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'
import {keys, type Step} from '../support/terminal.js'

const VERSION = '11.10.0'
const ada = 'ada@example.com'
const loginJson = '.local/share/heroku/login.json'

describe(`heroku-keychain inside heroku@${VERSION}`, function () {
  this.timeout(60_000)
  let it11: PluggedHost

  before(async function () {
    this.timeout(600_000)
    it11 = await startPluggedHost(VERSION)
  })
  after(() => it11.stop())
  beforeEach(() => it11.reset())

  const browserLogin = () => it11.inTerminal(['login'], [{expect: 'Press any key', raw: true, send: 'x'}])
  const withToken = (env = {}) => it11.run(['login', '--with-token'], {input: `${it11.heroku.issue().token}\n`, env})
  const inKeyring = async () => (await it11.tokens()).map(({attributes, secret}) => [attributes.account, secret])
  const isValid = (token: string) => !it11.heroku.revoked(token)
  const typing = (password: string): Step[] => [
    {expect: 'Email:', send: `${ada}${keys.enter}`},
    {expect: 'Password:', send: `${password}${keys.enter}`},
  ]
  const issued = () => it11.heroku.tokens.at(-1)?.token ?? 'no token was issued'
  const netrcEntry = (host: string, account: string, token: string) =>
    `machine ${host}\n  login ${account}\n  password ${token}\n`

  it('does the main job: login, whoami, apps, token and logout, without ever writing .netrc', async () => {
    it11.heroku.apps.push({name: 'engine', owner: {email: ada}, region: {name: 'us'}})
    const login = await browserLogin()
    expect(login.exitCode).to.equal(0)
    expect(login.screen).to.include(`Logged in as ${ada}\nToken stored in the keyring\n`)
    expect(login.settings.after).to.equal(login.settings.before)
    const token = issued()
    expect(await it11.tokens()).to.deep.equal([
      {label: 'Heroku CLI', attributes: {service: 'heroku-cli', account: ada}, secret: token, locked: false},
    ])
    expect(await it11.read(loginJson)).to.equal(`{"account":"${ada}"}\n`)
    expect((await stat(join(it11.sandbox.home, loginJson))).mode & 0o777).to.equal(0o600)

    expect(await it11.run(['whoami'])).to.deep.equal({stdout: `${ada}\n`, stderr: '', exitCode: 0})
    expect((await it11.run(['apps'])).stdout).to.include('engine')
    expect(await it11.run(['auth:token'])).to.deep.equal({stdout: `${token}\n`, stderr: '', exitCode: 0})

    expect(await it11.run(['logout'])).to.deep.equal({
      stdout: `Removed the token of ${ada} from the keyring\n`,
      stderr: 'Logging out... done\n',
      exitCode: 0,
    })
    expect(isValid(token)).to.equal(false)
    expect(await it11.tokens()).to.deep.equal([])
    expect(await it11.read(loginJson)).to.equal(undefined)
    expect(await it11.read('.netrc')).to.equal(undefined)
    expect(await it11.run(['auth:token'])).to.deep.include({stdout: '', exitCode: 100})
  })

  describe('logs in', () => {
    it('with e-mail address and password', async () => {
      const login = await it11.inTerminal(['login', '-i'], [...typing('correct horse')])
      expect(login.exitCode).to.equal(0)
      expect(login.screen).to.include(`Logged in as ${ada}`).and.not.to.include('correct horse')
      expect(login.settings.after).to.equal(login.settings.before)
      expect(await inKeyring()).to.deep.equal([[ada, issued()]])
      const [seen] = it11.heroku.requestsTo('POST /oauth/authorizations')
      expect(JSON.parse(seen?.body ?? ''))
        .to.include({expires_in: 2_592_000})
        .and.to.deep.include({scope: ['global']})
    })

    it('with a two-factor code', async () => {
      Object.assign(it11.heroku.accounts[0] ?? {}, {twoFactorCode: '123456'})
      const login = await it11.inTerminal(
        ['login', '--interactive', '--expires-in', '3600'],
        [...typing('correct horse'), {expect: 'Two-factor code:', send: `123456${keys.enter}`}],
      )
      expect(login.exitCode).to.equal(0)
      expect(login.screen).not.to.include('123456')
      expect(await inKeyring()).to.deep.equal([[ada, issued()]])
      expect(JSON.parse(it11.heroku.requestsTo('POST /oauth/authorizations')[1]?.body ?? '')).to.include({
        expires_in: 3600,
      })
      expect((await it11.run(['auth:token'])).stderr).to.match(/^heroku: the token expires in 59 minutes\n$/u)
    })

    it('with a token on stdin, and no terminal', async () => {
      const {token} = it11.heroku.issue()
      const login = await it11.run(['login', '--with-token'], {input: `${token}\n`})
      expect(login).to.deep.equal({
        stdout: `Logged in as ${ada}\nToken stored in the keyring\n`,
        stderr: '',
        exitCode: 0,
      })
      expect(await inKeyring()).to.deep.equal([[ada, token]])
    })

    it('with a token that is typed or pasted at a terminal, which does not show it', async () => {
      const {token} = it11.heroku.issue()
      const login = await it11.inTerminal(
        ['login', '--with-token'],
        [{expect: 'Token:', send: `${token}${keys.enter}`}],
      )
      expect(login.exitCode, login.screen).to.equal(0)
      expect(login.screen).to.include(`Logged in as ${ada}`).and.not.to.include(token)
      expect(login.settings.after).to.equal(login.settings.before)
      expect(await inKeyring()).to.deep.equal([[ada, token]])
    })

    it("through an organization's SSO page", async () => {
      const {token} = it11.heroku.issue({kind: 'session'})
      const login = await it11.inTerminal(
        ['login', '--sso'],
        [{expect: 'Access token:', send: `${token}${keys.enter}`}],
        {SSO_URL: `${it11.heroku.url}/sso`},
      )
      expect(login.exitCode).to.equal(0)
      expect(login.screen).to.include(`${it11.heroku.url}/sso`).and.not.to.include(token)
      expect(await inKeyring()).to.deep.equal([[ada, token]])
    })

    it('even if the login host fails twice', async () => {
      it11.heroku.browserLogin.serverErrors = 2
      expect((await browserLogin()).exitCode).to.equal(0)
      expect(await inKeyring()).to.deep.equal([[ada, issued()]])
    })
  })

  describe('does not log in', () => {
    const nothingStored = async () => {
      expect(await it11.tokens()).to.deep.equal([])
      expect(await it11.read('.netrc')).to.equal(undefined)
      expect(await it11.read(loginJson)).to.equal(undefined)
    }

    it('without a terminal, and prints what to do instead', async () => {
      const {exitCode, stderr, stdout} = await it11.run(['login'])
      expect({exitCode, stdout}).to.deep.equal({exitCode: 1, stdout: ''})
      expect(stderr).to.include('--with-token').and.to.include('HEROKU_API_KEY')
      expect(it11.heroku.requests).to.deep.equal([])
    })

    for (const [key, name, exitCode] of [
      ['q', 'q', 0],
      [keys.ctrlC, 'Ctrl-C', 130],
    ] as const) {
      it(`when the user presses ${name}, and restores the terminal`, async () => {
        const login = await it11.inTerminal(['login'], [{expect: 'Press any key', raw: true, send: key}])
        expect(login.exitCode).to.equal(exitCode)
        expect(login.settings.after).to.equal(login.settings.before)
        expect(it11.heroku.requests).to.deep.equal([])
      })
    }

    it('with a password that lacks its leading and trailing spaces', async () => {
      Object.assign(it11.heroku.accounts[0] ?? {}, {password: ' correct horse '})
      const login = (password: string) => it11.inTerminal(['login', '-i'], [...typing(password)])
      expect((await login('correct horse')).exitCode).to.equal(1)
      await nothingStored()
      expect((await login(' correct horse ')).exitCode).to.equal(0)
    })

    it('at Ctrl-C or Ctrl-D at the password prompt, and restores the terminal', async () => {
      for (const key of [keys.ctrlC, keys.ctrlD]) {
        const login = await it11.inTerminal(
          ['login', '-i'],
          [
            {expect: 'Email:', send: `${ada}${keys.enter}`},
            {expect: 'Password:', raw: true, send: key},
          ],
        )
        expect(login.exitCode).to.equal(130)
        expect(login.settings.after).to.equal(login.settings.before)
      }

      expect(it11.heroku.requests).to.deep.equal([])
    })

    it('at Ctrl-C while it waits for the browser', async () => {
      it11.heroku.browserLogin.answer = 'never'
      const login = await it11.inTerminal(
        ['login'],
        [
          {expect: 'Press any key', raw: true, send: 'x'},
          {expect: 'waiting for you to log in', send: keys.ctrlC},
        ],
      )
      expect(login.exitCode).to.equal(130)
      expect(login.settings.after).to.equal(login.settings.before)
      await nothingStored()
    })

    it('at Ctrl-C while it waits for the API; an issued token is revoked', async () => {
      it11.heroku.faults.set('/account', 'hang')
      const asked = (call: string) => ({then: () => until(() => it11.heroku.requestsTo(call).length > 0)})
      const browser = await it11.inTerminal(
        ['login'],
        [
          {expect: 'Press any key', raw: true, send: 'x'},
          {...asked('GET /account'), send: keys.ctrlC},
        ],
      )
      expect(browser.exitCode, browser.screen).to.equal(130)
      expect(it11.heroku.revoked(issued())).to.equal(true)
      it11.heroku.faults.set('/oauth/authorizations', 'hang')
      const password = await it11.inTerminal(
        ['login', '-i'],
        [...typing('correct horse'), {...asked('POST /oauth/authorizations'), send: keys.ctrlC}],
      )
      expect(password.exitCode, password.screen).to.equal(130)
      await nothingStored()
    })

    it('when the user denies access in the browser', async () => {
      it11.heroku.browserLogin.answer = {error: 'access denied\u001B[31m'}
      const login = await browserLogin()
      expect(login.exitCode).to.equal(1)
      expect(login.screen).to.include('login was refused: access denied\uFFFD[31m')
      await nothingStored()
    })

    it('with a wrong password, an invalid token, or none', async () => {
      const login = await it11.inTerminal(['login', '-i'], [...typing('wrong horse')])
      expect(login.exitCode).to.equal(1)
      expect(await it11.run(['login', '--with-token'], {input: 'HRKU-none\n'})).to.deep.include({
        exitCode: 1,
        stdout: '',
      })
      expect(await it11.run(['login', '--with-token'])).to.deep.include({exitCode: 1, stdout: ''})
      const stopped = await it11.inTerminal(['login', '--with-token'], [{expect: 'Token:', send: keys.ctrlC}])
      expect(stopped.exitCode).to.equal(130)
      await nothingStored()
    })

    it('if the API requires two-factor authentication to be enabled first', async () => {
      Object.assign(it11.heroku.accounts[0] ?? {}, {deviceTrustRequired: true})
      const login = await it11.inTerminal(['login', '-i'], [...typing('correct horse')])
      expect(login.exitCode).to.equal(1)
      expect(login.screen).to.include('enable two-factor authentication')
    })

    it('with a lifetime of over thirty days', async () => {
      const login = await it11.run(['login', '-i', '-e', '2592001'])
      expect(login.exitCode).not.to.equal(0)
      expect(login.stderr).to.include('2592000')
    })
  })

  describe('with HEROKU_NETRC_WRITE=true', () => {
    const env = {HEROKU_NETRC_WRITE: 'True'}

    it("logs in and out using only .netrc, and does not start the keychain's tool", async () => {
      const alarm = join(it11.sandbox.root, 'started')
      await it11.secretTool(`touch '${alarm}'; exit 1`)
      const other = 'machine example.com login me password secret # kept\n'
      await writeFile(join(it11.sandbox.home, '.netrc'), other)
      const login = await withToken(env)
      const {host} = it11.heroku
      expect(login.exitCode).to.equal(0)
      expect(login.stdout).to.include('.netrc, in plain text')
      expect(await it11.read('.netrc')).to.equal(`${other}${netrcEntry(host, ada, issued())}`)
      expect(await it11.run(['auth:token'], {env})).to.deep.equal({stdout: `${issued()}\n`, stderr: '', exitCode: 0})
      expect((await it11.run(['logout'], {env})).exitCode).to.equal(0)
      expect(isValid(issued())).to.equal(false)
      expect(await it11.read('.netrc')).to.equal(other)
      expect(await stat(alarm).catch(() => 'not there')).to.equal('not there')
      expect(await it11.read(loginJson)).to.equal(undefined)
    })

    it('leaves the token in the keyring unchanged', async () => {
      await withToken()
      const kept = issued()
      await withToken(env)
      await it11.run(['logout'], {env})
      expect(await inKeyring()).to.deep.equal([[ada, kept]])
      expect(isValid(kept)).to.equal(true)
    })
  })

  it('refuses login and logout while HEROKU_API_KEY is set, and sends no request to Heroku', async () => {
    const env = {HEROKU_API_KEY: it11.heroku.issue().token}
    for (const args of [['login'], ['login', '--with-token'], ['logout']]) {
      const {exitCode, stderr, stdout} = await it11.run(args, {env})
      expect({exitCode, stdout}).to.deep.equal({exitCode: 1, stdout: ''})
      expect(stderr).to.include('unset HEROKU_API_KEY')
    }

    expect(await it11.run(['auth:token'], {env})).to.deep.include({stdout: `${env.HEROKU_API_KEY}\n`})
    expect(it11.heroku.requests).to.deep.equal([])
    expect(isValid(env.HEROKU_API_KEY)).to.equal(true)
  })

  describe("shares the keyring with the CLI's own code", () => {
    const uninstalled = async (action: () => Promise<void>) => {
      const pjson = join(it11.dataDir, 'package.json')
      const ours = await it11.read('.local/share/heroku/package.json')
      await writeFile(pjson, JSON.stringify({private: true, oclif: {schema: 1, plugins: []}, dependencies: {}}))
      try {
        await action()
      } finally {
        await writeFile(pjson, ours ?? '')
      }
    }

    it('reads and removes the token that the CLI stored', async () => {
      await uninstalled(async () => {
        const login = await it11.inTerminal(['login'], [{expect: 'Press any key', raw: true, send: 'x'}])
        expect(login.screen).to.include(`Logged in as ${ada}`).and.not.to.include('Token stored')
      })
      expect(await it11.run(['auth:token'])).to.deep.equal({stdout: `${issued()}\n`, stderr: '', exitCode: 0})
      expect((await it11.run(['logout'])).exitCode).to.equal(0)
      expect(isValid(issued())).to.equal(false)
      expect(await it11.tokens()).to.deep.equal([])
    })

    it('stores a token that the CLI reads and removes', async () => {
      await browserLogin()
      await uninstalled(async () => {
        expect((await it11.run(['auth:token'])).stdout).to.equal(`${issued()}\n`)
        expect((await it11.run(['logout'])).exitCode).to.equal(0)
      })
      expect(await it11.tokens()).to.deep.equal([])
    })
  })

  it('runs our commands and aliases, also with --help', async () => {
    for (const args of [
      ['login', '--help'],
      ['auth:login', '--help'],
      ['help', 'login'],
    ])
      expect((await it11.run(args)).stdout).to.include('--with-token')
    expect((await it11.run(['logout', '--help'])).stdout).to.include('--local')
    expect((await it11.run(['auth:token', '--help'])).stdout).to.include('--verify')
  })

  it('creates the data folder as private', async () => {
    const elsewhere = join(it11.sandbox.home, 'elsewhere')
    await mkdir(elsewhere, {recursive: true})
    const env = {XDG_DATA_HOME: elsewhere}
    // A new data folder has no plugins, so the test runs the plugin's own program instead of the host.
    const bin = join(it11.dataDir, 'node_modules', 'heroku-keychain', 'bin', 'run.js')
    const {token} = it11.heroku.issue()
    const login = await it11.sandbox.run(bin, ['auth:login', '--with-token'], {
      env: {...it11.env, ...env},
      input: token,
    })
    expect(login.exitCode).to.equal(0)
    expect((await stat(join(elsewhere, 'heroku'))).mode & 0o777).to.equal(0o700)
  })
})
