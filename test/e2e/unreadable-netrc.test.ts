// An unreadable .netrc without a token in real CLIs: it does not affect users of the keychain.
import {expect} from 'chai'
import {spawnSync} from 'node:child_process'
import {rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'

const ada = 'ada@example.com'

for (const version of ['11.10.0', '10.17.0'])
  describe(`a .netrc without a token inside heroku@${version}`, function () {
    this.timeout(120_000)
    let host: PluggedHost
    const file = () => join(host.sandbox.home, '.netrc')

    before(async function () {
      this.timeout(600_000)
      host = await startPluggedHost(version)
    })
    after(() => host.stop())
    beforeEach(() => host.reset())
    afterEach(() => rm(file(), {force: true}))

    const kinds: Record<string, () => unknown> = {
      // CLI 10 reads .netrc before it loads any plugin (bin/run, lib/global_telemetry.js), and blocks on a pipe.
      ...(version === '11.10.0' && {'that is a named pipe': () => spawnSync('mkfifo', [file()])}),
      'with words that no reader knows': () =>
        writeFile(file(), 'machine other\n  login x\n  password y\n  refresh z\n  method\nprose that is "not closed\n'),
      'in UTF-16 without a byte order mark': () => writeFile(file(), 'machine other\n', 'utf16le'),
    }
    for (const [what, make] of Object.entries(kinds))
      it(`${what}, prevents no login, command or logout`, async () => {
        await make()
        host.heroku.apps.push({name: 'engine', owner: {email: ada}, region: {name: 'us'}})
        const {token} = host.heroku.issue()
        expect((await host.run(['login', '--with-token'], {input: `${token}\n`})).exitCode).to.equal(0)
        expect(await host.run(['auth:token'])).to.include({stdout: `${token}\n`, exitCode: 0})
        const apps = await host.run(['apps'])
        expect(apps.stdout).to.include('engine')
        expect(apps.exitCode).to.equal(0)
        expect(await host.run(['whoami'])).to.include({stdout: `${ada}\n`, exitCode: 0})
        const status = await host.run(['auth:status'])
        expect(status.stdout).to.include('the keyring')
        const logout = await host.run(['logout'])
        expect(logout.exitCode, logout.stderr).to.equal(0)
        expect(await host.tokens()).to.deep.equal([])
      })

    it('with a refresh token in its own machine entry, allows a login and a logout', async () => {
      const {token} = host.heroku.issue()
      const other = 'machine other\n  login x\n  password y\n  refresh z\n'
      const ours = `machine ${host.heroku.host}\n  login ${ada}\n  password ${token}\n  refresh abc\n`
      await writeFile(file(), other + ours)
      expect(await host.run(['auth:token'])).to.include({stdout: `${token}\n`, exitCode: 0})
      expect((await host.run(['whoami'])).stdout).to.equal(`${ada}\n`)
      const logout = await host.run(['logout'])
      expect(logout.exitCode, logout.stderr).to.equal(0)
      expect(await host.read('.netrc')).to.equal(other)
    })
  })
