import {expect} from 'chai'
import {chmod, lstat, mkdir, readFile, rm, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {type Machine, startOwnProgram, startPluggedHost} from '../support/plugged-host.js'
import {withFullDisk, withReadOnly} from '../support/read-only.js'
import {keys} from '../support/terminal.js'

const ada = 'ada@example.com'
const grace = 'grace@example.com'
const edsger = 'edsger@example.com'
const GIT_HOST = 'localhost:5000'

// Eight other machines, in the forms that users write.
const BEFORE = `# mine
machine github.com login bob password "x y"
machine ftp.example.com
\tlogin bob
\tpassword with#hash
machine a.example login a password b machine b.example login c password d
machine c.example # nothing yet
machine d.example user bob passwd e
`
const AFTER = `machine e.example
  login bob
  account staff
  password f

machine f.example login bob password g
default login anonymous password me@example.com
`

// Inside the host another program starts the same command: there the tests cover what the host runs before and after it.
for (const inHost of [false, true])
  describe(inHost ? 'auth:migrate inside heroku@11.10.0' : 'auth:migrate', function () {
    this.timeout(300_000)
    const itInHost = inHost ? it : () => undefined
    const itAlone = inHost ? () => undefined : it
    let it11: Machine

    before(async function () {
      this.timeout(600_000)
      it11 = await (inHost ? startPluggedHost('11.10.0') : startOwnProgram())
      // Each running program of the sandbox has its own exit listener on this process.
      process.setMaxListeners(20)
    })
    after(async () => {
      await it11.sandbox.run('gpgconf', ['--kill', 'all'])
      await it11.stop()
    })
    beforeEach(async () => {
      await it11.reset()
      for (const path of ['.netrc.gpg', '.config/heroku/accounts', 'dotfiles'])
        await rm(join(it11.sandbox.home, path), {recursive: true, force: true})
    })

    const home = (path: string) => join(it11.sandbox.home, path)
    const run = (args: string[], env: Record<string, string | undefined> = {}) =>
      it11.run(args, {env: {HEROKU_GIT_HOST: GIT_HOST, ...env}, timeoutMs: 120_000})
    const migrate = (...args: string[]) => run(['auth:migrate', ...args])
    const inKeyring = async () =>
      Object.fromEntries((await it11.tokens()).map(({attributes, secret}) => [attributes.account ?? '', secret]))
    const entries = (account: string, token: string, hosts = [it11.heroku.host, GIT_HOST]) =>
      hosts.map((host) => `machine ${host}\n  login ${account}\n  password ${token}\n`).join('')
    const issue = (account = ada) => it11.heroku.issue({account}).token
    const writeNetrc = (text: string) => writeFile(home('.netrc'), text, {mode: 0o600})
    const writeAlias = async (name: string, text: string) => {
      await mkdir(home('.config/heroku/accounts'), {recursive: true})
      await writeFile(home(`.config/heroku/accounts/${name}`), text, {mode: 0o600})
    }

    itInHost(
      'moves a .netrc with eight other machines to the keyring and back, and changes no other byte',
      async () => {
        const token = issue()
        const before = BEFORE + entries(ada, token) + AFTER
        await writeNetrc(before)

        const would = await migrate('--dry-run')
        expect(would).to.deep.equal({
          stdout:
            `Would copy the token of ${ada} from ${home('.netrc')} to the keyring\n` +
            'Would configure git to take the token from the keyring\n' +
            `Would remove the token of ${ada} from ${home('.netrc')} (${it11.heroku.host} and ${GIT_HOST})\n`,
          stderr: '',
          exitCode: 0,
        })
        expect(await it11.read('.netrc')).to.equal(before)
        expect(await inKeyring()).to.deep.equal({})
        expect(await it11.read('.gitconfig')).to.equal(undefined)

        expect(await migrate()).to.deep.equal({
          stdout:
            `Copied the token of ${ada} from ${home('.netrc')} to the keyring\n` +
            `Removed the token of ${ada} from ${home('.netrc')} (${it11.heroku.host} and ${GIT_HOST})\n` +
            `Active account: ${ada}\n`,
          stderr: '',
          exitCode: 0,
        })
        expect(await it11.read('.netrc')).to.equal(BEFORE + AFTER)
        expect(await it11.tokens()).to.deep.equal([
          {label: 'Heroku CLI', attributes: {service: 'heroku-cli', account: ada}, secret: token, locked: false},
        ])
        expect((await run(['whoami'])).stdout).to.equal(`${ada}\n`)
        const asked = await it11.sandbox.run('git', ['credential', 'fill'], {
          env: {...it11.env, HEROKU_GIT_HOST: GIT_HOST, GIT_TERMINAL_PROMPT: '0'},
          input: `protocol=https\nhost=${GIT_HOST}\n\n`,
        })
        expect(asked.stdout).to.include(`password=${token}\n`)

        expect(await migrate()).to.deep.equal({stdout: 'Nothing to migrate\n', stderr: '', exitCode: 0})

        const back = await migrate('--to', 'netrc')
        expect(back).to.deep.equal({
          stdout:
            `Copied the token of ${ada} from the keyring to ${home('.netrc')}, in plain text\n` +
            `Removed the token of ${ada} from the keyring\nActive account: ${ada}\n`,
          stderr: '',
          exitCode: 0,
        })
        // Not in their old position, but before `default`, where every reader stops.
        const text = (await it11.read('.netrc')) ?? ''
        expect(text).to.include(entries(ada, token))
        expect(text.replace(entries(ada, token), '')).to.equal(BEFORE + AFTER)
        expect(await inKeyring()).to.deep.equal({})
        expect((await run(['auth:token'])).stdout).to.equal(`${token}\n`)
      },
    )

    itAlone('moves a .netrc.gpg, which stays sealed', async () => {
      const gpg = async (args: string[], input = '') => {
        const {exitCode, stderr, stdout} = await it11.sandbox.run('gpg', ['--batch', '--quiet', ...args], {input})
        if (exitCode !== 0) throw new Error(stderr)
        return stdout
      }
      await mkdir(home('.gnupg'), {recursive: true})
      await chmod(home('.gnupg'), 0o700)
      await gpg(['--pinentry-mode', 'loopback', '--passphrase', '', '--quick-gen-key', 'ada', 'default', 'default'])
      const token = issue()
      const sealed = home('.netrc.gpg')
      await gpg(['--trust-model', 'always', '-r', 'ada', '-o', sealed, '--encrypt'], BEFORE + entries(ada, token))

      expect(await migrate()).to.include({exitCode: 0, stderr: ''})
      expect(await gpg(['--decrypt', sealed])).to.equal(BEFORE)
      expect(await inKeyring()).to.deep.equal({[ada]: token})
      expect(await migrate('--to', 'netrc')).to.include({exitCode: 0, stderr: ''})
      expect(await gpg(['--decrypt', sealed])).to.equal(BEFORE + entries(ada, token))
      expect(await inKeyring()).to.deep.equal({})
      expect(await it11.read('.netrc')).to.equal(undefined)
    })

    itInHost("moves three aliases, and the CLI's own accounts:set goes on between them", async () => {
      const real = {HEROKU_HOST: undefined, HEROKU_GIT_HOST: undefined}
      const netrc = entries(ada, 'HRKU-adas', ['api.heroku.com', 'git.heroku.com'])
      await writeNetrc(BEFORE + netrc)
      await writeAlias('home', `username: ${ada}\npassword: HRKU-adas\n`)
      await writeAlias('old', `:username: ${grace}\n:password: HRKU-graces\n`)
      await writeAlias('work', `username: ${edsger}\npassword: HRKU-edsgers\n`)

      const migrated = await run(['auth:migrate', '--offline'], real)
      expect(migrated.stderr).to.equal(
        'heroku: accounts:set takes the tokens of your aliases from the keyring now; a Heroku CLI before 11.6 cannot\n',
      )
      expect(migrated.exitCode).to.equal(0)
      expect(await inKeyring()).to.deep.equal({[ada]: 'HRKU-adas', [grace]: 'HRKU-graces', [edsger]: 'HRKU-edsgers'})
      expect(await it11.read('.netrc')).to.equal(BEFORE)
      expect(await it11.read('.config/heroku/accounts/home')).to.equal(`username: ${ada}\n`)
      expect(await it11.read('.config/heroku/accounts/old')).to.equal(`:username: ${grace}\n`)
      expect((await run(['accounts:current'], real)).stdout).to.include('home')
      expect((await run(['auth:token'], real)).stdout).to.equal('HRKU-adas\n')

      expect((await run(['accounts:set', 'old'], real)).exitCode).to.equal(0)
      expect((await run(['auth:token'], real)).stdout).to.equal('HRKU-graces\n')
      expect((await run(['accounts:set', 'home'], real)).exitCode).to.equal(0)

      const back = await run(['auth:migrate', '--to', 'netrc', '--offline'], real)
      expect(back.exitCode).to.equal(0)
      expect(back.stderr).to.include(`the token of ${grace} stays in the keyring`).and.include(edsger)
      expect(await it11.read('.netrc')).to.equal(BEFORE + netrc)
      expect(await inKeyring()).to.deep.equal({[grace]: 'HRKU-graces', [edsger]: 'HRKU-edsgers'})
      expect((await run(['auth:token'], real)).stdout).to.equal('HRKU-adas\n')
    })

    itAlone('gives JSON without a token, and reports one that was revoked, which --prune removes', async () => {
      const token = issue()
      it11.heroku.revoke(token)
      await writeNetrc(BEFORE + entries(ada, token))
      const said = await migrate('--json')
      expect(said).to.include({exitCode: 0})
      expect(said.stdout).not.to.include(token)
      const note = `the token of ${ada} in ${home('.netrc')} is not valid any more; to remove it: --prune`
      expect(JSON.parse(said.stdout)).to.deep.equal({
        version: 1,
        to: 'keychain',
        dryRun: false,
        steps: [],
        notes: [note],
      })
      expect(await it11.read('.netrc')).to.equal(BEFORE + entries(ada, token))

      const pruned = await migrate('--json', '--prune')
      expect(pruned.stdout).not.to.include(token)
      expect(JSON.parse(pruned.stdout)).to.deep.include({
        steps: [
          {
            do: 'remove',
            spot: {in: 'netrc', path: home('.netrc'), hosts: [it11.heroku.host, GIT_HOST]},
            account: ada,
            because: 'invalid',
          },
        ],
      })
      expect(await it11.read('.netrc')).to.equal(BEFORE)
      expect(await inKeyring()).to.deep.equal({})
    })

    it('asks in a terminal which token to keep, and accepts no', async () => {
      const token = issue()
      await it11.keyring.store({
        label: 'Heroku CLI',
        attributes: {service: 'heroku-cli', account: ada},
        secret: 'HRKU-older',
      })
      await writeNetrc(entries(ada, token))
      const refused = await migrate()
      expect(refused).to.include({stdout: '', exitCode: 1})
      expect(refused.stderr).to.include('--force')
      const answer = async (text: string) =>
        it11.inTerminal(['auth:migrate'], [{expect: '[y/N]', send: `${text}${keys.enter}`}], {
          HEROKU_GIT_HOST: GIT_HOST,
        })
      expect((await answer('n')).exitCode).to.equal(1)
      expect(await inKeyring()).to.deep.equal({[ada]: 'HRKU-older'})
      expect((await answer('y')).exitCode).to.equal(0)
      expect(await inKeyring()).to.deep.equal({[ada]: token})
      expect(await it11.read('.netrc')).to.equal('')
    })

    describe('refuses, and changes nothing,', () => {
      const refused = async (env: Record<string, string | undefined>) => {
        const token = issue()
        await writeNetrc(entries(ada, token))
        const ended = await run(['auth:migrate'], env)
        expect(ended).to.include({stdout: '', exitCode: 1})
        expect(await it11.read('.netrc')).to.equal(entries(ada, token))
        expect(await inKeyring()).to.deep.equal({})
        return ended.stderr.replaceAll(/\s+(?:›\s+)?/gu, ' ')
      }

      itAlone('with HEROKU_API_KEY', async () => {
        expect(await refused({HEROKU_API_KEY: 'HRKU-ci'})).to.include('unset HEROKU_API_KEY first')
      })
      itAlone('with HEROKU_NETRC_WRITE, which is where --to netrc goes', async () => {
        expect(await refused({HEROKU_NETRC_WRITE: 'true'})).to.include('unset HEROKU_NETRC_WRITE first')
        expect((await migrate()).exitCode).to.equal(0)
        const back = await run(['auth:migrate', '--to', 'netrc'], {HEROKU_NETRC_WRITE: 'true'})
        expect(back.exitCode).to.equal(0)
        expect(await inKeyring()).to.deep.equal({})
      })
      itAlone('without a keychain, and says how to get one', async () => {
        const said = await refused({PATH: it11.sandbox.bin})
        expect(said)
          .to.include('secret-tool is not installed')
          .and.match(/Try this: (?:sudo \w+|install it: libsecret)/u)
      })
      itAlone('with a keyring that is locked', async () => {
        await it11.keyring.lock()
        const token = issue()
        await writeNetrc(entries(ada, token))
        const ended = await migrate()
        expect(ended).to.include({stdout: '', exitCode: 1})
        expect(ended.stderr).to.include('the keyring is locked')
        expect(await it11.read('.netrc')).to.equal(entries(ada, token))
      })
    })

    describe('with a .netrc in a repository of dotfiles', () => {
      const place = async (text: string) => {
        await mkdir(home('dotfiles'), {recursive: true})
        await writeFile(home('dotfiles/netrc'), text, {mode: 0o600})
        await symlink('dotfiles/netrc', home('.netrc'))
      }
      const migrateIn = (mount: typeof withReadOnly) =>
        it11.sandbox.run(...mount(home('dotfiles'), it11.bin, ['auth:migrate']), {
          env: {...it11.env, HEROKU_GIT_HOST: GIT_HOST},
          timeoutMs: 120_000,
        })

      itAlone('follows the link, and leaves it', async () => {
        const token = issue()
        await place(BEFORE + entries(ada, token))
        expect((await migrate()).exitCode).to.equal(0)
        expect((await lstat(home('.netrc'))).isSymbolicLink()).to.equal(true)
        expect(await readFile(home('dotfiles/netrc'), 'utf8')).to.equal(BEFORE)
      })

      itAlone(
        'copies the token, and says what is still there, where the folder is read-only; the next one finishes',
        async () => {
          const token = issue()
          await place(BEFORE + entries(ada, token))
          const ended = await migrateIn(withReadOnly)
          expect(ended.exitCode).to.equal(1)
          expect(ended.stdout).to.equal(`Copied the token of ${ada} from ${home('.netrc')} to the keyring\n`)
          expect(ended.stderr).to.include('EROFS').and.include('the tokens were copied')
          expect(await inKeyring()).to.deep.equal({[ada]: token})
          expect(await readFile(home('dotfiles/netrc'), 'utf8')).to.equal(BEFORE + entries(ada, token))
          expect((await migrate()).exitCode).to.equal(0)
          expect(await readFile(home('dotfiles/netrc'), 'utf8')).to.equal(BEFORE)
        },
      )

      itAlone('does the same on a disk that is full', async () => {
        const token = issue()
        await place(BEFORE + entries(ada, token))
        const ended = await migrateIn(withFullDisk)
        expect(ended.exitCode).to.equal(1)
        expect(ended.stderr).to.include('ENOSPC')
        expect(await readFile(home('dotfiles/netrc'), 'utf8')).to.equal(BEFORE + entries(ada, token))
        expect(await inKeyring()).to.deep.equal({[ada]: token})
      })
    })

    for (const count of [2, 10])
      itAlone(`does it once, ${count} at the same time, beside as many logins`, async () => {
        const token = issue()
        await writeNetrc(BEFORE + entries(ada, token))
        const logins = Array.from({length: count / 2}, (_, index) => ({account: `p${index}@example.com`, token: ''}))
        for (const login of logins) login.token = issue(login.account)
        // With a display, where a user could answer a prompt, the limit is long enough for a busy machine.
        const env = {HEROKU_GIT_HOST: GIT_HOST, WAYLAND_DISPLAY: 'wayland-99'}
        const ended = await Promise.all([
          ...Array.from({length: count / 2}, () =>
            it11.run(['auth:migrate', '--offline', '--account', ada], {env, timeoutMs: 120_000}),
          ),
          ...logins.map(({token}) =>
            it11.run(['login', '--with-token'], {
              input: token,
              env,
              timeoutMs: 120_000,
            }),
          ),
        ])
        expect(ended.map(({exitCode}) => exitCode)).to.deep.equal(ended.map(() => 0))
        const wanted = Object.fromEntries([{account: ada, token}, ...logins].map((each) => [each.account, each.token]))
        expect(await inKeyring()).to.deep.equal(wanted)
        expect(await it11.read('.netrc')).to.equal(BEFORE)
        const {tokens} = JSON.parse((await it11.read('.local/share/heroku/heroku-keychain.json')) ?? '') as {
          tokens: {account: string}[]
        }
        expect(tokens.map(({account}) => account).sort()).to.deep.equal(Object.keys(wanted).sort())
        expect((await migrate()).stdout).to.equal('Nothing to migrate\n')
      })
  })
