import {expect} from 'chai'
import {mkdir, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'
import {toldToEnd} from '../support/told-to-end.js'
import {endsWithin} from '../support/tool-time.js'
import {traced} from '../support/trace.js'
import {saidBy} from './scenarios/cell.js'

const ada = 'ada@example.com'
const grace = 'grace@example.com'
const loginJson = '.local/share/heroku/login.json'

describe('heroku-keychain inside heroku@11.10.0, with failures', function () {
  this.timeout(60_000)
  let it11: PluggedHost

  before(async function () {
    this.timeout(600_000)
    it11 = await startPluggedHost('11.10.0')
  })
  after(() => it11.stop())
  beforeEach(() => it11.reset())

  const login = async (account = ada, env = {}) => {
    const {token} = it11.heroku.issue({account})
    return {token, ...(await it11.run(['login', '--with-token'], {input: token, env}))}
  }

  const inKeyring = async () => (await it11.tokens()).map(({attributes, secret}) => [attributes.account, secret])
  const entry = (account: string, token: string) =>
    `machine ${it11.heroku.host}\n  login ${account}\n  password ${token}\n`
  const writeNetrc = (text: string) => writeFile(join(it11.sandbox.home, '.netrc'), text, {mode: 0o600})

  const refuse = (verb: string) =>
    `case "$1" in ${verb}) echo 'secret-tool: Cannot create an item in a locked collection' >&2; exit 1;; esac\nexec "$REAL" "$@"`

  describe('a keyring tool that hangs', () => {
    // Unique, so that it isn't mistaken for another test's process.
    const pause = () => `sleep 1000.${it11.heroku.host.split(':')[1] ?? ''}`

    for (const [args, input] of [
      [['auth:token'], ''],
      [['logout'], ''],
      [['login', '--with-token'], 'token'],
    ] as const) {
      it(`delays ${args.join(' ')} no longer than the limit, and leaves no process behind`, async () => {
        const {token} = await login()
        await it11.secretTool(`${pause()} & ${pause()}`)
        // The limit is 5 s; the rest is the host's start.
        const ended = await endsWithin(15_000, it11.run(args, {input: input && it11.heroku.issue().token}))
        expect(ended.stderr).to.include('the keyring did not answer within 5 s')
        expect((await it11.sandbox.run('pgrep', ['-f', pause()])).stdout).to.equal('')
        expect(await it11.read(loginJson)).to.equal(`{"account":"${ada}"}\n`)
        if (!input) {
          expect(ended.exitCode).not.to.equal(0)
          expect(it11.heroku.revoked(token)).to.equal(false)
        }
      }).timeout(200_000)
    }

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      it(`leaves no token in .netrc if ${signal} ends the waiting login`, async () => {
        await it11.secretTool(`${pause()} & ${pause()}`)
        const input = it11.heroku.issue().token
        const plan = {signal, input, after: 'heroku: waiting for the keyring'}
        expect(await toldToEnd(it11, ['login', '--with-token'], plan)).not.to.equal(0)
        expect(await it11.read('.netrc')).to.equal(undefined)
        expect((await it11.sandbox.run('pgrep', ['-f', pause()])).stdout).to.equal('')
      })

    it('prints after two seconds what it is waiting for', async () => {
      await login()
      await it11.secretTool(`${pause()} & ${pause()}`)
      expect((await it11.run(['auth:token'])).stderr).to.include('heroku: waiting for the keyring (5 s at most)')
    })
  })

  describe('a locked keyring', () => {
    it('ends no login: it works again after unlocking', async () => {
      const {token} = await login()
      await it11.keyring.lock()
      const failed = await it11.run(['auth:token'])
      expect(failed).to.deep.include({stdout: '', exitCode: 1})
      expect(failed.stderr).to.include('the keyring is locked').and.to.include('unlock it')
      expect(await it11.read(loginJson)).to.equal(`{"account":"${ada}"}\n`)
      await it11.keyring.unlock()
      expect((await it11.run(['auth:token'])).stdout).to.equal(`${token}\n`)
    })

    it('makes logout fail, without revoking or removing the token', async () => {
      const {token} = await login()
      await it11.keyring.lock()
      const failed = await it11.run(['logout'])
      expect(failed).to.deep.include({stdout: '', exitCode: 1})
      expect(failed.stderr).to.include('the keyring is locked').and.not.to.include('done')
      expect(it11.heroku.revoked(token)).to.equal(false)
    })

    it("falls back to the same account's token in .netrc, with a warning of one line", async () => {
      await login()
      await writeNetrc(entry(ada, 'HRKU-netrc'))
      await it11.keyring.lock()
      const {exitCode, stderr, stdout} = await it11.run(['auth:token'])
      expect({exitCode, stdout}).to.deep.equal({exitCode: 0, stdout: 'HRKU-netrc\n'})
      expect(stderr).to.match(/^heroku: the keyring is locked; using \S+\.netrc instead \(unlock it: [^\n]+\)\n$/u)
    })

    it('never falls back to another account in .netrc', async () => {
      await login()
      await writeNetrc(entry(grace, 'HRKU-graces'))
      await it11.keyring.lock()
      for (const args of [['auth:token'], ['logout']]) {
        const refused = await it11.run(args)
        expect(refused).to.deep.include({stdout: '', exitCode: 1})
        // oclif wraps lines.
        expect(refused.stderr).to.include(ada).and.to.include(grace).and.to.include('HEROKU_NETRC_WRITE=true')
      }

      expect((await it11.run(['auth:token'], {env: {HEROKU_NETRC_WRITE: 'true'}})).stdout).to.equal('HRKU-graces\n')
    })
  })

  it('falls back to .netrc silently if the keyring works and is empty', async () => {
    await writeNetrc(entry(grace, 'HRKU-graces'))
    expect(await it11.run(['auth:token'])).to.deep.equal({stdout: 'HRKU-graces\n', stderr: '', exitCode: 0})
  })

  it('restores the login after a CLI has deleted login.json', async () => {
    const {token} = await login()
    await login(grace)
    await login()
    await rm(join(it11.sandbox.home, loginJson))
    const current = (await it11.run(['auth:token'])).stdout
    expect(current).not.to.equal(`${token}\n`)
    expect(current).to.equal(`${it11.heroku.tokens.at(-1)?.token ?? ''}\n`)
    expect(await it11.read(loginJson)).to.equal(`{"account":"${ada}"}\n`)
  })

  describe('a keyring that refuses the save', () => {
    it('makes login store the token in .netrc, with one line on where and why', async () => {
      await it11.secretTool(refuse('store'))
      const {exitCode, stderr, stdout, token} = await login()
      expect({exitCode, stdout}).to.deep.equal({exitCode: 0, stdout: `Logged in as ${ada}\n`})
      expect(stderr).to.match(
        /^heroku: the token is in \S+\.netrc, in plain text: the keyring is locked \([^\n]+\)\n$/u,
      )
      expect(await it11.read('.netrc')).to.equal(entry(ada, token))
      expect((await it11.run(['auth:token'])).stdout).to.equal(`${token}\n`)
    })

    it("does not bring back the account's older token afterwards", async () => {
      const older = await login()
      await it11.secretTool(refuse('store'))
      const {token} = await login()
      expect(await inKeyring()).to.deep.equal([[ada, older.token]])
      expect((await it11.run(['auth:token'])).stdout).to.equal(`${token}\n`)
    })

    it('does not bring back the previous account afterwards', async () => {
      await login(grace)
      await it11.secretTool(refuse('store'))
      const {token} = await login(ada)
      expect((await it11.run(['auth:token'])).stdout).to.equal(`${token}\n`)
    })

    it('makes login fail and revoke the issued token if .netrc cannot be written either', async () => {
      await it11.secretTool(refuse('store'))
      await mkdir(join(it11.sandbox.home, '.netrc'))
      const failed = await it11.inTerminal(
        ['login', '-i'],
        [
          {expect: 'Email:', send: `${ada}\r`},
          {expect: 'Password:', send: 'correct horse\r'},
        ],
      )
      expect(failed.exitCode).to.equal(1)
      expect(failed.screen).to.include('no place took the token').and.to.include('the keyring is locked')
      expect(failed.screen).not.to.include('Logged in')
      expect(it11.heroku.tokens.map(({revoked}) => revoked)).to.deep.equal([true])
    })
  })

  describe('a keyring that refuses the removal', () => {
    it("makes logout fail and report the token's location", async () => {
      const {token} = await login()
      await it11.secretTool('case "$1" in clear) exit 1;; esac\nexec "$REAL" "$@"')
      const failed = await it11.run(['logout'])
      expect(failed).to.deep.include({stdout: '', exitCode: 1})
      expect(saidBy(failed)).to.include('may still be in the keyring').and.not.to.include('done')
      expect(await inKeyring()).to.deep.equal([[ada, token]])

      await it11.secretTool('exec "$REAL" "$@"')
      expect((await it11.run(['logout'])).exitCode).to.equal(0)
      expect(await inKeyring()).to.deep.equal([])
    })
  })

  describe('an unreachable Heroku', () => {
    it('makes logout keep the token, report it, and suggest logout --local', async () => {
      const {token} = await login()
      it11.heroku.faults.set('GET /oauth/authorizations', 'close')
      const failed = await it11.run(['logout'])
      expect(failed).to.deep.include({stdout: '', exitCode: 1})
      expect(failed.stderr).to.include('could not be revoked').and.to.include('logout --local')
      expect(await inKeyring()).to.deep.equal([[ada, token]])
      const local = await it11.run(['logout', '--local'])
      expect(local.exitCode).to.equal(0)
      expect(local.stderr).to.include('was not revoked, and stays valid')
      expect(await inKeyring()).to.deep.equal([])
    })

    for (const fault of [{status: 500, body: {id: 'internal', message: 'oops'}}, 'garbage'] as const)
      it(`fails without a stack trace when it answers ${JSON.stringify(fault)}`, async () => {
        it11.heroku.faults.set('GET /account', fault)
        const failed = await login()
        expect(failed).to.include({stdout: '', exitCode: 1})
        expect(failed.stderr).not.to.match(/^\s+at /mu)
        expect(await inKeyring()).to.deep.equal([])
      })
  })

  describe('logout', () => {
    it('also removes the same token from .netrc, and leaves another account there, with a notice', async () => {
      const {token} = await login()
      await writeNetrc(entry(ada, token))
      expect((await it11.run(['logout'])).exitCode).to.equal(0)
      expect(await it11.read('.netrc')).to.equal('')

      await login()
      await writeNetrc(entry(grace, 'HRKU-graces'))
      const {exitCode, stderr} = await it11.run(['logout'])
      expect(exitCode).to.equal(0)
      expect(stderr).to.include(
        `still holds another token of ${grace}; to remove it: HEROKU_NETRC_WRITE=true heroku logout`,
      )
      expect(await it11.read('.netrc')).to.equal(entry(grace, 'HRKU-graces'))
    })

    it('also removes the token from the files of heroku accounts, and leaves the tokens of other accounts', async () => {
      const {token} = await login()
      const folder = join(it11.sandbox.home, '.config', 'heroku', 'accounts')
      await mkdir(folder, {recursive: true})
      const alias = (account: string, password: string) => `username: ${account}\npassword: ${password}\n`
      await writeFile(join(folder, 'mine'), alias(ada, token))
      await writeFile(join(folder, 'theirs'), alias(grace, 'HRKU-graces'))
      const {exitCode, stdout} = await it11.run(['logout', '--local'])
      expect(exitCode).to.equal(0)
      expect(stdout).to.equal(`Removed the token of ${ada} from the keyring and ${join(folder, 'mine')}\n`)
      expect(await it11.read('.config/heroku/accounts/mine')).to.equal(`username: ${ada}\n`)
      expect(await it11.read('.config/heroku/accounts/theirs')).to.equal(alias(grace, 'HRKU-graces'))
    })

    it("does not revoke the account's API key", async () => {
      const {token} = it11.heroku.issue({kind: 'default'})
      await it11.run(['login', '--with-token'], {input: token})
      const {exitCode, stderr} = await it11.run(['logout'])
      expect(exitCode).to.equal(0)
      expect(stderr).to.include('it is the API key of the account')
      expect(it11.heroku.revoked(token)).to.equal(false)
      expect(await inKeyring()).to.deep.equal([])
    })

    it('revokes its own authorization and no other, even if the API masks tokens', async () => {
      it11.heroku.redacted = true
      const other = it11.heroku.issue()
      const {token} = await login()
      expect((await it11.run(['logout'])).exitCode).to.equal(0)
      expect(it11.heroku.revoked(token)).to.equal(true)
      expect(it11.heroku.revoked(other.token)).to.equal(false)
    })

    it('removes a token that was revoked elsewhere', async () => {
      const {token} = await login()
      it11.heroku.revoke(token)
      expect((await it11.run(['logout'])).exitCode).to.equal(0)
      expect(await inKeyring()).to.deep.equal([])
    })
  })

  it('mentions an older .netrc entry at login, since git reads it first', async () => {
    await writeNetrc(entry(grace, 'HRKU-graces'))
    const {exitCode, stderr} = await login()
    expect(exitCode).to.equal(0)
    expect(stderr).to.include(`still holds a token of ${grace}, which git uses before any other`)
    expect(await it11.read('.netrc')).to.equal(entry(grace, 'HRKU-graces'))
    // Revoking the copy would revoke the token itself.
    const {token} = it11.heroku.issue()
    await writeNetrc(entry(ada, token))
    const same = await it11.run(['login', '--with-token'], {input: token})
    const [line] = same.stderr.split('\n').filter((each) => each.includes('in plain text, too'))
    expect(line).to.include('to remove it there: heroku auth:migrate').and.not.to.include('revoke')
  })

  it("does not send one host's token to another", async () => {
    await login()
    const port = it11.heroku.host.split(':')[1] ?? ''
    const {exitCode, stderr} = await it11.run(['auth:token'], {env: {HEROKU_HOST: `http://localhost:${port}`}})
    expect(exitCode).to.equal(100)
    expect(stderr).to.include(`is logged in to ${it11.heroku.host}`)
  })

  for (const account of ['a"; touch PWNED; "@x.com', "o'`touch PWNED`$(touch PWNED)@x.com", '-a b \\c@пример.рф'])
    it(`takes the account ${account} literally, and executes no part of it`, async () => {
      it11.heroku.accounts.push({email: account, password: 'x'})
      const {exitCode, token} = await login(account)
      expect(exitCode).to.equal(0)
      expect(await inKeyring()).to.deep.equal([[account, token]])
      expect((await it11.run(['auth:token'])).stdout).to.equal(`${token}\n`)
      expect((await it11.run(['logout'])).exitCode).to.equal(0)
      expect(await inKeyring()).to.deep.equal([])
      expect((await it11.sandbox.run('find', [it11.sandbox.root, '-name', 'PWNED*'])).stdout).to.equal('')
    })

  describe('the token', () => {
    it('is in no argument and no environment variable of any process', async () => {
      const {token} = it11.heroku.issue()
      const heroku = join(it11.sandbox.bin, 'heroku')
      for (const [args, input] of [
        [['login', '--with-token'], token],
        [['auth:token'], ''],
        [['logout'], ''],
      ] as const) {
        const {executed} = await traced(it11.sandbox, heroku, args, {env: it11.env, input})
        const words = executed.flatMap(({argv, env}) => [...argv, ...env])
        expect(words.some((word) => word.includes('secret-tool'))).to.equal(true)
        expect(words.filter((word) => word.includes(token))).to.deep.equal([])
      }
    })

    it('is shown by no debug switch', async () => {
      const debug = {
        DEBUG: '*',
        HEROKU_DEBUG: '1',
        HEROKU_DEBUG_HEADERS: '1',
        NODE_DEBUG: '*,execa',
      }
      const {stderr, stdout, token} = await login(ada, debug)
      const read = await it11.run(['auth:token'], {env: debug})
      const out = await it11.run(['logout'], {env: debug})
      for (const output of [stdout, stderr, read.stderr, out.stdout, out.stderr]) {
        expect(output).not.to.include(token)
        expect(output).not.to.include(Buffer.from(token).toString('base64').replace(/=+$/u, ''))
      }

      expect(read.stdout).to.equal(`${token}\n`)
      expect(it11.heroku.revoked(token)).to.equal(true)
    })
  })
})
