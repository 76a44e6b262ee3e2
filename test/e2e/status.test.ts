import {expect} from 'chai'
import {chmod, mkdir, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Report} from '../../src/status/report.js'
import {type KeyRing, keyRings} from '../support/key-ring.js'
import {type Machine, startOwnProgram, startPluggedHost} from '../support/plugged-host.js'
import {traced} from '../support/trace.js'

const VERSION = '11.10.0'
const ada = 'ada@example.com'
const grace = 'grace@example.com'
const DAY = 24 * 60 * 60 * 1000

// Inside the host another program starts the same command: there the tests also cover the host's name and version.
for (const inHost of [false, true])
  describe(inHost ? `auth:status inside heroku@${VERSION}` : 'auth:status', function () {
    this.timeout(60_000)
    let it11: Machine

    before(async function () {
      this.timeout(600_000)
      it11 = await (inHost ? startPluggedHost(VERSION) : startOwnProgram())
    })
    const itAlone = inHost ? () => undefined : it
    const bin = inHost ? 'heroku' : 'heroku-keychain'
    after(() => it11.stop())
    beforeEach(async () => {
      await it11.reset()
      await rm(join(it11.sandbox.home, 'app'), {recursive: true, force: true})
      await rm(join(it11.sandbox.home, '.cache/heroku/heroku-keychain-git.json'), {force: true})
      await rm(join(it11.sandbox.home, '.config/heroku/accounts'), {recursive: true, force: true})
    })

    const login = async (issue: Parameters<typeof it11.heroku.issue>[0] = {}, env = {}) => {
      const {token} = it11.heroku.issue(issue)
      const ended = await it11.run(['login', '--with-token'], {input: token, env})
      expect(ended.exitCode, ended.stderr).to.equal(0)
      return token
    }
    /** Runs it, and asserts that it shows no token. */
    const status = async (options: Parameters<typeof it11.run>[1] = {}, ...args: string[]) => {
      const ended = await it11.run(['auth:status', ...args], options)
      for (const {token} of it11.heroku.tokens)
        for (const part of [token, token.slice(5, 12), token.slice(-6)])
          expect(ended.stdout + ended.stderr).not.to.include(part)
      return ended
    }
    const report = async (env = {}) => {
      const {stdout, ...ended} = await status({env}, '--json')
      return {...ended, report: JSON.parse(stdout) as Report}
    }
    const netrc = () => join(it11.sandbox.home, '.netrc')
    const writeNetrc = (token: string, account = ada) =>
      writeFile(netrc(), `machine ${it11.heroku.host}\n  login ${account}\n  password ${token}\n`, {mode: 0o600})

    const line = (label: string, text: string, mark = '+') => `${mark} ${label.padEnd(10)}  ${text}`
    const hint = (text: string) => `              -> ${text}`
    const more = (text: string) => `              ${text}`
    const git = () => line('git', `asks heroku-keychain for ${it11.heroku.host}`)
    const valid = (text = 'no expiry is known') => line('validity', `valid, says ${it11.heroku.host}; ${text}`)
    const where = () => [
      line('host', it11.heroku.host),
      line(
        'heroku',
        inHost
          ? `heroku/${VERSION} with heroku-keychain/0.1.0; its own commands ask the plugin for the token`
          : 'heroku-keychain/0.1.0',
      ),
    ]
    const inKeyring = () => line('token', 'HRKU-******** from the keyring, as no variable says otherwise')
    const unlocked = () => [line('keychain', 'the keyring (secret-service) is unlocked'), more(`* ${ada}`)]
    /** @param headline the first line; the last one is the number of problems, but for not being logged in */
    const screen = (headline: string, ...lines: string[]) => {
      const {length} = lines.filter((each) => /^[!x] /u.test(each) && !each.includes('not logged in'))
      const isLoggedIn = headline !== 'Not logged in'
      const count = length > 0 ? [`${length} problem${length > 1 ? 's' : ''} found.`] : ['No problems found.']
      return `${[headline, ...lines, ...(isLoggedIn || length > 0 ? count : [])].join('\n')}\n`
    }
    const asAda = `Logged in as ${ada} (keyring)`
    const tilde = (path: string) => path.replace(it11.sandbox.home, '~')

    it('shows all facts of a login', async () => {
      await login({expiresAt: Date.now() + 29.5 * DAY})
      const day = new Date(Date.now() + 29.5 * DAY).toISOString().slice(0, 10)
      expect(await status()).to.deep.equal({
        stdout: screen(
          asAda,
          inKeyring(),
          line('account', ada),
          valid(`expires in 29 days, on ${day}`),
          ...unlocked(),
          git(),
        ),
        stderr: '',
        exitCode: 0,
      })
      const verbose = await status({}, '--verbose')
      expect(verbose.stdout.split('\n').slice(-4)).to.deep.equal([...where(), 'No problems found.', ''])
    })

    itAlone('shows that no account is logged in, with exit status 100', async () => {
      expect(await status()).to.deep.equal({
        stdout: screen(
          'Not logged in',
          line('token', 'not logged in', 'x'),
          hint(`${bin} login`),
          line('keychain', "the keyring (secret-service) answers, and holds nothing of Heroku's"),
          line('git', 'is not configured until you log in'),
        ),
        stderr: '',
        exitCode: 100,
      })
      expect(await report()).to.deep.include({exitCode: 100, stderr: ''})
    })

    it('shows a locked keyring, with exit status 1, and recovers once it is unlocked', async () => {
      await login()
      await it11.keyring.lock()
      expect(await status()).to.deep.equal({
        stdout: screen(
          'The keyring is locked',
          line('token', 'not known, since the keyring did not tell', 'x'),
          line('keychain', 'the keyring is locked (secret-service)', 'x'),
          hint('unlock it: log in to the desktop, or open it in Seahorse'),
          git(),
        ),
        stderr: '',
        exitCode: 1,
      })
      await it11.keyring.unlock()
      expect((await status()).exitCode).to.equal(0)
    })

    itAlone('shows a keyring that cannot be reached, or does not answer, in time', async () => {
      await login()
      const {report: noBus, exitCode} = await report({DBUS_SESSION_BUS_ADDRESS: undefined})
      expect(exitCode).to.equal(1)
      expect(noBus.keychain).to.include({state: 'unavailable', because: 'there is no D-Bus session, so no keyring'})
      await it11.secretTool('sleep 100')
      const hanging = await report()
      expect(hanging.exitCode).to.equal(1)
      expect(hanging.report.keychain).to.include({state: 'timed-out', because: 'the keyring did not answer within 5 s'})
      expect(hanging.stderr).to.equal(`${bin}: waiting for the keyring (5 s at most)\n`)
    })

    itAlone('shows HEROKU_API_KEY, and what it shadows', async () => {
      await login()
      const {token} = it11.heroku.issue({account: grace})
      expect(await status({env: {HEROKU_API_KEY: token}})).to.deep.equal({
        stdout: screen(
          `Logged in as ${grace} (HEROKU_API_KEY)`,
          line('token', 'HRKU-******** from HEROKU_API_KEY, which comes before everything else'),
          line('account', grace),
          valid(),
          line('shadows', `the token of ${ada} in the keyring`, '!'),
          hint('unset HEROKU_API_KEY'),
          line('keychain', 'the keyring (secret-service) answers'),
          more(`* ${ada}`),
          git(),
        ),
        stderr: '',
        exitCode: 0,
      })
    })

    itAlone('shows HEROKU_NETRC_WRITE, and starts no keychain', async () => {
      const env = {HEROKU_NETRC_WRITE: 'true'}
      await login({}, env)
      await it11.secretTool('touch "$HOME/started"')
      expect(await status({env})).to.deep.equal({
        stdout: screen(
          `Logged in as ${ada} (~/.netrc)`,
          line('token', `HRKU-******** from ~/.netrc, as HEROKU_NETRC_WRITE says`),
          line('account', ada),
          valid(),
          line('keychain', 'not asked, as HEROKU_NETRC_WRITE says'),
          line('git', `finds the token for ${it11.heroku.host} in ~/.netrc by itself`),
        ),
        stderr: '',
        exitCode: 0,
      })
      expect(await it11.read('started')).to.equal(undefined)
    })

    itAlone('shows a token that was revoked, with exit status 1, which --offline cannot know', async () => {
      it11.heroku.revoke(await login())
      expect(await status()).to.deep.equal({
        stdout: screen(
          `The token of ${ada} is not valid`,
          inKeyring(),
          line('account', ada),
          line('validity', 'not valid: it has expired, or was revoked', 'x'),
          hint(`${bin} login`),
          ...unlocked(),
          git(),
        ),
        stderr: '',
        exitCode: 1,
      })
      const {length} = it11.heroku.requests
      const {exitCode, stdout} = await status({}, '--offline')
      expect(exitCode).to.equal(0)
      expect(stdout).to.include(line('validity', `${it11.heroku.host} was not asked; no expiry is known`))
      expect(it11.heroku.requests).to.have.length(length)
    })

    itAlone('shows an API that does not answer as it should, with exit status 1', async () => {
      await login()
      it11.heroku.faults.set('/account', {status: 503})
      const {exitCode, report: unknown} = await report()
      expect(exitCode).to.equal(1)
      expect(unknown.token).to.include({validity: 'unknown', hint: 'see: heroku status'})
    })

    itAlone('shows all accounts of the keyring, and which is the current one', async () => {
      await login({account: grace})
      await login()
      const {report: both} = await report()
      expect(both.keychain.accounts).to.deep.equal([
        {account: ada, current: true},
        {account: grace, current: false},
      ])
    })

    itAlone('shows what is left in plain text, and that git uses it', async () => {
      await writeNetrc('HRKU-graces', grace)
      await login()
      const accounts = join(it11.sandbox.home, '.config/heroku/accounts')
      await mkdir(accounts, {recursive: true})
      await writeFile(join(accounts, 'work'), 'username: work@example.com\npassword: HRKU-works\n')
      expect(await status()).to.deep.equal({
        stdout: screen(
          asAda,
          inKeyring(),
          line('account', ada),
          valid(),
          ...unlocked(),
          line('plain text', `~/.netrc holds another token of ${grace}`, '!'),
          hint(`${bin} auth:migrate`),
          line('plain text', 'heroku accounts keeps tokens in', '!'),
          more(tilde(join(accounts, 'work'))),
          hint(`${bin} auth:migrate`),
          line('git', `uses the token of ${grace} in ~/.netrc for ${it11.heroku.host}, before it asks anybody`, '!'),
          hint(`${bin} auth:migrate`),
        ),
        stderr: '',
        exitCode: 0,
      })
    })

    itAlone('shows a .netrc that makes no sense, and goes on', async () => {
      await login()
      await mkdir(netrc())
      const {exitCode, report: shown} = await report()
      expect(exitCode).to.equal(0)
      expect(shown.plainText).to.deep.include({
        kind: 'unreadable',
        place: netrc(),
        because: `could not read ${netrc()} (EISDIR)`,
        hint: `move the folder ${netrc()} out of the way`,
      })
    })

    describe('shows for the store', () => {
      const stores = async (env: Record<string, string | undefined> = {}) => {
        const {exitCode, stdout} = await status({env: {...withPass(), ...env}})
        return {exitCode, lines: (/^. stores .*\n(?: +->.*\n)?/mu.exec(stdout)?.[0] ?? '').split('\n').slice(0, -1)}
      }
      const ring = keyRings()
      let key: KeyRing
      const withPass = () => ({...key.env, PASSWORD_STORE_DIR: join(it11.sandbox.home, 'pass')})
      const noBus = {DBUS_SESSION_BUS_ADDRESS: undefined}
      before(() => {
        key = ring.create([ada])
      })
      beforeEach(async () => {
        await mkdir(join(it11.sandbox.home, 'pass'), {recursive: true})
        await writeFile(join(it11.sandbox.home, 'pass', '.gpg-id'), `${ada}\n`)
      })
      afterEach(() => rm(join(it11.sandbox.home, 'pass'), {recursive: true, force: true}))

      itAlone('nothing where the preferred one is in use, though there are others', async () => {
        await login()
        expect(await stores()).to.deep.equal({exitCode: 0, lines: []})
      })

      it('the one that was chosen, by what, and the others', async () => {
        await login({}, {...withPass(), HEROKU_CREDENTIAL_STORE: 'pass'})
        expect(await stores()).to.deep.equal({
          exitCode: 0,
          lines: [line('stores', 'pass, where the token was saved; also here: keyring')],
        })
        expect(await stores({HEROKU_CREDENTIAL_STORE: 'pass'})).to.deep.equal({
          exitCode: 0,
          lines: [line('stores', 'pass, as HEROKU_CREDENTIAL_STORE says; also here: keyring')],
        })
      })

      itAlone('what can take a token that is in plain text, and the command works', async () => {
        await login({}, {...noBus, PASSWORD_STORE_DIR: it11.sandbox.home})
        expect((await stores({...noBus, PASSWORD_STORE_DIR: it11.sandbox.home})).lines).to.deep.equal([
          line('stores', 'none that encrypts is set up; pass needs no desktop', '!'),
          hint(`pass init YOUR-GPG-ID && ${bin} auth:migrate --to pass`),
        ])
        expect((await stores(noBus)).lines).to.deep.equal([
          line('stores', 'pass can take the token', '!'),
          hint(`${bin} auth:migrate --to pass`),
        ])
        const {exitCode, stderr} = await it11.run(['auth:migrate', '--to', 'pass'], {env: {...withPass(), ...noBus}})
        expect(exitCode, stderr).to.equal(0)
        expect(await stores(noBus)).to.deep.equal({exitCode: 0, lines: []})
      })

      itAlone('a token in .netrc as a problem, with HEROKU_CREDENTIAL_STORE, and the command works', async () => {
        const env = {...withPass(), HEROKU_CREDENTIAL_STORE: 'pass'}
        await login({}, {HEROKU_CREDENTIAL_STORE: 'netrc'})
        const {exitCode, stdout} = await status({env})
        expect(exitCode).to.equal(1)
        expect(stdout.split('\n').slice(1, 3)).to.deep.equal([
          line(
            'token',
            'HRKU-******** from ~/.netrc, in plain text, though HEROKU_CREDENTIAL_STORE asks for pass',
            'x',
          ),
          hint(`${bin} auth:migrate --to pass`),
        ])
        expect((await it11.run(['auth:migrate', '--to', 'pass'], {env})).exitCode).to.equal(0)
        expect((await status({env})).exitCode).to.equal(0)
      })
    })

    describe('shows for git', () => {
      const gitLines = async (options = {}) =>
        (await status(options)).stdout
          .split('\n')
          .filter((each, index, all) => /^.{2}git /u.test(each) || /^.{2}git /u.test(all[index - 1] ?? ''))

      itAlone('an opt-out', async () => {
        await it11.sandbox.run('git', ['config', '--global', 'heroku.credentialHelper', 'false'])
        await login()
        expect((await gitLines()).slice(0, 2)).to.deep.equal([
          line('git', 'was left alone, as heroku.credentialHelper says'),
          hint('git config --global --unset heroku.credentialHelper'),
        ])
      })

      itAlone('a configuration that cannot be kept, with exit status 1', async () => {
        // A folder in its place, since even root can't write to that as a file.
        await mkdir(join(it11.sandbox.home, '.gitconfig'))
        await login()
        const {exitCode, stdout} = await status()
        expect(exitCode).to.equal(1)
        expect(stdout).to.match(/^x git /mu)
      })

      itAlone('another helper in this repository, and one that drops ours', async () => {
        await login()
        const cwd = join(it11.sandbox.home, 'app')
        await it11.sandbox.run('git', ['init', '--quiet', cwd])
        const config = (...args: string[]) => it11.sandbox.run('git', ['config', '--local', ...args], {cwd})
        await config('--add', 'credential.helper', 'store')
        expect((await gitLines({cwd})).slice(0, 3)).to.deep.equal([
          git(),
          line('git', 'gives the token to store too, as credential.helper in .git/config says', '!'),
          hint('git config --local --edit'),
        ])
        await config('--add', 'credential.helper', '')
        const fix = "git config --local --unset-all credential.helper '^$'"
        expect((await gitLines({cwd})).slice(0, 2)).to.deep.equal([
          line('git', `does not ask for ${it11.heroku.host} here, as credential.helper in .git/config is empty`, '!'),
          hint(fix),
        ])
        // The hint works.
        expect((await it11.sandbox.run('sh', ['-c', fix], {cwd})).exitCode).to.equal(0)
        expect((await gitLines({cwd}))[0]).to.equal(git())
      })
    })

    if (inHost)
      it('changes nothing: does not create login.json, does not configure git', async () => {
        await login()
        await rm(join(it11.dataDir, 'login.json'))
        await rm(join(it11.sandbox.home, '.gitconfig'))
        const files = async () => {
          const folders = [it11.sandbox.home, it11.dataDir]
          const names = await Promise.all(
            folders.map(async (folder) => (await readdir(folder)).map((name) => join(folder, name))),
          )
          return Promise.all(
            names
              .flat()
              .sort()
              .map(async (file) => {
                const {ino, mtimeMs} = await stat(file)
                return [file, ino, mtimeMs]
              }),
          )
        }
        await chmod(it11.sandbox.home, 0o755)
        const before = [await files(), await it11.tokens()]
        const {exitCode, report: looked} = await report()
        expect([exitCode, looked.token?.source, looked.git.state]).to.deep.equal([
          0,
          'secret-service',
          'not configured',
        ])
        expect([await files(), await it11.tokens()]).to.deep.equal(before)
        expect(looked.checks.find(({subject}) => subject === 'git')?.hint).to.equal('heroku whoami')
        // The hint works.
        await it11.run(['whoami'])
        expect((await report()).report.git.state).to.equal('configured')
        // A command that needs the token restores login.json.
        expect((await it11.run(['auth:token'])).exitCode).to.equal(0)
        expect(await readFile(join(it11.dataDir, 'login.json'), 'utf8')).to.equal(`{"account":"${ada}"}\n`)
      })

    itAlone('keeps the token out of every argument and every variable', async () => {
      const token = await login()
      const {executed, exitCode} = await traced(it11.sandbox, bin, ['auth:status'], {env: it11.env})
      expect(exitCode).to.equal(0)
      expect(executed.length).to.be.greaterThan(2)
      expect(executed.filter(({argv, env}) => [...argv, ...env].some((each) => each.includes(token)))).to.deep.equal([])
    })

    itAlone('is in colour for a terminal, and without it where NO_COLOR says so', async () => {
      await login()
      const {raw} = await it11.inTerminal(['auth:status'], [], {LC_ALL: 'C.UTF-8'})
      expect(raw).to.include('\u001B[32m✓\u001B[39m account     ada@example.com')
      const without = await it11.inTerminal(['auth:status'], [], {LC_ALL: 'C.UTF-8', NO_COLOR: '1'})
      expect(without.raw).to.include('✓ account     ada@example.com').and.not.to.include('\u001B[3')
      expect((await status({env: {LC_ALL: 'C.UTF-8'}})).stdout).to.include('✓ account     ada@example.com')
    })

    itAlone('explains itself, and what its examples say works', async () => {
      await login({expiresAt: Date.now() + DAY * 2})
      const {stdout} = await it11.run(['auth:status', '--help'])
      const examples = [...stdout.matchAll(/^ +\$ (\S+ auth:status.*)$/gmu)].map(([, example = '']) => example)
      expect(examples.slice(1)).to.deep.equal([
        `${bin} auth:status`,
        `${bin} auth:status --offline`,
        `${bin} auth:status --json | jq -r .token.expiresAt`,
      ])
      const [, ...scripts] = examples
      for (const script of scripts) {
        const {exitCode, stderr} = await it11.sandbox.run('sh', ['-c', script.replace(/\| jq.*$/u, '')], {
          env: it11.env,
        })
        expect({exitCode, stderr}).to.deep.equal({exitCode: 0, stderr: ''})
      }
    })
  })
