import {expect} from 'chai'
import {createHash} from 'node:crypto'
import {lstat, mkdir, readdir, readFile, readlink, writeFile} from 'node:fs/promises'
import {join, relative} from 'node:path'
import {installBrowser} from '../browser.js'
import {copyPlugin, type Host, installHost, installPlugin, packPlugin, putOnPath} from '../host-cli.js'
import {type Keyring, startKeyring} from '../keyring.js'
import {type LoopbackHeroku, startHeroku} from '../loopback-heroku.js'
import {npm} from '../npm.js'
import {type Env, openSandbox, type Sandbox} from '../sandbox.js'
import {inTerminal, keys} from '../terminal.js'

const VERSION = '11.10.0'
const ACCOUNT = 'ada@example.com'

describe(`Heroku CLI ${VERSION} in a sandbox`, () => {
  let host: Host
  let sandbox: Sandbox
  let heroku: LoopbackHeroku
  let keyring: Keyring
  let env: Env

  const run = (...args: string[]) => sandbox.run('heroku', args, {env})

  before(async function () {
    this.timeout(300_000)
    host = await installHost(VERSION)
  })

  beforeEach(async function () {
    this.timeout(60_000)
    sandbox = openSandbox()
    heroku = await startHeroku()
    keyring = await startKeyring(sandbox)
    await putOnPath(host, sandbox)
    env = sandbox.envWith({...heroku.env, ...keyring.env, ...installBrowser(sandbox)})
  })

  afterEach(async () => {
    await keyring.stop()
    await heroku.stop()
    await sandbox.close()
  })

  it('prints its version, and nothing else', async () => {
    const {stdout, stderr, exitCode} = await run('version')
    expect(stdout).to.match(/^heroku\/11\.10\.0 /u)
    expect({stderr, exitCode}).to.deep.equal({stderr: '', exitCode: 0})
  }).timeout(20_000)

  it('logs in through the browser, runs a command, and logs out, without the plugin', async () => {
    heroku.apps.push({name: 'engine', owner: {email: ACCOUNT}, region: {name: 'us'}})
    const login = await inTerminal('heroku', ['login'], {
      env,
      cwd: sandbox.home,
      steps: [{expect: 'Press any key to open up the browser', raw: true, send: 'x'}],
    })
    expect(login.exitCode).to.equal(0)
    expect(login.screen).to.include(`Logged in as ${ACCOUNT}`)
    expect(login.settings.after).to.equal(login.settings.before)
    expect(heroku.visits).to.equal(1)

    const token = heroku.tokens[0]?.token ?? ''
    const attributes = {service: 'heroku-cli', account: ACCOUNT}
    expect(await keyring.items()).to.deep.equal([{label: 'Heroku CLI', attributes, secret: token, locked: false}])
    expect(JSON.parse(await readFile(join(sandbox.home, '.local/share/heroku/login.json'), 'utf8'))).to.deep.equal({
      account: ACCOUNT,
    })

    expect(await run('whoami')).to.deep.equal({stdout: `${ACCOUNT}\n`, stderr: '', exitCode: 0})
    expect(heroku.requests.slice(-2).map(({at}) => at)).to.have.members(['api', 'particleboard'])
    expect((await run('apps')).stdout).to.include('engine')
    expect((await run('auth:token')).stdout).to.equal(`${token}\n`)
    expect((await run('logout')).exitCode).to.equal(0)
    expect(heroku.revoked(token)).to.equal(true)
    expect(await keyring.items()).to.deep.equal([])
    expect((await run('whoami')).exitCode).to.equal(100)
    expect(heroku.unknown).to.deep.equal([])
  }).timeout(60_000)

  it('logs in with a password and a second factor', async () => {
    Object.assign(heroku.accounts[0] ?? {}, {twoFactorCode: '123456'})
    const {screen, exitCode} = await inTerminal('heroku', ['login', '--interactive'], {
      env,
      cwd: sandbox.home,
      steps: [
        {expect: 'Email', raw: true, send: `${ACCOUNT}${keys.enter}`},
        {expect: 'Password', raw: true, send: `correct horse${keys.enter}`},
        {expect: 'Two-factor code', raw: true, send: `123456${keys.enter}`},
        {expect: `Logged in as ${ACCOUNT}`},
      ],
    })
    expect(exitCode).to.equal(0)
    expect(screen).not.to.include('correct horse')
    expect(heroku.requestsTo('POST /oauth/authorizations')).to.have.length(2)
    expect(heroku.tokens[0]).to.include({account: ACCOUNT, kind: 'authorization', revoked: false})
  }).timeout(60_000)

  it('installs a plugin from a tarball', async () => {
    const tarball = await packThrowAway(sandbox)
    await installPlugin(host, sandbox, tarball)
    expect(await run('throwaway')).to.deep.equal({stdout: `thrown away in ${VERSION}\n`, stderr: '', exitCode: 0})
  }).timeout(120_000)

  it('has the same files from a copy of an installation as from an installation', async () => {
    const tarball = await packPlugin()
    const copied = openSandbox()
    try {
      await putOnPath(host, copied)
      await copyPlugin(host, copied, tarball)
      await installPlugin(host, sandbox, tarball)
      const files = await installedFiles(sandbox)
      expect(Object.keys(files).length).to.be.greaterThan(100)
      expect(await installedFiles(copied)).to.deep.equal(files)
    } finally {
      await copied.close()
    }
  }).timeout(120_000)
})

/** What `plugins:install` writes: the mode and the contents of each file, or the target of a link, by path. */
async function installedFiles({home}: Sandbox): Promise<Record<string, string>> {
  const folder = join(home, '.local', 'share', 'heroku')
  const entries = await readdir(folder, {recursive: true, withFileTypes: true})
  const files = entries.filter((entry) => !entry.isDirectory())
  const described = files.map(async ({name, parentPath}): Promise<[string, string]> => {
    const path = join(parentPath, name)
    const stats = await lstat(path)
    const isLink = stats.isSymbolicLink()
    const contents = await (isLink ? readlink(path) : hashOf(path))
    return [relative(folder, path), `${stats.mode.toString(8)} ${contents}`]
  })
  return Object.fromEntries((await Promise.all(described)).sort(([a], [b]) => (a < b ? -1 : 1)))
}

const hashOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex')

/** A plugin of one command; it has a dependency, so that the registry is asked. */
async function packThrowAway(sandbox: Sandbox): Promise<string> {
  const root = join(sandbox.root, 'throwaway')
  await mkdir(join(root, 'commands'), {recursive: true})
  const manifest = {
    name: 'throwaway',
    version: '1.0.0',
    type: 'module',
    dependencies: {'@oclif/core': '^4.14.0'},
    oclif: {commands: './commands'},
  }
  await writeFile(join(root, 'package.json'), JSON.stringify(manifest))
  await writeFile(
    join(root, 'commands', 'throwaway.js'),
    `import {Command} from '@oclif/core'
export default class Throwaway extends Command {
  async run() {
    this.log('thrown away in ' + this.config.version)
  }
}
`,
  )
  await npm(['pack', '--pack-destination', root], root)
  return join(root, 'throwaway-1.0.0.tgz')
}
