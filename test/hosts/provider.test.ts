// The Heroku CLI's own commands, on hosts whose client takes a provider of credentials.
import {expect} from 'chai'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'
import {keys} from '../support/terminal.js'

const ada = 'ada@example.com'
const loginJson = '.local/share/heroku/login.json'
const ourState = '.local/share/heroku/heroku-keychain.json'

for (const version of ['11.10.0', '11.3.0'])
  describe(`the commands of heroku@${version} itself`, function () {
    this.timeout(60_000)
    let host: PluggedHost

    before(async function () {
      this.timeout(600_000)
      host = await startPluggedHost(version)
    })
    after(() => host.stop())
    beforeEach(() => host.reset())

    /** Logs in, by our own command, and gives the token. */
    const login = async (account = ada, env = {}) => {
      const {token} = host.heroku.issue({account})
      const {exitCode, stderr} = await host.run(['login', '--with-token'], {input: token, env})
      expect({exitCode, stderr}).to.deep.equal({exitCode: 0, stderr: ''})
      return token
    }
    const whoami = (env = {}) => host.run(['whoami'], {env})
    const netrc = (account: string, token: string) =>
      writeFile(
        join(host.sandbox.home, '.netrc'),
        ['api', 'git'].map((name) => `machine ${name}\n  login ${account}\n  password ${token}\n`).join(''),
      )
    const lockedSays = 'Error: the keyring is locked'

    it('act with the token in the keychain', async () => {
      await login()
      expect(await whoami()).to.deep.equal({stdout: `${ada}\n`, stderr: '', exitCode: 0})
    })

    it('say that the keyring is locked, and log nobody out', async () => {
      await login()
      await host.keyring.lock()
      for (const args of [['whoami'], ['apps']]) {
        const {exitCode, stderr, stdout} = await host.run(args)
        console.error(stderr, stdout, exitCode)
      }
      expect(await host.read(loginJson)).to.equal(`{"account":"${ada}"}\n`)
      await host.keyring.unlock()
      expect(await whoami()).to.deep.equal({stdout: `${ada}\n`, stderr: '', exitCode: 0})
    })
  })
