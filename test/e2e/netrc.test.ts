import {expect} from 'chai'
import {spawnSync} from 'node:child_process'
import {readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {RunOptions} from '../support/sandbox.js'
import {HOST_VERSIONS} from '../support/host-versions.js'
import {until} from '../support/listen.js'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'
import {keys} from '../support/terminal.js'
import {toldToEnd} from '../support/told-to-end.js'
import {traced} from '../support/trace.js'

const ada = 'ada@example.com'
// CRLF, a comment, two entries on a line, no newline at the end: netrc-parser would rewrite each of them.
const OTHERS =
  '# mine\r\nmachine one login x password y machine two login z password w\r\nmachine three login a\r\n  password b'
const WAITING = 'heroku: waiting for the keyring (5 s at most)'
// Variables of a desktop, where a prompt can be shown.
const WAITING_LONGER = 'heroku: waiting for the keyring (60 s at most)'

for (const version of HOST_VERSIONS.filter((version) => Number.parseInt(version, 10) < 11))
  describe(`older readers of the token inside heroku@${version}`, function () {
    this.timeout(60_000)
    let host: PluggedHost

    before(async function () {
      this.timeout(600_000)
      host = await startPluggedHost(version)
    })
    after(() => host.stop())
    beforeEach(async () => {
      await host.reset()
      await writeFile(join(host.sandbox.home, '.netrc'), OTHERS)
    })

    /** Runs it without the update notices, which older CLIs always print. */
    const run = async (args: readonly string[], options: RunOptions = {}) => {
      const finished = await host.run(args, options)
      return {...finished, stderr: finished.stderr.replace(/^.*update available from.*\n/mu, '')}
    }
    const login = async () => {
      const {token} = host.heroku.issue()
      const {exitCode, stderr} = await run(['login', '--with-token'], {input: `${token}\n`})
      expect({exitCode, stderr}).to.deep.equal({exitCode: 0, stderr: ''})
      return token
    }
    const inKeyring = async () => (await host.tokens()).map(({attributes, secret}) => [attributes.account, secret])
    const secretTools = (executed: {file: string}[]) => executed.filter(({file}) => file.includes('secret-tool'))

    afterEach(async () => {
      expect(await host.read('.netrc')).to.equal(OTHERS)
    })

    it('makes the host’s own commands use the token in the keyring', async () => {
      host.heroku.apps.push({name: 'engine', owner: {email: ada}, region: {name: 'us'}})
      await login()
      expect(await run(['whoami'])).to.deep.equal({stdout: `${ada}\n`, stderr: '', exitCode: 0})
      expect((await run(['apps'])).stdout).to.include('engine')
    })

    it('reads the keyring once for a command that needs the token, and never for one that does not', async () => {
      await login()
      const started = async (...args: string[]) =>
        secretTools((await traced(host.sandbox, 'heroku', args, {env: host.env})).executed).length
      expect(await started('whoami')).to.equal(1)
      for (const command of ['commands', 'version', '--help']) expect(await started(command), command).to.equal(0)
    })

    it('starts a login after the token was revoked, and stores the new token only in the keyring', async () => {
      const token = await login()
      host.heroku.revoke(token)
      const session = await host.inTerminal(['apps'], [{expect: 'Press any key', raw: true, send: 'x'}])
      expect(session.exitCode, session.screen).to.equal(0)
      const issued = host.heroku.tokens.at(-1)?.token
      expect(issued).not.to.equal(token)
      expect(await inKeyring()).to.deep.equal([[ada, issued]])
      expect(await run(['whoami'])).to.deep.include({stdout: `${ada}\n`, exitCode: 0})
    })

    it('reports a locked keyring, and starts no login', async () => {
      await login()
      await host.keyring.lock()
      for (const command of ['whoami', 'apps'])
        expect(await run([command])).to.deep.equal({
          stdout: '',
          stderr:
            '    Error: the token cannot be read: the keyring is locked\n    Try this: unlock it: log in to the desktop, or open it in Seahorse\n',
          exitCode: 1,
        })
      expect(await run(['version'])).to.deep.include({stderr: '', exitCode: 0})
      await host.keyring.unlock()
      expect(await run(['whoami'])).to.deep.include({stdout: `${ada}\n`, exitCode: 0})
    })

    it('gives up on a keyring that does not answer, and ends its tool', async () => {
      await login()
      await hang()
      const {exitCode, stderr, stdout} = await run(['whoami'])
      expect({exitCode, stdout}).to.deep.equal({exitCode: 1, stdout: ''})
      expect(stderr.replaceAll(/\s+/gu, ' ')).to.include(
        'the token cannot be read: the keyring did not answer within 5 s',
      )
      await noneHanging()
    })

    it('ends at Ctrl-C while the keyring is read, and restores the terminal', async () => {
      await login()
      await hang()
      const session = await host.inTerminal(['whoami'], [{expect: WAITING, send: keys.ctrlC}])
      expect(session.exitCode).to.equal(130)
      expect(session.settings.after).to.equal(session.settings.before)
    })

    for (const [signal, exitCode, how] of [
      ['SIGINT', 130, 'a terminal'],
      ['SIGTERM', 143, 'timeout(1)'],
    ] as const)
      it(`ends the keyring’s tool and its descendants at ${how}’s signal to the process group`, async () => {
        await login()
        await hang()
        try {
          const meanwhile = async () => expect(await hanging()).to.have.length(2)
          expect(await toldToEnd(host, ['whoami'], {signal, after: WAITING_LONGER, meanwhile})).to.equal(exitCode)
          await noneHanging()
        } finally {
          // After a failure, nothing else ends these processes.
          for (const pid of await hanging()) process.kill(Number(pid), 'SIGKILL')
        }
      })

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      it(`leaves no token in .netrc if ${signal} ends a login that waits for the keyring`, async () => {
        await hang()
        const input = host.heroku.issue().token
        expect(await toldToEnd(host, ['login', '--with-token'], {signal, after: WAITING_LONGER, input})).not.to.equal(0)
        await noneHanging()
      })

    const hang = () => host.secretTool('cd "$HOME"; echo $$ > tools; sleep 1000 & echo $! >> tools; wait')
    /** The processes of a hanging tool that still run. */
    const hanging = async () =>
      ((await host.read('tools')) ?? '')
        .trim()
        .split('\n')
        .filter((pid) => /^[^Z]/u.test(spawnSync('ps', ['-o', 'stat=', '-p', pid], {encoding: 'utf8'}).stdout))

    /** A process that was killed may take a moment to end. */
    const noneHanging = () => until(async () => (await hanging()).length === 0)

    it('stores a login that the keyring refuses in .netrc, with a notice, and finds it there', async () => {
      host.heroku.revoke(await login())
      await host.secretTool('case "$1" in store) exit 1;; *) exec "$REAL" "$@";; esac')
      const session = await host.inTerminal(['apps'], [{expect: 'Press any key', raw: true, send: 'x'}])
      expect(session.exitCode, session.screen).to.equal(0)
      expect(session.screen).to.include('in plain text: secret-tool could not store the token')
      const issued = host.heroku.tokens.at(-1)?.token ?? ''
      expect(await host.read('.netrc')).to.match(new RegExp(`password ${issued}\r?$`, 'u'))
      await host.secretTool('exec "$REAL" "$@"')
      expect(await run(['whoami'])).to.deep.equal({stdout: `${ada}\n`, stderr: '', exitCode: 0})
      await writeFile(join(host.sandbox.home, '.netrc'), OTHERS)
    })

    if (version !== '9.5.1')
      it('makes accounts:add, accounts:set and accounts:current use only the keyring', async () => {
        const token = await login()
        expect(await run(['accounts:add', 'mine'])).to.deep.include({stderr: '', exitCode: 0})
        const alias = join(host.sandbox.home, '.config/heroku/accounts/mine')
        expect(await readFile(alias, 'utf8')).to.equal(`username: ${ada}\n`)
        // As the CLI writes it without us.
        await writeFile(alias, `username: ${ada}\npassword: ${token}\n`)
        await host.keyring.clear({service: 'heroku-cli'})
        await rm(join(host.dataDir, 'login.json'))
        // accounts:current uses api.heroku.com, whatever HEROKU_HOST is.
        const env = {HEROKU_HOST: undefined}
        expect(await run(['accounts:set', 'mine'], {env})).to.deep.include({stderr: '', exitCode: 0})
        expect(await inKeyring()).to.deep.equal([[ada, token]])
        expect(await host.read('.local/share/heroku/login.json')).to.equal(`{"account":"${ada}"}\n`)
        expect((await run(['accounts:current'], {env})).stdout).to.include('Current account is mine')
      })
  })
