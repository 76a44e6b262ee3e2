// A future Heroku CLI, whose client gets its credentials through an interface that we don't know.
import {expect} from 'chai'
import {installHost} from '../support/host-cli.js'
import {type MadeUpHost, makeUpHost} from '../support/made-up-host.js'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'
import {openSandbox, type Sandbox} from '../support/sandbox.js'
import {ada, expectOnlyInKeyring, inKeyring, isAda, loggedIn} from './scenarios/cell.js'

const SETTER = 'setCredentialManagerProvider'

const FUTURES = {
  'has no setter of that name': (text: string) => text.replaceAll(SETTER, 'useCredentialStore'),
  'has something else by that name': (text: string) =>
    text.replace(
      `export function ${SETTER}(p) {`,
      `export const ${SETTER} = {}\nexport function useCredentialStore(p) {`,
    ),
  'has a setter that takes something else': (text: string) =>
    text.replace('provider = p;', "throw new TypeError('it takes a store, and not a provider')"),
}

describe('with an unknown client', function () {
  this.timeout(60_000)
  let folder: Sandbox
  let host: MadeUpHost
  let plugged: PluggedHost
  let alone: PluggedHost

  before(async function () {
    this.timeout(600_000)
    folder = openSandbox()
    host = await makeUpHost(await installHost('11.10.0'), folder.root)
    ;[plugged, alone] = await Promise.all([startPluggedHost(host), startPluggedHost(host, 'absent')])
  })
  after(async () => {
    await plugged.stop()
    await alone.stop()
    await folder.close()
  })

  for (const [which, change] of Object.entries(FUTURES))
    describe(`that ${which}`, () => {
      before(() => host.become(change))
      beforeEach(() => Promise.all([plugged.reset(), alone.reset()]))

      it("silently leaves the host's own commands to the host's own code", async () => {
        const token = await loggedIn(plugged)
        expect(await plugged.run(['whoami'])).to.deep.equal(isAda)
        await expectOnlyInKeyring(plugged, token)
      })

      it('does not change how they fail', async () => {
        const fail = async (at: PluggedHost) => {
          await loggedIn(at)
          await at.keyring.lock()
          return at.run(['whoami'])
        }
        const [withUs, without] = await Promise.all([fail(plugged), fail(alone)])
        expect(withUs).to.deep.equal(without)
        expect(withUs.exitCode).not.to.equal(0)
      })

      if (which === 'has no setter of that name')
        it('reports it in auth:status', async () => {
          await loggedIn(plugged)
          const {exitCode, stdout} = await plugged.run(['auth:status'])
          expect(stdout).to.match(/@heroku-cli\/command [\d.]+, which the plugin does not know/u)
          expect(exitCode).to.equal(0)
        })

      it('still runs our own commands', async () => {
        const {token} = plugged.heroku.issue()
        const login = await plugged.run(['login', '--with-token'], {input: token})
        expect(login).to.include({stderr: '', exitCode: 0})
        expect(await inKeyring(plugged)).to.deep.equal({[ada]: token})
      })
    })
})
