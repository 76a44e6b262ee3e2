import {expect} from 'chai'
import {once} from 'node:events'
import {chmod, mkdir, readFile, rename, rm, stat, symlink, writeFile} from 'node:fs/promises'
import {createServer} from 'node:net'
import {dirname, join} from 'node:path'
import {launcherValue} from '../../src/git/launcher.js'
import {type LoopbackGit, startGit} from '../support/loopback-git.js'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'
import {heedingModes, withReadOnly} from '../support/read-only.js'
import {traced} from '../support/trace.js'
import {credentialFill, openWorkTree, type WorkTree} from '../support/work-tree.js'

const ada = 'ada@example.com'
const fallback = '!heroku git:credentials'

describe('git push beside heroku@11.10.0', function () {
  this.timeout(60_000)
  let it11: PluggedHost
  let git: LoopbackGit
  let tree: WorkTree

  before(async function () {
    this.timeout(600_000)
    it11 = await startPluggedHost('11.10.0')
  })
  after(() => it11.stop())

  beforeEach(async () => {
    await it11.reset()
    const {heroku} = it11
    git = await startGit({
      accepts: (password) =>
        heroku.tokens.some(
          ({expiresAt = Infinity, revoked, token}) => token === password && !revoked && expiresAt > Date.now(),
        ),
    })
    await git.createRepository('app')
    tree = await openWorkTree(it11.sandbox)
  })
  afterEach(() => git.stop())

  const launcher = () => launcherValue(it11.env)
  const key = () => `credential.https://${git.host}.helper`
  const env = (more: Record<string, string | undefined> = {}) => ({
    ...it11.env,
    ...git.env,
    HEROKU_GIT_HOST: git.host,
    ...more,
  })
  const login = async (more = {}, issued: Parameters<typeof it11.heroku.issue>[0] = {}) => {
    const {token} = it11.heroku.issue(issued)
    const ended = await it11.run(['login', '--with-token'], {input: token, env: env(more)})
    expect(ended.exitCode, ended.stderr).to.equal(0)
    return {token, ...ended}
  }
  const push = (more: Record<string, string | undefined> = {}) => tree.push(git.remote('app'), env(more))
  /** The passwords that the git host has received. */
  const shown = () => [...new Set(git.requests.flatMap(({password}) => password ?? []))]
  const config = async (...args: string[]) =>
    (await it11.sandbox.run('git', ['config', '--global', ...args], {env: env()})).stdout
  const values = async () => (await config('-z', '--get-all', key())).split('\0').slice(0, -1)
  const three = () => ['', launcher(), fallback]

  describe('authenticates', () => {
    it('push and clone after a login, without a prompt', async () => {
      const {token} = await login()
      expect(await push()).to.include({exitCode: 0})
      expect(Object.keys(await git.heads('app'))).to.deep.equal(['main'])
      expect(await tree.clone(git.remote('app'), env())).to.include({exitCode: 0})
      expect(shown()).to.deep.equal([token])
      expect(await it11.read('.netrc')).to.equal(undefined)
    })

    it("after a login by the CLI's own code, once one command has run", async () => {
      const {token} = it11.heroku.issue()
      await it11.keyring.store({
        label: 'Heroku CLI',
        attributes: {service: 'heroku-cli', account: ada},
        secret: token,
      })
      await writeFile(join(it11.dataDir, 'login.json'), `{"account":"${ada}"}\n`)
      expect((await it11.run(['whoami'], {env: env()})).stdout).to.equal(`${ada}\n`)
      expect(await values()).to.deep.equal(three())
      expect(await push()).to.include({exitCode: 0})
      expect(shown()).to.deep.equal([token])
    })

    it("with HEROKU_API_KEY, in preference to the login's token", async () => {
      await login()
      const {token} = it11.heroku.issue()
      expect(await push({HEROKU_API_KEY: token})).to.include({exitCode: 0})
      expect(shown()).to.deep.equal([token])
    })

    it('with only .netrc', async () => {
      const {token} = await login({HEROKU_NETRC_WRITE: 'true'})
      expect(await it11.tokens()).to.deep.equal([])
      expect(await push()).to.include({exitCode: 0})
      expect(shown()).to.deep.equal([token])
    })

    it('with neither heroku nor node on PATH, and without a variable for the git host', async () => {
      const {token} = await login()
      expect(await push({PATH: '/usr/bin:/bin', HEROKU_GIT_HOST: undefined, HEROKU_HOST: undefined})).to.include({
        exitCode: 0,
      })
      expect(shown()).to.deep.equal([token])
    })

    it('despite another helper with a stale password, and never gives it the token', async () => {
      // heroku/cli#3867
      await config('credential.helper', 'store')
      await writeFile(
        join(it11.sandbox.home, '.git-credentials'),
        `https://old:stale@${git.host}\nhttps://me:mine@example.com\n`,
      )
      const {token} = await login()
      expect(await it11.read('.git-credentials')).to.equal('https://me:mine@example.com\n')
      expect(await push()).to.include({exitCode: 0})
      expect(shown()).to.deep.equal([token])
      expect(await it11.read('.git-credentials')).to.equal('https://me:mine@example.com\n')
    })

    it('through the fallback, if the launcher defers to it', async () => {
      const {token} = await login()
      const helper = join(it11.dataDir, 'node_modules', 'heroku-keychain', 'dist', 'git-helper.cjs')
      await rename(helper, `${helper}.away`)
      try {
        const pushed = await push()
        expect(pushed).to.include({exitCode: 0})
        expect(pushed.stderr).not.to.include('not found').and.not.to.include('No such file')
        expect(shown()).to.deep.equal([token])
      } finally {
        await rename(`${helper}.away`, helper)
      }
    })

    it('with a space, quotes and parentheses in the path of the data folder', async () => {
      const folder = join(it11.sandbox.home, `it's (a) "data" folder`)
      await mkdir(folder)
      await symlink(it11.dataDir, join(folder, 'heroku'))
      const more = {XDG_DATA_HOME: folder}
      const {token} = await login(more)
      expect((await values())[1]).to.include('git-credential-helper')
      expect(await push({...more, PATH: '/usr/bin:/bin'})).to.include({exitCode: 0})
      expect(shown()).to.deep.equal([token])
    })
  })

  describe('of a user with two shells with different data folders,', () => {
    const fill = async (more: Record<string, string>) =>
      (await credentialFill(it11.sandbox, env(more), {protocol: 'https', host: git.host})).found.password
    const token = async (more: Record<string, string>) =>
      (await it11.run(['auth:token'], {env: env(more)})).stdout.trim()

    for (const plugged of [true, false])
      it(`uses the login of its own shell, ${plugged ? 'whichever shell ran a command last' : 'also without the plugin'}`, async () => {
        const folder = join(it11.sandbox.home, plugged ? "it's another" : 'bare')
        await mkdir(folder)
        if (plugged)
          for (const name of ['node_modules', 'package.json'])
            await symlink(join(it11.dataDir, name), join(folder, name))
        const other = {HEROKU_DATA_DIR: folder}
        const {token: adas} = await login()
        const {token: graces} = it11.heroku.issue({account: 'grace@example.com'})
        const attributes = {service: 'heroku-cli', account: 'grace@example.com'}
        await it11.keyring.store({label: 'Heroku CLI', attributes, secret: graces})
        await writeFile(join(folder, 'login.json'), '{"account":"grace@example.com"}\n')
        await it11.run(['whoami'], {env: env(other)})
        const configured = await it11.read('.gitconfig')
        for (const more of [{}, other, {}]) {
          expect(await token(more)).to.equal('HEROKU_DATA_DIR' in more ? graces : adas)
          expect([await fill({}), await fill(other)]).to.deep.equal([adas, graces])
          expect(await it11.read('.gitconfig')).to.equal(configured)
        }

        if (!plugged) return
        expect((await it11.run(['logout'], {env: env()})).exitCode).to.equal(0)
        expect([await fill({}), await fill(other)]).to.deep.equal([undefined, graces])
        expect((await it11.run(['logout'], {env: env(other)})).exitCode).to.equal(0)
        expect((await it11.read('.gitconfig')) ?? '').not.to.include(git.host)
      })
  })

  it('is configured with HEROKU_API_KEY, even if neither the data folder nor the cache is writable', async () => {
    const {token} = it11.heroku.issue()
    const cache = join(it11.sandbox.home, '.cache', 'heroku')
    const [file, args] = withReadOnly(it11.dataDir, ...withReadOnly(cache, 'heroku', ['auth:token']))
    const more = {HEROKU_API_KEY: token}
    const {stderr, stdout} = await it11.sandbox.run(file, args, {env: env(more)})
    expect({stderr, stdout}).to.deep.equal({stderr: '', stdout: `${token}\n`})
    expect((await values()).at(-1)).to.equal(fallback)
    expect(await push(more)).to.include({exitCode: 0})
    expect(shown()).to.deep.equal([token])
  })

  for (const [what, spoilt] of [
    ['was revoked', {revoked: true}],
    ['has expired', {expiresAt: Date.now()}],
  ] as const)
    it(`fails clearly with a token that ${what}, and keeps the login`, async () => {
      const {token} = await login()
      Object.assign(it11.heroku.tokens[0] ?? {}, spoilt)
      const {exitCode, stderr} = await push()
      expect(exitCode).to.equal(128)
      expect(stderr).to.include('Authentication failed')
      expect(stderr).not.to.include(token)
      expect(await it11.tokens()).to.have.length(1)
      expect(await values()).to.deep.equal(three())
      expect((await it11.run(['auth:token'])).stdout).to.equal(`${token}\n`)
      expect(await push({HEROKU_API_KEY: it11.heroku.issue().token})).to.include({exitCode: 0})
    })

  it('reports when the token expires to git, which prints it since 2.40', async () => {
    const expiresAt = Date.now() + 30 * 24 * 60 * 60 * 1000
    const {token} = await login({}, {expiresAt})
    const {stdout} = await it11.sandbox.run('git', ['credential', 'fill'], {
      input: `protocol=https\nhost=${git.host}\n\n`,
      env: env(),
    })
    expect(stdout).to.include(`username=heroku\npassword=${token}\n`)
    const seconds = /^password_expiry_utc=(\d+)$/mu.exec(stdout)?.[1]
    const [, minor] = /^git version 2\.(\d+)/u.exec((await it11.sandbox.run('git', ['version'])).stdout) ?? []
    if (Number(minor) >= 40) expect(Number(seconds)).to.be.closeTo(expiresAt / 1000, 10)
    else expect(seconds).to.equal(undefined)
    expect(await push()).to.include({exitCode: 0})
  })

  it('fails with one message and without a prompt if the login has expired', async () => {
    const {token} = await login({}, {expiresAt: Date.now() + 60_000})
    const file = join(it11.dataDir, 'heroku-keychain.json')
    const over = (await readFile(file, 'utf8')).replace(/(?<="expiresAt": ")[^"]+/u, '2026-01-02T00:00:00.000Z')
    await writeFile(file, over)
    const {exitCode, stderr} = await push({GIT_ASKPASS: undefined, GIT_TERMINAL_PROMPT: undefined})
    expect(exitCode).to.equal(128)
    expect(stderr).to.match(
      /^heroku: ada@example\.com's login expired on 2026-01-0\d at \d\d:\d\d; try this: heroku login\nfatal: [^\n]*quit\n$/u,
    )
    expect(shown()).not.to.include(token)
  })

  it('fails with one message and without a prompt if the keyring is locked', async () => {
    await login()
    await it11.keyring.lock()
    const {exitCode, stderr} = await push({GIT_ASKPASS: undefined, GIT_TERMINAL_PROMPT: undefined})
    expect(exitCode).to.equal(128)
    expect(stderr).to.match(
      /^heroku: the keyring is locked; try this: unlock it[^\n]*\nfatal: credential helper [^\n]* told us to quit\n$/u,
    )
    expect(shown()).to.deep.equal([])
    await it11.keyring.unlock()
    expect(await push()).to.include({exitCode: 0})
  })

  it('fails after one wait, with one message, if the keyring hangs', async () => {
    await login()
    const calls = join(it11.sandbox.root, 'calls')
    await it11.secretTool(`echo "$1" >>'${calls}'; exec sleep 1000`)
    const {exitCode, stderr} = await push({GIT_ASKPASS: undefined, GIT_TERMINAL_PROMPT: undefined})
    expect(exitCode).to.equal(128)
    expect(stderr).to.match(
      /^heroku: waiting for the keyring[^\n]*\nheroku: the keyring did not answer within 5 s[^\n]*\nfatal: [^\n]*quit\n$/u,
    )
    expect(await readFile(calls, 'utf8')).to.equal('search\n')
    await rm(calls)
  })

  it('sends the token to no other host, and not over http', async () => {
    const {token} = await login()
    for (const asked of [
      {protocol: 'https', host: 'example.com'},
      {protocol: 'http', host: git.host},
      {protocol: 'https', host: `evil${git.host}`},
    ]) {
      const helper = join(it11.dataDir, 'git-credential-helper')
      const input = `protocol=${asked.protocol}\nhost=${asked.host}\n\n`
      const answer = await it11.sandbox.run(helper, ['get'], {input, env: env()})
      expect(answer).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
      expect(answer.stdout).not.to.include(token)
    }
  })

  it('gets the same answer from heroku git:credentials', async () => {
    const {token} = await login()
    const ask = (operation: string) =>
      it11.run(['git:credentials', operation], {input: `protocol=https\nhost=${git.host}\n\n`, env: env()})
    expect(await ask('get')).to.deep.equal({stdout: `username=heroku\npassword=${token}\n`, stderr: '', exitCode: 0})
    for (const operation of ['store', 'erase', 'whatever'])
      expect(await ask(operation)).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
    expect(await it11.run(['git:credentials'], {env: env()})).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
  })

  describe('the configuration', () => {
    it('has each of the three values once, in order, after the first command and after a hundred more', async function () {
      this.timeout(300_000)
      await login()
      await config('--unset-all', key())
      const version = async () => {
        const {exitCode, stderr} = await it11.run(['version'], {env: env()})
        expect({exitCode, stderr}).to.deep.equal({exitCode: 0, stderr: ''})
      }
      await version()
      expect(await values()).to.deep.equal(three())
      for (let batch = 0; batch < 6; batch++) {
        await config('--unset-all', key())
        await Promise.all(Array.from({length: 10}, version))
        expect(await values()).to.deep.equal(three())
      }

      for (let turn = 0; turn < 40; turn++) await version()
      expect(await values()).to.deep.equal(three())
    })

    it('is compatible with heroku git:remote and heroku apps:create, which write the same key', async () => {
      await login()
      it11.heroku.apps.push({name: 'app', owner: {email: ada}, region: {name: 'us'}})
      const configured = await it11.read('.gitconfig')
      const options = {env: env(), cwd: tree.path}
      expect(await it11.run(['git:remote', '-a', 'app'], options)).to.deep.equal({
        stdout: `set git remote heroku to https://${git.host}/app.git\n`,
        stderr: '',
        exitCode: 0,
      })
      expect(await it11.run(['apps:create', 'other', '--remote', 'other'], options)).to.include({exitCode: 0})
      expect((await tree.git(['remote', '-v'])).stdout).to.include(`other\thttps://${git.host}/other.git (push)\n`)
      expect(it11.heroku.unknown).to.deep.equal([])
      expect(await it11.read('.gitconfig')).to.equal(configured)
      expect(await tree.git(['push', 'heroku', 'main'], {env: env()})).to.include({exitCode: 0})
    })

    it("keeps the user's own helper, after ours, with a notice", async () => {
      await config('--add', key(), '!echo theirs >&2; true')
      const {stderr} = await login()
      expect(stderr).to.include('git also asks your own credential helpers for').and.not.to.include('theirs')
      expect(await values()).to.deep.equal(['', launcher(), '!echo theirs >&2; true', fallback])
      expect(await push()).to.include({exitCode: 0})
    })

    it('is restored by a logout, and stays so', async () => {
      await writeFile(join(it11.sandbox.home, '.gitconfig'), '# mine\n[user]\n\tname = Ada\n')
      const before = await it11.read('.gitconfig')
      await login()
      expect(await it11.read('.gitconfig')).not.to.equal(before)
      expect((await it11.run(['logout'], {env: env()})).exitCode).to.equal(0)
      expect(await it11.read('.gitconfig')).to.equal(before)
      // `version` is none of the CLI's commands that configure git.
      await it11.run(['version'], {env: env()})
      expect(await it11.read('.gitconfig')).to.equal(before)
    })

    it('is restored by a second logout if the first could not do it', async () => {
      const before = await it11.read('.gitconfig')
      await login()
      const configured = await it11.read('.gitconfig')
      await it11.run(['logout'], {env: env()})
      await writeFile(join(it11.sandbox.home, '.gitconfig'), configured ?? '')
      expect((await it11.run(['logout'], {env: env()})).stderr).to.include('not logged in')
      expect((await it11.read('.gitconfig')) ?? '').to.equal(before ?? '')
    })

    it('is used at logout, too, to reject stale credentials in other helpers', async () => {
      await config('credential.helper', 'store')
      await login()
      await writeFile(join(it11.sandbox.home, '.git-credentials'), `https://old:stale@${git.host}\n`)
      await it11.run(['logout'], {env: env()})
      expect(await it11.read('.git-credentials')).to.equal('')
      expect(await config('credential.helper')).to.equal('store\n')
    })

    it("of a repository does not make login, migrate or logout run its helpers, only the user's", async () => {
      const ran = join(it11.sandbox.root, 'ran')
      const noting = (name: string) => `!f() { echo ${name} $1 >>${ran}; }; f`
      await config('credential.helper', noting('global'))
      for (const name of ['credential.helper', key()]) await tree.git(['config', '--add', name, noting('repository')])
      const here = {env: env(), cwd: tree.path}
      const run = async (...args: string[]) => {
        const ended = await it11.run(args, here)
        expect(ended.exitCode, ended.stderr).to.equal(0)
        const text = await readFile(ran, 'utf8').catch(() => '')
        await rm(ran, {force: true})
        return text
      }
      const {token} = it11.heroku.issue()
      const netrc = `machine ${it11.heroku.host}\n  login ${ada}\n  password ${token}\n`
      await writeFile(join(it11.sandbox.home, '.netrc'), netrc, {mode: 0o600})
      expect(await run('auth:migrate')).to.equal('global erase\n')
      expect(await run('auth:status', '--offline')).to.equal('')
      expect(await run('logout')).to.equal('global erase\n')
      await it11.run(['login', '--with-token'], {...here, input: it11.heroku.issue().token})
      expect(await run('whoami')).to.equal('global erase\n')
    })

    it('is left unchanged by an opt-out', async () => {
      await config('heroku.credentialHelper', 'false')
      const before = await it11.read('.gitconfig')
      expect((await login()).stderr).to.include('git was left alone, as heroku.credentialHelper says')
      expect(await it11.read('.gitconfig')).to.equal(before)
    })

    it('is written to GIT_CONFIG_GLOBAL, or to the XDG file if git uses that', async () => {
      const elsewhere = join(it11.sandbox.home, 'elsewhere')
      await writeFile(elsewhere, '')
      await login({GIT_CONFIG_GLOBAL: elsewhere})
      expect(await it11.read('.gitconfig')).to.equal(undefined)
      expect(await readFile(elsewhere, 'utf8')).to.include('git-credential-helper')

      const xdg = join(it11.sandbox.home, '.config', 'git', 'config')
      await mkdir(dirname(xdg), {recursive: true})
      await writeFile(xdg, '')
      try {
        await login()
        expect(await it11.read('.gitconfig')).to.equal(undefined)
        expect(await readFile(xdg, 'utf8')).to.include('git-credential-helper')
      } finally {
        await rm(dirname(xdg), {recursive: true})
      }
    })

    it('that is malformed adds one line to the login, and none to later commands', async () => {
      await writeFile(join(it11.sandbox.home, '.gitconfig'), '[user\n')
      expect((await login()).stderr).to.match(/^heroku: git push will not find the token: [^\n]+\n$/u)
      expect(await it11.read('.gitconfig')).to.equal('[user\n')
      expect((await it11.run(['auth:token'], {env: env()})).stderr).to.equal('')
    })

    describe('that cannot be written', () => {
      let folder: string
      let token: string
      beforeEach(async () => {
        folder = join(it11.sandbox.home, 'read-only')
        await mkdir(folder)
        await writeFile(join(folder, 'gitconfig'), '[user]\n\tname = Ada\n')
        ;({token} = it11.heroku.issue())
        await it11.keyring.store({
          label: 'Heroku CLI',
          attributes: {service: 'heroku-cli', account: ada},
          secret: token,
        })
        await writeFile(join(it11.dataDir, 'login.json'), `{"account":"${ada}"}\n`)
      })
      afterEach(async () => {
        await chmod(folder, 0o700)
        await rm(folder, {recursive: true})
      })

      for (const [where, mode, within] of [
        ['in a read-only folder', 0o500, () => heedingModes('heroku', ['auth:token'])],
        ['on a read-only file system', 0o700, () => withReadOnly(folder, 'heroku', ['auth:token'])],
      ] as const)
        it(`${where} adds no output to a command, and is tried only once`, async () => {
          await chmod(folder, mode)
          const askToken = async () => {
            const {executed, ...ended} = await traced(it11.sandbox, ...within(), {
              env: env({GIT_CONFIG_GLOBAL: join(folder, 'gitconfig')}),
            })
            expect(ended).to.deep.equal({stdout: `${token}\n`, stderr: '', exitCode: 0})
            // A lookup also reads the repository's account.
            return executed.filter(({argv, file}) => file.endsWith('/git') && !argv.includes('heroku.account')).length
          }
          expect(await askToken()).to.be.greaterThan(0)
          expect(await askToken()).to.equal(0)
          expect(await readFile(join(folder, 'gitconfig'), 'utf8')).to.equal('[user]\n\tname = Ada\n')
        })

      it('adds one line to a login', async () => {
        const {stderr, exitCode} = await it11.sandbox.run(
          ...withReadOnly(folder, 'heroku', ['login', '--with-token']),
          {
            input: token,
            env: env({GIT_CONFIG_GLOBAL: join(folder, 'gitconfig')}),
          },
        )
        expect(exitCode).to.equal(0)
        expect(stderr).to.equal(
          `heroku: git push will not find the token: git's global configuration is read-only (${join(folder, 'gitconfig')})\n`,
        )
      })

      it('adds no output to a login into .netrc, which git reads itself', async () => {
        // git finds no .netrc entry with a port.
        const more = {
          GIT_CONFIG_GLOBAL: join(folder, 'gitconfig'),
          HEROKU_NETRC_WRITE: 'true',
          HEROKU_GIT_HOST: 'localhost',
        }
        const {stderr, exitCode} = await it11.sandbox.run(
          ...withReadOnly(folder, 'heroku', ['login', '--with-token']),
          {
            input: token,
            env: env(more),
          },
        )
        expect({stderr, exitCode}).to.deep.equal({stderr: '', exitCode: 0})
        const pushed = await tree.push(git.remote('app').replace('127.0.0.1', 'localhost'), env(more))
        expect(pushed).to.include({exitCode: 0})
        expect(shown()).to.deep.equal([token])
      })

      it('because the whole home is read-only adds no output to a command', async () => {
        expect(
          await it11.sandbox.run(...withReadOnly(it11.sandbox.home, 'heroku', ['auth:token']), {env: env()}),
        ).to.deep.equal({stdout: `${token}\n`, stderr: '', exitCode: 0})
      })
    })

    it('that is not a regular file is never replaced', async () => {
      const socket = join(it11.sandbox.root, 'socket')
      const server = createServer().listen(socket)
      await once(server, 'listening')
      try {
        expect((await login({GIT_CONFIG_GLOBAL: socket})).stderr).to.match(
          /^heroku: git push will not find the token: /u,
        )
        expect((await stat(socket)).isSocket()).to.equal(true)
      } finally {
        server.close()
      }
    })
  })

  it('starts no process in a command once it is configured', async () => {
    await login()
    const version = async () => {
      const {executed, exitCode} = await traced(it11.sandbox, join(it11.sandbox.bin, 'heroku'), ['version'], {
        env: env(),
      })
      expect(exitCode).to.equal(0)
      return executed.map(({argv}) => argv.join(' ')).filter((line) => /git|secret-tool/u.test(line))
    }
    await version()
    expect(await version()).to.deep.equal([])
    await config('--unset-all', key())
    expect(await version()).not.to.deep.equal([])
    expect(await values()).to.deep.equal(three())
  })

  it('still works after the plugin is uninstalled', async () => {
    const {token} = await login()
    const plugin = join(it11.dataDir, 'node_modules', 'heroku-keychain')
    const pjson = join(it11.dataDir, 'package.json')
    const installed = await readFile(pjson, 'utf8')
    await rename(plugin, `${plugin}.away`)
    await writeFile(pjson, JSON.stringify({private: true, oclif: {schema: 1, plugins: []}, dependencies: {}}))
    try {
      expect(await push()).to.include({exitCode: 0})
      expect(shown()).to.deep.equal([token])
    } finally {
      await rename(`${plugin}.away`, plugin)
      await writeFile(pjson, installed)
    }
  })

  it('answers store and erase without node', async () => {
    await login()
    const helper = join(it11.dataDir, 'git-credential-helper')
    for (const operation of ['store', 'erase', 'whatever']) {
      const {executed, ...ended} = await traced(it11.sandbox, helper, [operation], {env: env()})
      expect(ended).to.deep.equal({stdout: '', stderr: '', exitCode: 0})
      expect(executed.map(({argv}) => argv[0])).to.deep.equal([helper])
    }
  })
})
