// Tests the keychain contract and the main job on the real KeePassXC and KWallet: `npm run test:keyrings`.
import {expect} from 'chai'
import {readFileSync} from 'node:fs'
import {readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {openSecretService} from '../../src/backends/secret-service.js'
import {StorageError} from '../../src/errors.js'
import {run, type RunTool} from '../../src/process/run.js'
import {describeKeychain} from '../contract/keychain-contract.js'
import {type Display, startDisplay, type User} from '../support/display.js'
import {installHost, installPlugin, packPlugin, putOnPath} from '../support/host-cli.js'
import {readPage, render, writePage} from '../support/keyrings-page.js'
import {type LoopbackHeroku, startHeroku} from '../support/loopback-heroku.js'
import {type Env, type Finished, openSandbox, type Sandbox} from '../support/sandbox.js'
import {type Keepassxc, type SecretService, startKeepassxc, startKwallet} from '../support/secret-services.js'
import {credentialFill} from '../support/work-tree.js'
import {
  CANNOT,
  type Closed,
  CLOSED,
  CLOSED_JOB,
  type ClosedTask,
  EXPECTED,
  EXPECTED_CLOSED,
  JOB,
  type Provider,
  PROVIDERS,
  type Task,
} from './expected.js'

const VERSION = '11.10.0'
const GIT_HOST = 'git.heroku.com'
const ada = 'ada@example.com'
const grace = 'grace@example.com'
const CONFIRM = 'Confirm when passwords are retrieved by clients'

const start: Record<Provider, (sandbox: Sandbox, display: Display) => Promise<SecretService>> = {
  'KeePassXC, default settings': (sandbox, display) => startKeepassxc(sandbox, display, {confirm: true}),
  'KeePassXC, without confirmations': (sandbox, display) => startKeepassxc(sandbox, display, {confirm: false}),
  KWallet: startKwallet,
}

/** The titles of all their dialogs; not KeePassXC's main window, where Return opens an entry. */
const DIALOGS = ['Access Request', 'Move entry', 'Delete entry', 'Wallet']

const startClosable: Record<Closed, (sandbox: Sandbox, display: Display) => Promise<Keepassxc>> = {
  'locked, its dialog dismissed': (sandbox, display) => startKeepassxc(sandbox, display, {confirm: false}),
  'locked, without its dialog': (sandbox, display) => startKeepassxc(sandbox, display, {confirm: false, unlock: false}),
  'closed, its dialog dismissed': (sandbox, display) => startKeepassxc(sandbox, display, {confirm: false}),
}

/** `run` with `env` in place of this process's environment. */
const runIn =
  (env: Env): RunTool =>
  (file, args, options) => {
    const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
    return run(file, args, {...options, env: {...cleared, ...env, LC_ALL: 'C', CHARSET: 'UTF-8', ...options.env}})
  }

/** An error's text in one line, as it is before oclif breaks it. */
const unwrapped = (stderr: string) => stderr.replaceAll(/\s*\n\s*(?:›\s*)?/gu, ' ')

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
            return succeeded(login, `Logged in as ${ada}\nToken stored in the keyring\n`)
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
            expect(unwrapped(logout.stderr))
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
              `Logged in as ${ada}\nToken stored in the keyring\n`,
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

  for (const how of CLOSED)
    describe(`KeePassXC with its database ${how}`, () => {
      let service: Keepassxc
      let user: User
      let heroku: LoopbackHeroku
      let token: string

      const env = () => ({...service.env, ...heroku.env, HEROKU_GIT_HOST: GIT_HOST})
      const command = (args: string[], input = '') => sandbox.run('heroku', args, {env: env(), input})
      const fill = () => credentialFill(sandbox, env(), {protocol: 'https', host: GIT_HOST})
      const recorded = () =>
        Promise.all(
          ['login.json', 'heroku-keychain.json'].map((name) =>
            readFile(join(sandbox.home, '.local', 'share', 'heroku', name), 'utf8'),
          ),
        )

      before(async function () {
        this.timeout(180_000)
        user = await display.startUser('dismiss', ['Unlock Database'])
        service = await startClosable[how](sandbox, display)
        heroku = await startHeroku()
        token = heroku.issue().token
        const login = await command(['login', '--with-token'], token)
        expect(login.stdout, said(login)).to.equal(`Logged in as ${ada}\nToken stored in the keyring\n`)
        await (how.startsWith('closed') ? service.close() : service.lock())
      })
      after(async () => {
        await heroku.stop()
        await service.stop()
        await user.stop()
      })

      const tasks: Record<ClosedTask, () => Promise<unknown>> = {
        async token() {
          const asked = await command(['auth:token'])
          expect(asked, said(asked)).to.include({exitCode: 1, stdout: ''})
          expect(unwrapped(asked.stderr))
            .to.include(`the keyring does not show the token of ${ada} that was stored in it`)
            .and.include('in KeePassXC: open the database')
        },
        async fill() {
          const netrc = join(sandbox.home, '.netrc')
          const {token: other} = heroku.issue({account: grace})
          const machines = [heroku.host, GIT_HOST].map((host) => `machine ${host} login ${grace} password ${other}\n`)
          await writeFile(netrc, machines.join(''), {mode: 0o600})
          try {
            const filled = await fill()
            expect(filled.exitCode, said(filled)).not.to.equal(0)
            expect(filled.found).to.deep.equal({})
            expect(filled.stderr).to.include('the keyring does not show the token').and.include(`${grace}'s token`)
          } finally {
            await rm(netrc)
          }
        },
        async logout() {
          const before = await recorded()
          const logout = await command(['logout'])
          expect(logout, said(logout)).to.include({exitCode: 1, stdout: ''})
          expect(unwrapped(logout.stderr)).to.include('cannot log out: the keyring does not show the token')
          expect(heroku.revoked(token)).to.equal(false)
          expect(await recorded()).to.deep.equal(before)
        },
        async opened() {
          await service.open()
          const asked = await command(['auth:token'])
          expect(asked, said(asked)).to.include({exitCode: 0, stdout: `${token}\n`})
          expect((await fill()).found).to.include({password: token})
          const logout = await command(['logout'])
          expect(logout.exitCode, said(logout)).to.equal(0)
          expect(heroku.revoked(token)).to.equal(true)
          expect(await service.accounts()).to.deep.equal([])
        },
      }

      if (how === 'locked, its dialog dismissed')
        it('asks once in each operation of the backend that reads, twice in a store and three times in a removal', async () => {
          const backend = openSecretService({
            run: runIn({...sandbox.env, ...service.env}),
            timeoutMs: 20_000,
            program: '/usr/bin/secret-tool',
          })
          const dialogsIn = async (operation: () => Promise<unknown>) => {
            const before = user.dialogs.length
            const outcome = await operation().catch((error: unknown) => {
              if (error instanceof StorageError) return error.problem
              throw error
            })
            return {outcome, dialogs: user.dialogs.length - before}
          }
          expect({
            get: await dialogsIn(() => backend.get(ada)),
            peek: await dialogsIn(async () => backend.peek?.(ada)),
            accounts: await dialogsIn(() => backend.accounts()),
            remove: await dialogsIn(() => backend.remove(ada)),
            set: await dialogsIn(() => backend.set({account: ada, token: 'HRKU-1'})),
          }).to.deep.equal({
            get: {outcome: undefined, dialogs: 1},
            peek: {outcome: {}, dialogs: 1},
            accounts: {outcome: [], dialogs: 1},
            // It must not trust a search that shows no item. A logout reads first, and stops there.
            remove: {outcome: false, dialogs: 3},
            // secret-tool exits 0 if nothing was stored, and only a search shows it.
            set: {outcome: 'denied', dialogs: 2},
          })
        })

      for (const [task, title] of Object.entries(CLOSED_JOB) as [ClosedTask, string][])
        it(title.replaceAll('`', ''), async () => {
          const before = user.dialogs.length
          await tasks[task]()
          expect(`yes${shown(user.dialogs.length - before, 'yes')}`).to.equal(EXPECTED_CLOSED[task][how])
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
