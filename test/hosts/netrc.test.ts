import {expect} from 'chai'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {RunOptions} from '../support/sandbox.js'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'
import {traced} from '../support/trace.js'

const ada = 'ada@example.com'
// CRLF, a comment, two on a line, no newline at the end: netrc-parser would make something else of each.
const OTHERS =
  '# mine\r\nmachine one login x password y machine two login z password w\r\nmachine three login a\r\n  password b'

for (const version of ['10.17.0', '9.5.1'])
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

    /** Runs it; older CLIs cannot be kept from mentioning newer ones. */
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

    it('has the host’s own commands act by the token in the keyring', async () => {
      host.heroku.apps.push({name: 'engine', owner: {email: ada}, region: {name: 'us'}})
      await login()
      expect(await run(['whoami'])).to.deep.equal({stdout: `${ada}\n`, stderr: '', exitCode: 0})
      expect((await run(['apps'])).stdout).to.include('engine')
    })

    it('asks the keyring once for a command that needs the token, and never for one that does not', async () => {
      await login()
      const started = async (...args: string[]) =>
        secretTools((await traced(host.sandbox, 'heroku', args, {env: host.env})).executed).length
      expect(await started('whoami')).to.equal(1)
      expect(await started('version')).to.equal(0)
      expect(await started('--help')).to.equal(0)
    })

    it('logs in by itself once the token was revoked, and keeps the new token in the keyring alone', async () => {
      const token = await login()
      host.heroku.revoke(token)
      const session = await host.inTerminal(['apps'], [{expect: 'Press any key', raw: true, send: 'x'}])
      expect(session.exitCode, session.screen).to.equal(0)
      const issued = host.heroku.tokens.at(-1)?.token
      expect(issued).not.to.equal(token)
      expect(await inKeyring()).to.deep.equal([[ada, issued]])
      expect(await run(['whoami'])).to.deep.include({stdout: `${ada}\n`, exitCode: 0})
    })

    it('says what is wrong with a locked keyring, and starts no login', async () => {
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
  })
