// Stores for a machine without a desktop, in the real CLI: pass, a git credential helper, and git on another machine.
import {expect} from 'chai'
import {cp, mkdir, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {HOST_VERSIONS} from '../support/host-versions.js'
import {type KeyRing, keyRings} from '../support/key-ring.js'
import {type LoopbackGit, startGit} from '../support/loopback-git.js'
import {type PluggedHost, startOwnProgram, type Machine, startPluggedHost} from '../support/plugged-host.js'
import {openSandbox} from '../support/sandbox.js'
import {keys} from '../support/terminal.js'
import {openWorkTree, type WorkTree} from '../support/work-tree.js'

const ada = 'ada@example.com'
const OUR_JSON = '.local/share/heroku/heroku-keychain.json'
const NO_BUS = {DBUS_SESSION_BUS_ADDRESS: undefined, DISPLAY: undefined}

/** The files below a folder that hold a text. */
async function filesWith(text: string, folder: string): Promise<string[]> {
  const entries = await readdir(folder, {recursive: true, withFileTypes: true})
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const found = await Promise.all(files.map(async (file) => (await readFile(file)).includes(text)))
  return files.filter((_, index) => found[index])
}

for (const version of HOST_VERSIONS)
  describe(`pass on a machine without a keyring, in heroku@${version}`, function () {
    this.timeout(300_000)
    const rings = keyRings()
    let host: PluggedHost
    let ring: KeyRing
    let git: LoopbackGit
    let tree: WorkTree

    before(async function () {
      this.timeout(600_000)
      host = await startPluggedHost(version)
      ring = rings.create(['ada'])
      git = await startGit({
        accepts: (password) => host.heroku.tokens.some(({revoked, token}) => token === password && !revoked),
      })
      await git.createRepository('app')
      tree = await openWorkTree(host.sandbox)
    })
    after(async () => {
      await git.stop()
      await host.stop()
    })
    beforeEach(async () => {
      await host.reset()
      await rm(join(host.sandbox.home, '.password-store'), {recursive: true, force: true})
      await mkdir(join(host.sandbox.home, '.password-store'))
      await writeFile(join(host.sandbox.home, '.password-store', '.gpg-id'), 'ada\n')
    })

    const env = () => ({...NO_BUS, ...ring.env, ...git.env, HEROKU_GIT_HOST: git.host})
    const run = (...args: string[]) => host.run(args, {env: env()})
    const inPass = async () => (await host.sandbox.run('pass', ['show', `heroku-cli/${ada}`], {env: env()})).stdout

    it('does the main job, and no file ever holds the token', async () => {
      expect(await run('auth:token'), 'before the login').to.deep.include({stdout: '', exitCode: 100})
      const {token} = host.heroku.issue()
      const plain = async (step: string) => {
        expect(await filesWith(token, host.sandbox.home), step).to.deep.equal([])
      }
      const login = await host.run(['login', '--with-token'], {input: token, env: env()})
      expect(login).to.deep.equal({
        stdout: `Logged in as ${ada}\nToken stored in pass: heroku-cli/${ada}\n`,
        stderr: '',
        exitCode: 0,
      })
      expect(await inPass()).to.equal(token)
      await plain('login')
      for (const [args, output] of [
        [['whoami'], ada],
        [['auth:token'], token],
        [['apps'], 'no apps'],
        [['auth:status'], 'pass'],
      ] as const) {
        const ended = await run(...args)
        expect(ended.exitCode, args[0]).to.equal(0)
        expect(`${ended.stdout}${ended.stderr}`, args[0]).to.include(output)
        await plain(args[0])
      }
      expect(await tree.push(git.remote('app'), {...host.env, ...env()})).to.include({exitCode: 0})
      await plain('git push')

      const logout = await run('logout')
      expect(logout, logout.stderr).to.deep.include({stdout: `Removed the token of ${ada} from pass\n`, exitCode: 0})
      expect(host.heroku.revoked(token)).to.equal(true)
      expect(await readdir(join(host.sandbox.home, '.password-store', 'heroku-cli'))).to.deep.equal([])
      expect(await run('auth:token')).to.deep.include({stdout: '', exitCode: 100})
    })

    it('goes from one account to another by the aliases of heroku accounts, and no file holds a token', async () => {
      const tokens: Record<string, string> = {}
      host.heroku.accounts.push({email: 'grace@example.com', password: 'x'})
      for (const [alias, account] of [
        ['a', ada],
        ['g', 'grace@example.com'],
      ] as const) {
        const {token} = host.heroku.issue({account})
        tokens[alias] = token
        await host.run(['login', '--with-token'], {input: token, env: env()})
        expect(await run('accounts:add', alias)).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
      }
      for (const [name, alias] of [
        ['a', 'a'],
        ['grace@example.com', 'g'],
        [ada, 'a'],
      ] as const) {
        expect(await run('accounts:set', name)).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
        expect((await run('auth:token')).stdout).to.equal(`${tokens[alias] ?? ''}\n`)
      }
      expect((await run('whoami')).stdout).to.equal(`${ada}\n`)
      expect((await run('accounts')).stdout).to.match(/a\b.*\n.*g\b/u)
      for (const token of Object.values(tokens)) expect(await filesWith(token, host.sandbox.home)).to.deep.equal([])
    })

    it('warns once a day where pass is not set up either, and the token went to .netrc unasked', async () => {
      await rm(join(host.sandbox.home, '.password-store'), {recursive: true})
      const {token} = host.heroku.issue()
      const login = await host.run(['login', '--with-token'], {input: token, env: env()})
      expect(login, login.stderr).to.deep.include({exitCode: 0, stdout: `Logged in as ${ada}\n`})
      expect(login.stderr).to.include('.netrc, in plain text: ')
      const quiet = {stdout: `${ada}\n`, stderr: '', exitCode: 0}
      expect(await run('whoami')).to.deep.equal(quiet)

      const ours = (await host.read(OUR_JSON)) ?? ''
      const earlier = ours.replace(/"plainTextWarnedOn": ?"[0-9-]+"/u, '"plainTextWarnedOn":"2026-01-01"')
      expect(earlier).not.to.equal(ours)
      await writeFile(join(host.sandbox.home, OUR_JSON), earlier)
      const warned = await run('whoami')
      expect(warned).to.deep.include({stdout: quiet.stdout, exitCode: 0})
      expect(warned.stderr).to.match(/^heroku: the token is in \S+\.netrc, in plain text, because [^\n]+\n$/u)
      expect(await run('whoami')).to.deep.equal(quiet)
    })

    it('takes the token from .netrc, and gives it back', async () => {
      const {token} = host.heroku.issue()
      const login = await host.run(['login', '--with-token', '--store', 'netrc'], {input: token, env: env()})
      expect(login, login.stderr).to.deep.include({stderr: '', exitCode: 0})
      expect(await host.read('.netrc')).to.include(token)
      const there = await run('auth:migrate')
      expect(there, there.stderr).to.deep.include({exitCode: 0})
      expect(await inPass()).to.equal(token)
      expect(await filesWith(token, host.sandbox.home)).to.deep.equal([])
      expect(await run('auth:token')).to.deep.include({stdout: `${token}\n`, exitCode: 0})
      const back = await run('auth:migrate', '--to', 'netrc')
      expect(back, back.stderr).to.deep.include({exitCode: 0})
      expect(await host.read('.netrc')).to.include(token)
      expect(await readdir(join(host.sandbox.home, '.password-store', 'heroku-cli'))).to.deep.equal([])
      expect(await run('auth:token')).to.deep.include({stdout: `${token}\n`, exitCode: 0})
    })
  })

describe('the store of a login', function () {
  this.timeout(60_000)
  const rings = keyRings()
  let machine: Machine
  let ring: KeyRing

  before(async function () {
    this.timeout(600_000)
    machine = await startOwnProgram()
    ring = rings.create(['ada'])
  })
  after(() => machine.stop())
  beforeEach(async () => {
    await machine.reset()
    await rm(join(machine.sandbox.home, '.password-store'), {recursive: true, force: true})
  })

  const setUpPass = async () => {
    await mkdir(join(machine.sandbox.home, '.password-store'))
    await writeFile(join(machine.sandbox.home, '.password-store', '.gpg-id'), 'ada\n')
  }
  const logIn = (args: string[] = [], env: Record<string, string | undefined> = {}) => {
    const {token} = machine.heroku.issue()
    return machine
      .run(['login', '--with-token', ...args], {input: token, env: {...ring.env, ...env}})
      .then((ended) => ({token, ...ended}))
  }
  const tokenNow = async (env: Record<string, string | undefined> = {}) =>
    (await machine.run(['auth:token'], {env: {...ring.env, ...env}})).stdout.trim()
  const recordNow = async () => JSON.parse((await machine.read(OUR_JSON)) ?? '{}') as {tokens: {savedIn: string}[]}

  it('is the keyring before pass, and stays the one on record', async () => {
    await setUpPass()
    const first = await logIn()
    expect(first.stdout).to.include('Token stored in the keyring')
    const second = await logIn(['--store', 'pass'])
    expect(second.stdout).to.include(`Token stored in pass: heroku-cli/${ada}`)
    expect(await tokenNow()).to.equal(second.token)
    expect(await machine.tokens(), 'the older token').to.deep.equal([])
    const third = await logIn()
    expect(third.stdout).to.include(`Token stored in pass: heroku-cli/${ada}`)
    expect(await tokenNow()).to.equal(third.token)
    expect((await recordNow()).tokens.map(({savedIn}) => savedIn)).to.deep.equal(['password-store'])
    const logout = await machine.run(['logout'], {env: ring.env})
    expect(logout, logout.stderr).to.deep.include({exitCode: 0})
  })

  it('is pass where the keyring cannot be reached, without a word about it', async () => {
    await setUpPass()
    expect(await logIn([], NO_BUS)).to.deep.include({
      stderr: '',
      stdout: `Logged in as ${ada}\nToken stored in pass: heroku-cli/${ada}\n`,
    })
  })

  it('is moved by a migrate from one keychain to another, and back', async () => {
    await setUpPass()
    const {token} = await logIn()
    const there = await machine.run(['auth:migrate', '--to', 'pass'], {env: ring.env})
    expect(there.stdout, there.stderr).to.include(`Removed the token of ${ada} from the keyring`)
    expect(await machine.tokens()).to.deep.equal([])
    expect(await tokenNow(NO_BUS)).to.equal(token)
    const back = await machine.run(['auth:migrate', '--to', 'keyring'], {env: ring.env})
    expect(back.stdout, back.stderr).to.include(`Removed the token of ${ada} from pass`)
    expect((await machine.tokens()).map(({secret}) => secret)).to.deep.equal([token])
    expect(await tokenNow()).to.equal(token)
  })

  describe('that HEROKU_CREDENTIAL_STORE names', () => {
    it('takes the token, or the login fails and its token is revoked', async () => {
      const env = {HEROKU_CREDENTIAL_STORE: 'keyring'}
      expect((await logIn([], env)).stdout).to.include('Token stored in the keyring')
      await machine.reset()
      await machine.secretTool('case "$1" in store) echo "it is full" >&2; exit 1;; *) exec "$REAL" "$@";; esac')
      const login = await machine.inTerminal(['login'], [{expect: 'Press any key', raw: true, send: 'x'}], env)
      expect(login.exitCode).to.equal(1)
      expect(login.screen).to.include('the token was not stored in the keyring')
      const issued = machine.heroku.tokens.at(-1)?.token ?? ''
      expect(machine.heroku.revoked(issued)).to.equal(true)
      expect(await machine.read('.netrc')).to.equal(undefined)
    })

    it('excludes .netrc: a login with HEROKU_NETRC_WRITE and a migrate to .netrc are refused', async () => {
      const env = {HEROKU_CREDENTIAL_STORE: 'keyring'}
      const login = await logIn([], {...env, HEROKU_NETRC_WRITE: 'true'})
      expect(login.exitCode).to.equal(1)
      expect(login.stderr).to.include('HEROKU_NETRC_WRITE').and.to.include('HEROKU_CREDENTIAL_STORE')
      await logIn([], env)
      const migrate = await machine.run(['auth:migrate', '--to', 'netrc'], {env})
      expect(migrate.exitCode).to.equal(1)
      expect(migrate.stderr).to.include('HEROKU_CREDENTIAL_STORE')
      expect(await machine.read('.netrc')).to.equal(undefined)
    })

    it('excludes .netrc for a login that asks for it, too', async () => {
      const login = await logIn(['--store', 'netrc'], {HEROKU_CREDENTIAL_STORE: 'keyring'})
      expect(login.exitCode).to.equal(1)
      expect(login.stderr).to.include('--store').and.to.include('HEROKU_CREDENTIAL_STORE')
      expect(await machine.read('.netrc')).to.equal(undefined)
    })

    it('still lets an old .netrc be read, with a warning', async () => {
      const {token} = await logIn(['--store', 'netrc'])
      const ended = await machine.run(['auth:token'], {env: {HEROKU_CREDENTIAL_STORE: 'keyring'}})
      expect(ended).to.deep.include({stdout: `${token}\n`, exitCode: 0})
      expect(ended.stderr).to.match(
        /^heroku-keychain: the token is in \.netrc, though .*auth:migrate --to .keyring.\n$/u,
      )
    })

    it('is refused by a login if it is unknown, and ignored by a lookup with one line', async () => {
      const {token} = await logIn()
      const env = {HEROKU_CREDENTIAL_STORE: 'safe'}
      const login = await logIn([], env)
      expect(login.exitCode).to.equal(1)
      expect(login.stderr).to.include('HEROKU_CREDENTIAL_STORE names no store: "safe"')
      const ended = await machine.run(['auth:token'], {env})
      expect(ended.stdout).to.equal(`${token}\n`)
      expect(ended.stderr.trim().split('\n')).to.have.length(1)
    })

    it('is refused before a token is issued if this machine does not have it', async () => {
      const login = await machine.inTerminal(['login'], [], {HEROKU_CREDENTIAL_STORE: 'pass'})
      expect(login.exitCode).to.equal(1)
      expect(login.screen).to.include('pass init')
      expect(machine.heroku.requests).to.deep.equal([])
    })
  })

  describe('that would be plain text', () => {
    const answer = (send: string) =>
      machine.inTerminal(
        ['login'],
        [
          {expect: 'plain text in', send: `${send}${keys.enter}`},
          ...(send === 'y' ? [{expect: 'Press any key', raw: true, send: 'x'}] : []),
        ],
        {DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent'},
      )

    it('is used after a question, and only if the answer is yes', async () => {
      const no = await answer('')
      expect(no.exitCode).to.equal(1)
      expect(no.screen.replaceAll(/[\s›]+/gu, ' ')).to.include('Try this: set up pass, which needs no desktop: gpg')
      expect(machine.heroku.requests).to.deep.equal([])
      const yes = await answer('y')
      expect(yes.exitCode).to.equal(0)
      expect(await machine.read('.netrc')).to.include('password')
      // The user has agreed.
      expect(await machine.read(OUR_JSON)).not.to.include('plainTextWarnedOn')
    })
  })

  describe('helper:cache', () => {
    const socket = () => join(machine.sandbox.root, 'cache', 'socket')
    const store = () => `helper:cache --socket ${socket()}`
    const forget = () => machine.sandbox.run('git', ['credential-cache', '--socket', socket(), 'exit'])
    afterEach(forget)

    it('keeps the token in memory, and says when it is gone', async () => {
      const {token, ...login} = await logIn(['--store', store()])
      expect(login, login.stderr).to.deep.include({exitCode: 0})
      expect(await filesWith(token, machine.sandbox.home)).to.deep.equal([])
      expect(await tokenNow()).to.equal(token)
      await forget()
      const gone = await machine.run(['auth:token'])
      expect(gone.exitCode).to.equal(100)
      // The host wraps it.
      const words = gone.stderr.replaceAll(/[\s›]+/gu, ' ')
      expect(words).to.include('was kept in memory and is gone').and.to.include('heroku login')
      expect(await machine.run(['logout'])).to.deep.include({exitCode: 0})
    })

    it('is emptied by a logout', async () => {
      const {token} = await logIn(['--store', store()])
      const logout = await machine.run(['logout'])
      expect(logout, logout.stderr).to.deep.include({exitCode: 0})
      expect(machine.heroku.revoked(token)).to.equal(true)
      expect(await tokenNow()).to.equal('')
    })
  })

  it('git gives a container the token of the machine that runs it, and keeps no secret there', async () => {
    const {token} = await logIn()
    const container = openSandbox()
    try {
      // As VS Code does, the container's helper asks git on the machine that runs it.
      const helper = `!f() { env -i ${Object.entries(machine.env)
        .map(([name, value]) => `'${name}=${value}'`)
        .join(' ')} git credential fill; }; f`
      const config = join(container.root, 'gitconfig')
      await writeFile(config, '')
      await container.run('git', ['config', '--file', config, 'credential.helper', helper])
      const env = {
        ...machine.heroku.env,
        HEROKU_CREDENTIAL_STORE: 'git',
        GIT_CONFIG_SYSTEM: config,
        GIT_CONFIG_NOSYSTEM: undefined,
      }
      await cp(join(machine.sandbox.bin, machine.bin), join(container.bin, machine.bin), {verbatimSymlinks: true})
      const inContainer = (...args: string[]) => container.run(machine.bin, args, {env})
      expect(await inContainer('auth:token')).to.deep.include({stdout: `${token}\n`, exitCode: 0})
      for (const command of ['login', 'logout']) {
        const ended = await inContainer(command)
        expect(ended.exitCode, command).to.equal(1)
        expect(ended.stderr, command).to.include('on the machine that stores it')
      }
      expect(machine.heroku.revoked(token)).to.equal(false)
      expect(await filesWith(token, container.home)).to.deep.equal([])
    } finally {
      await container.close()
    }
  })
})

describe('heroku accounts', function () {
  this.timeout(60_000)
  let machine: Machine
  const run = (...args: string[]) => machine.run(args)
  const ALIAS = '.config/heroku/accounts/work'

  before(async function () {
    this.timeout(600_000)
    machine = await startOwnProgram()
  })
  after(() => machine.stop())
  beforeEach(() => machine.reset())

  const logIn = async (...args: string[]) => {
    const {token} = machine.heroku.issue()
    const ended = await machine.run(['login', '--with-token', ...args], {input: token})
    expect(ended.exitCode, ended.stderr).to.equal(0)
    return token
  }
  const writeAlias = async (text: string) => {
    await mkdir(join(machine.sandbox.home, '.config/heroku/accounts'), {recursive: true})
    await writeFile(join(machine.sandbox.home, ALIAS), text)
  }

  it('keeps the token of an alias where .netrc has it, which holds one account', async () => {
    const token = await logIn('--store', 'netrc')
    expect(await run('accounts:add', 'work')).to.include({exitCode: 0, stderr: ''})
    expect(await machine.read(ALIAS)).to.equal(`username: ${ada}\npassword: ${token}\n`)
    const {mode} = await stat(join(machine.sandbox.home, ALIAS))
    expect(mode & 0o777).to.equal(0o600)
  })

  it('writes no token where HEROKU_CREDENTIAL_STORE forbids plain text', async () => {
    await logIn('--store', 'netrc')
    const added = await machine.run(['accounts:add', 'work'], {env: {HEROKU_CREDENTIAL_STORE: 'keyring'}})
    expect(added.exitCode, added.stderr).to.equal(0)
    expect(await machine.read(ALIAS)).to.equal(`username: ${ada}\n`)
  })

  it('stores the token of an alias that an older CLI wrote', async () => {
    const {token} = machine.heroku.issue()
    await writeAlias(`username: ${ada}\npassword: ${token}\n`)
    expect(await run('accounts:set', 'work')).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
    expect(await machine.read('.netrc')).to.equal(undefined)
    expect((await run('auth:token')).stdout).to.equal(`${token}\n`)
  })

  it('refuses an alias that exists, and a second one for an account', async () => {
    await logIn()
    await run('accounts:add', 'work')
    expect((await run('accounts:add', 'work')).stderr).to.include('work already exists')
    const second = await run('accounts:add', 'home')
    expect(second.stderr).to.include(`${ada} has the alias work already`)
    expect(second.exitCode).to.equal(1)
  })

  for (const name of ['../work', 'a/b', '.work', ''])
    it(`refuses the alias ${JSON.stringify(name)}, which would be no file in the list`, async () => {
      await logIn()
      const {exitCode, stderr} = await run('accounts:add', name)
      expect({exitCode, stderr}).to.have.property('exitCode', 1)
      expect(stderr).to.include('cannot be an alias')
    })

  it('does not switch to an account that is unknown, or not logged in', async () => {
    await logIn()
    const before = await machine.read('.local/share/heroku/login.json')
    expect((await run('accounts:set', 'work')).stderr).to.include('work is not in the list of heroku accounts')
    await writeAlias('username: work@example.com\n')
    expect((await run('accounts:set', 'work')).exitCode).to.equal(100)
    expect(await machine.read('.local/share/heroku/login.json')).to.equal(before)
  })
})
