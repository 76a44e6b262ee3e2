// An account whose token the keyring hides or cannot store: no command runs as another account, no login is
// lost, and a logout completes unless a store was unreachable.
import {expect} from 'chai'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'

const ada = 'ada@example.com'
const grace = 'grace@example.com'
const loginJson = '.local/share/heroku/login.json'
const ourJson = '.local/share/heroku/heroku-keychain.json'

/** Behaves like KeePassXC while its database is closed. */
const HIDES = 'case "$1" in search) exit 0;; lookup|clear) exit 1;; esac\nexec "$REAL" "$@"'
/** An environment as over SSH or in a container. */
const NO_SESSION = "echo 'secret-tool: Cannot autolaunch D-Bus without X11 $DISPLAY' >&2; exit 1"
/** Behaves like "confirm access", where each call is a new client and `clear` does not unlock. */
const NEVER_REMOVES = 'case "$1" in clear) exit 1;; esac\nexec "$REAL" "$@"'

describe('heroku-keychain inside heroku@11.10.0, with an unavailable account', function () {
  this.timeout(120_000)
  let it11: PluggedHost

  before(async function () {
    this.timeout(600_000)
    it11 = await startPluggedHost('11.10.0')
  })
  after(() => it11.stop())
  beforeEach(() => it11.reset())

  const login = async (account = ada) => {
    const {token} = it11.heroku.issue({account})
    const ended = await it11.run(['login', '--with-token'], {input: token})
    expect(ended.exitCode, ended.stderr).to.equal(0)
    return token
  }
  const files = () => Promise.all([loginJson, ourJson, '.netrc', '.gitconfig'].map((path) => it11.read(path)))
  const writeNetrc = (account: string, token: string) =>
    writeFile(
      join(it11.sandbox.home, '.netrc'),
      `machine ${it11.heroku.host}\n  login ${account}\n  password ${token}\n`,
      {mode: 0o600},
    )
  const fill = () =>
    it11.sandbox.run('git', ['credential', 'fill'], {
      input: `protocol=https\nhost=${it11.heroku.host}\n\n`,
      env: {...it11.env, GIT_TERMINAL_PROMPT: '0'},
    })
  const sent = (from = 0) => JSON.stringify(it11.heroku.requests.slice(from).map(({authorization}) => authorization))
  const gitLines = async () => ((await it11.read('.gitconfig')) ?? '').includes('credential')

  it('does not use another account in .netrc while the keyring hides the token, and ends no login', async () => {
    const token = await login()
    const other = it11.heroku.issue({account: grace}).token
    await writeNetrc(grace, other)
    const before = await files()
    await it11.secretTool(HIDES)

    for (const args of [['auth:token'], ['whoami'], ['logout'], ['logout', '--local'], ['accounts:remove', ada]]) {
      const {exitCode, stderr, stdout} = await it11.run(args)
      const said = `${args.join(' ')}: ${stdout}${stderr}`
      expect(exitCode, said).not.to.equal(0)
      if (args[0] !== 'accounts:remove') expect(said).to.include('the keyring does not show the token')
      expect(said).not.to.include('not logged in').and.not.to.include(other)
    }
    expect((await fill()).stdout).not.to.include(other)
    expect(sent()).not.to.include(other)
    expect([it11.heroku.revoked(token), it11.heroku.revoked(other)]).to.deep.equal([false, false])
    expect((await files()).slice(1)).to.deep.equal(before.slice(1))

    await it11.secretTool('exec "$REAL" "$@"')
    expect(await it11.run(['auth:token'])).to.deep.include({stdout: `${token}\n`, exitCode: 0})
    expect((await fill()).stdout).to.include(token)
    expect(await it11.run(['whoami'])).to.deep.include({stdout: `${ada}\n`, exitCode: 0})
  })

  it("does not make the keyring's only other account current, whichever commands failed", async () => {
    const other = await login(grace)
    const token = await login()
    const before = it11.heroku.requests.length
    await it11.keyring.clear({service: 'heroku-cli', account: ada})
    await it11.sandbox.run('rm', [join(it11.sandbox.home, loginJson)])
    for (const args of [['whoami'], ['auth:token'], ['apps']]) {
      const {exitCode, stderr, stdout} = await it11.run(args)
      expect(exitCode).not.to.equal(0)
      expect(`${stdout}${stderr}`).to.include('heroku login').and.not.to.include(other)
    }
    expect((await fill()).stdout).not.to.include(other)
    expect(sent(before)).not.to.include(other)
    await it11.keyring.store({
      label: 'Heroku CLI',
      attributes: {service: 'heroku-cli', account: ada},
      secret: token,
    })
    expect(await it11.run(['auth:token'])).to.deep.include({stdout: `${token}\n`, exitCode: 0})
  })

  for (const args of [['logout'], ['logout', '--local']])
    it(`completes ${args.join(' ')} of a token in .netrc without a D-Bus session, and a second one`, async () => {
      await it11.secretTool(NO_SESSION)
      const token = await login()
      expect(await it11.read('.netrc')).to.include(token)
      expect(await gitLines()).to.equal(true)
      expect(await it11.run(['whoami'])).to.deep.equal({stdout: `${ada}\n`, stderr: '', exitCode: 0})

      const first = await it11.run(args)
      expect(first.exitCode, first.stderr).to.equal(0)
      expect(first.stderr).to.include('the keyring was not queried')
      expect(it11.heroku.revoked(token)).to.equal(args.length === 1)
      expect(await it11.read('.netrc')).not.to.include(token)
      expect(await gitLines()).to.equal(false)
      expect(await it11.run(args)).to.deep.include({exitCode: 0})
      expect(await it11.run(['auth:token'])).to.deep.include({stdout: '', exitCode: 100})
    })

  it('never uses a revoked token that the keyring does not remove, and the suggested fix works', async () => {
    const token = await login()
    await it11.secretTool(NEVER_REMOVES)
    const {exitCode, stderr} = await it11.run(['logout'])
    expect({exitCode, isRevoked: it11.heroku.revoked(token)}).to.deep.equal({exitCode: 1, isRevoked: true})
    expect(stderr.replaceAll(/\s+›?\s*/gu, ' '))
      .to.include('is not used again')
      .and.to.include('delete the entry')
    const given = await it11.run(['auth:token'])
    expect(given).to.deep.include({stdout: '', exitCode: 100})
    expect(given.stderr).to.include('heroku login')
    expect((await fill()).stdout).not.to.include(token)
    expect((await it11.run(['logout'])).exitCode).to.equal(1)

    // As the user does in the keyring's own window.
    await it11.secretTool('exec "$REAL" "$@"')
    await it11.keyring.clear({service: 'heroku-cli', account: ada})
    expect(await it11.run(['logout'])).to.deep.include({exitCode: 0})
    expect(await gitLines()).to.equal(false)
    const newer = await login()
    expect(await it11.run(['auth:token'])).to.deep.include({stdout: `${newer}\n`, exitCode: 0})
  })
})
