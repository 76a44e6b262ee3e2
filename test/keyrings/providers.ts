// Tests the keychain contract and the main job on the real KeePassXC and KWallet: `npm run test:keyrings`.
import {expect} from 'chai'
import {readFileSync} from 'node:fs'
import {openSecretService} from '../../src/backends/secret-service.js'
import {run, type RunTool} from '../../src/process/run.js'
import {describeKeychain} from '../contract/keychain-contract.js'
import {type Display, startDisplay, type User} from '../support/display.js'
import {installHost, installPlugin, packPlugin, putOnPath} from '../support/host-cli.js'
import {readPage, render, writePage} from '../support/keyrings-page.js'
import {type LoopbackHeroku, startHeroku} from '../support/loopback-heroku.js'
import {type Env, type Finished, openSandbox, type Sandbox} from '../support/sandbox.js'
import {type SecretService, startKeepassxc, startKwallet} from '../support/secret-services.js'
import {credentialFill} from '../support/work-tree.js'
import {CANNOT, EXPECTED, JOB, type Provider, PROVIDERS, type Task} from './expected.js'

const VERSION = '11.10.0'
const GIT_HOST = 'git.heroku.com'
const ada = 'ada@example.com'
const CONFIRM = 'Confirm when passwords are retrieved by clients'

const start: Record<Provider, (sandbox: Sandbox, display: Display) => Promise<SecretService>> = {
  'KeePassXC, default settings': (sandbox, display) => startKeepassxc(sandbox, display, {confirm: true}),
  'KeePassXC, without confirmations': (sandbox, display) => startKeepassxc(sandbox, display, {confirm: false}),
  KWallet: startKwallet,
}

/** The titles of all their dialogs; not KeePassXC's main window, where Return opens an entry. */
const DIALOGS = ['Access Request', 'Move entry', 'Delete entry', 'Wallet']

/** `run` with `env` in place of this process's environment. */
const runIn =
  (env: Env): RunTool =>
  (file, args, options) => {
    const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
    return run(file, args, {...options, env: {...cleared, ...env, LC_ALL: 'C', CHARSET: 'UTF-8', ...options.env}})
  }

/** A command's output for a message. */
const said = ({exitCode, stderr, stdout}: Finished) => `exit ${exitCode}\n${stdout}\n${stderr}`

describe('other providers of the Secret Service', function () {
  this.timeout(60_000)
  let sandbox: Sandbox
  let display: Display

  before(async function () {
    this.timeout(600_000)
    sandbox = openSandbox()
    display = await startDisplay(sandbox)
    const host = await installHost(VERSION)
    await putOnPath(host, sandbox)
    await installPlugin(host, sandbox, await packPlugin())
  })
  after(async () => {
    await display.stop()
    await sandbox.close()
  })

  for (const provider of PROVIDERS)
    describe(provider, () => {
      let service: SecretService
      let user: User

      before(async function () {
        this.timeout(180_000)
        user = await display.startUser('accept', DIALOGS)
        service = await start[provider](sandbox, display)
      })
      after(async () => {
        await service.stop()
        await user.stop()
      })

      describeKeychain(
        provider,
        () =>
          Promise.resolve(
            openSecretService({
              run: runIn({...sandbox.env, ...service.env}),
              timeoutMs: 20_000,
              program: '/usr/bin/secret-tool',
            }),
          ),
        {longestToken: () => 8192, clear: () => service.clear(), ...cannot(provider)},
      )

      describe('the main job', () => {
        let heroku: LoopbackHeroku
        let token: string
        /** The number of dialogs that the user caused in the keyring's own window. */
        let byHand = 0

        before(async () => {
          heroku = await startHeroku()
          token = heroku.issue().token
        })
        after(async () => {
          await heroku.stop()
          await service.clear()
        })

        const env = () => ({...service.env, ...heroku.env, HEROKU_GIT_HOST: GIT_HOST})
        const command = (args: string[], input = '') => sandbox.run('heroku', args, {env: env(), input})
        const succeeded = (finished: Finished, stdout?: string) => {
          expect(finished.exitCode, said(finished)).to.equal(0)
          if (stdout !== undefined) expect(finished.stdout).to.equal(stdout)
          return 'yes'
        }

        const tasks: Record<Task, () => Promise<string>> = {
          async login() {
            const login = await command(['login', '--with-token'], token)
            expect(await service.accounts()).to.deep.equal([ada])
            return succeeded(login, `Logged in as ${ada}\nThe token is in the keyring\n`)
          },
          whoami: async () => succeeded(await command(['whoami']), `${ada}\n`),
          token: async () => succeeded(await command(['auth:token']), `${token}\n`),
          async fill() {
            const filled = await credentialFill(sandbox, env(), {protocol: 'https', host: GIT_HOST})
            expect(filled.found, said(filled)).to.include({password: token})
            return succeeded(filled)
          },
          async logout() {
            const logout = await command(['logout'])
            expect(heroku.revoked(token), said(logout)).to.equal(true)
            const left = await service.accounts()
            if (left.length === 0) return succeeded(logout)
            expect({left, exitCode: logout.exitCode}, said(logout)).to.deep.equal({left: [ada], exitCode: 1})
            expect(logout.stdout).not.to.include('Removed')
            expect(logout.stderr.replaceAll(/\s*\n\s*(?:›\s*)?/gu, ' '))
              .to.include('keyring')
              .and.include('delete the entry')
              .and.include(`"${CONFIRM}"`)
            // The setting's name must be KeePassXC's own.
            expect(readFileSync('/usr/bin/keepassxc').includes(CONFIRM)).to.equal(true)
            return 'revokes it; exits 1 and says that it is still in the keyring'
          },
          async afterwards() {
            const asked = await command(['auth:token'])
            expect(asked.exitCode, said(asked)).not.to.equal(0)
            return asked.stdout === '' ? 'yes' : 'no'
          },
          async again() {
            token = heroku.issue().token
            succeeded(
              await command(['login', '--with-token'], token),
              `Logged in as ${ada}\nThe token is in the keyring\n`,
            )
            return succeeded(await command(['auth:token']), `${token}\n`)
          },
          async done() {
            const logout = await command(['logout'])
            expect(heroku.revoked(token), said(logout)).to.equal(true)
            if ((await service.accounts()).length > 0) {
              expect(logout.exitCode, said(logout)).to.equal(1)
              const before = user.dialogs.length
              await service.clear()
              byHand = user.dialogs.length - before
              succeeded(await command(['logout']))
            } else succeeded(logout)
            expect(await service.accounts()).to.deep.equal([])
            const {exitCode, stderr} = await command(['auth:token'])
            expect({exitCode, stderr}).to.have.property('exitCode', 100)
            expect(stderr).to.match(/not logged in/iu)
            return 'yes'
          },
        }

        for (const [task, title] of Object.entries(JOB) as [Task, string][])
          it(title.replaceAll('`', ''), async () => {
            const before = user.dialogs.length
            const outcome = await tasks[task]()
            const count = user.dialogs.length - before - byHand
            expect(outcome + shown(count, outcome)).to.equal(EXPECTED[task][provider])
          })
      })
    })

  it('are described in docs/keyrings.md', async () => {
    const page = await render()
    if (process.env.UPDATE !== undefined) writePage(page)
    expect(readPage(), 'npm run keyrings writes it').to.equal(page)
  })
})

function cannot(provider: Provider) {
  const cases = CANNOT[provider]?.cases
  return cases ? {cannot: cases} : {}
}

function shown(count: number, outcome: string): string {
  if (count === 0) return ''
  const dialogs = `${count} dialog${count === 1 ? '' : 's'}`
  return outcome === 'yes' ? `, after ${dialogs}` : ` (${dialogs})`
}
