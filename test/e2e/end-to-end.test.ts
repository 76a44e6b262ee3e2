// A complete login on this machine: the Heroku CLI from npm, the packed plugin, and the system's keychain, which the
// test reads with the system's own tool. On Linux a private keyring replaces the user's; on macOS the default keychain
// is a file in the sandbox's home; Windows has only one vault, so the test uses a new account name.
import {expect} from 'chai'
import {randomUUID} from 'node:crypto'
import {mkdir, readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {type Host, installHost, installPlugin, packPlugin} from '../support/host-cli.js'
import {type Keyring, startKeyring} from '../support/keyring.js'
import {type LoopbackHeroku, startHeroku} from '../support/loopback-heroku.js'
import {type Finished, openSandbox, type Sandbox} from '../support/sandbox.js'
import {credentialFill} from '../support/work-tree.js'

const VERSION = '11.10.0'

/** A system's keychain, read without our code. */
interface OwnTool {
  /** Its name in the output of login. */
  name: string
  prepare?: (sandbox: Sandbox) => Promise<void>
  /** Prints an account's token and nothing else, or fails. */
  look: (sandbox: Sandbox, account: string, env: Record<string, string>) => Promise<Finished>
}

const VAULT = '[Windows.Security.Credentials.PasswordVault,Windows.Security.Credentials,ContentType=WindowsRuntime]'

const linux: OwnTool = {
  name: 'the keyring',
  look: (sandbox, account, env) =>
    sandbox.run('secret-tool', ['lookup', 'service', 'heroku-cli', 'account', account], {env}),
}
const systems: Partial<Record<NodeJS.Platform, OwnTool>> = {
  linux,
  darwin: {
    name: 'the macOS keychain',
    async prepare(sandbox) {
      // macOS finds the default keychain through a file below HOME (Security, DLDbListCFPref::HomeDir).
      const library = join(sandbox.home, 'Library')
      await mkdir(join(library, 'Preferences'), {recursive: true})
      await mkdir(join(library, 'Keychains'))
      const keychain = join(library, 'Keychains', 'login.keychain-db')
      for (const args of [
        ['create-keychain', '-p', 'open', keychain],
        ['list-keychains', '-d', 'user', '-s', keychain],
        ['default-keychain', '-d', 'user', '-s', keychain],
        ['unlock-keychain', '-p', 'open', keychain],
        // Without a setting it locks itself after some time.
        ['set-keychain-settings', keychain],
      ])
        expect(await sandbox.run('/usr/bin/security', args)).to.include({exitCode: 0})
    },
    look: (sandbox, account) =>
      sandbox.run('/usr/bin/security', ['find-generic-password', '-s', 'heroku-cli', '-a', account, '-w']),
  },
  win32: {
    name: 'the Windows password vault',
    look: (sandbox, account) =>
      sandbox.run('powershell.exe', [
        '-NoProfile',
        '-NonInteractive',
        '-Command',
        `try { ${VAULT}::new().Retrieve('heroku-cli', '${account}').Password } catch { exit 1 }`,
      ]),
  },
}

describe(`a complete login on ${process.platform}`, function () {
  this.timeout(120_000)

  const account = `ada.${randomUUID()}@example.com`
  const system = systems[process.platform] ?? linux
  let host: Host
  let sandbox: Sandbox
  let heroku: LoopbackHeroku
  let keyring: Keyring | undefined
  let env: Record<string, string>

  before(async function () {
    this.timeout(600_000)
    host = await installHost(VERSION)
    sandbox = openSandbox()
    heroku = await startHeroku()
    heroku.accounts.push({email: account, password: 'correct horse'})
    await system.prepare?.(sandbox)
    if (system === linux) keyring = await startKeyring(sandbox)
    env = {...heroku.env, ...keyring?.env, HEROKU_GIT_HOST: heroku.host}
    await installPlugin(host, sandbox, await packPlugin())
  })

  after(async () => {
    // Even after a failure, leave nothing in this machine's vault.
    await cli(['logout', '--local'])
    await keyring?.stop()
    await heroku.stop()
    await sandbox.close()
  })

  /** Runs `heroku` without the shell that starts it on Windows. */
  const cli = (args: readonly string[], input = '') =>
    sandbox.run(process.execPath, [join(host.root, 'node_modules', 'heroku', 'bin', 'run.js'), ...args], {env, input})

  it('stores the token only in the keychain, where git and scripts find it, and logout removes it', async () => {
    const {token} = heroku.issue({account})
    const login = await cli(['login', '--with-token'], `${token}\n`)
    expect(login, login.stderr).to.include({exitCode: 0})
    expect(login.stdout).to.include(`Logged in as ${account}\nToken stored in ${system.name}\n`)

    expect((await system.look(sandbox, account, env)).stdout.trim()).to.equal(token)
    expect(await cli(['auth:token'])).to.include({stdout: `${token}\n`, exitCode: 0})
    expect(await cli(['whoami'])).to.include({stdout: `${account}\n`, exitCode: 0})
    const {found} = await credentialFill(sandbox, env, {protocol: 'https', host: heroku.host})
    expect(found).to.include({username: 'heroku', password: token})

    const logout = await cli(['logout'])
    expect(logout, logout.stderr).to.include({exitCode: 0})
    expect(heroku.revoked(token)).to.equal(true)
    expect((await system.look(sandbox, account, env)).stdout.trim()).to.equal('')
    expect(await cli(['auth:token'])).to.include({stdout: '', exitCode: 100})
    expect((await readdir(sandbox.home)).filter((name) => name.includes('netrc'))).to.deep.equal([])
  })
})
