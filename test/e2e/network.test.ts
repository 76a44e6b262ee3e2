import {expect} from 'chai'
import {rm} from 'node:fs/promises'
import {createServer, type IncomingMessage} from 'node:http'
import type {Socket} from 'node:net'
import {join} from 'node:path'
import {type Connection, type ConnectionOptions, connectionsOf} from '../support/connections.js'
import {listen, type Listening} from '../support/listen.js'
import {type LoopbackGit, startGit} from '../support/loopback-git.js'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'
import {keys, type Step} from '../support/terminal.js'
import {saveFigures} from '../support/trust.js'
import {openWorkTree, type WorkTree} from '../support/work-tree.js'

describe('the network use of heroku@11.10.0 with heroku-keychain', function () {
  this.timeout(120_000)
  let it11: PluggedHost
  let git: LoopbackGit
  let tree: WorkTree
  let token: string
  const figures = {audit: 'network', commands: 0, connections: 0, stray: 0}

  before(async function () {
    this.timeout(600_000)
    it11 = await startPluggedHost('11.10.0')
    git = await startGit({accepts: (password) => password === token})
    await git.createRepository('app')
    tree = await openWorkTree(it11.sandbox)
  })
  after(async () => {
    saveFigures('network', figures)
    await git.stop()
    await it11.stop()
  })
  beforeEach(async () => {
    await it11.reset()
    token = it11.heroku.issue().token
  })

  const env = (more: ConnectionOptions['env'] = {}) => ({
    ...it11.env,
    ...git.env,
    HEROKU_GIT_HOST: git.host,
    // As on a desktop, where the keyring's limit is a minute: on a busy machine it may be slow.
    WAYLAND_DISPLAY: 'wayland-99',
    ...more,
  })
  const run = async (file: string, args: readonly string[], options: ConnectionOptions = {}) => {
    const seen = await connectionsOf(it11.sandbox, file, args, {...options, timeoutMs: 60_000, env: env(options.env)})
    expect(seen.exitCode, seen.stdout + seen.stderr).to.equal(0)
    return seen.connections
  }
  const heroku = (args: string, options?: ConnectionOptions) =>
    run(join(it11.sandbox.bin, 'heroku'), args.split(' '), options)
  const logIn = async () => {
    const {exitCode, stderr} = await it11.run(['login', '--with-token'], {input: token, env: env()})
    expect(exitCode, stderr).to.equal(0)
  }
  const launcher = () => join(it11.dataDir, 'git-credential-helper')
  const asked = () => `protocol=https\nhost=${git.host}\n\n`

  const api = () => it11.heroku.host
  const loginHost = () => new URL(it11.heroku.env.HEROKU_LOGIN_HOST).host
  /** The other servers that were contacted, each once. */
  const servers = (connections: readonly Connection[]) =>
    [...new Set(connections.flatMap(({over, to}) => (over === 'IP' ? [to] : [])))].sort()

  /** UNIX sockets other than the session bus and nscd's, which the C library tries. */
  const strangeSockets = (connections: readonly Connection[]) => {
    const [, bus = ''] = /unix:path=([^,]+)/u.exec(it11.keyring.env.DBUS_SESSION_BUS_ADDRESS) ?? []
    return connections.filter(({over, to}) => over === 'UNIX' && to !== bus && !/^(?:\/var)?\/run\/nscd\//u.test(to))
  }

  /** Returns the addresses that a command contacted, and checks that there was no other. */
  const expectServers = (connections: readonly Connection[], expected: readonly string[]) => {
    const stray = servers(connections).filter((server) => !expected.includes(server))
    figures.commands += 1
    figures.connections += connections.length
    figures.stray += stray.length + strangeSockets(connections).length
    expect(servers(connections)).to.deep.equal([...expected].sort())
    expect(strangeSockets(connections)).to.deep.equal([])
  }

  const browser: Step[] = [{expect: 'Press any key', raw: true, send: 'x'}]
  const password: Step[] = [
    {expect: 'Email:', send: `ada@example.com${keys.enter}`},
    {expect: 'Password:', send: `correct horse${keys.enter}`},
  ]

  describe('is limited to the API and the login host', () => {
    it('by login with a token', async () => {
      expectServers(await heroku('login --with-token', {input: token}), [api()])
    })

    it('by login with a password', async () => {
      expectServers(await heroku('login -i', {steps: password}), [api()])
    })

    it('by login through the browser', async () => {
      expectServers(await heroku('login', {steps: browser}), [api(), loginHost()])
    })

    it('by auth:token --verify, and by logout', async () => {
      await logIn()
      expectServers(await heroku('auth:token --verify'), [api()])
      expectServers(await heroku('logout'), [api()])
    })
  })

  describe('is none', () => {
    beforeEach(logIn)

    it('by auth:token, by auth:exec, and by logout --local', async () => {
      expectServers(await heroku('auth:token'), [])
      expectServers(await heroku('auth:exec -- true'), [])
      expectServers(await heroku('logout --local'), [])
    })

    it('by the git helper, as a program and as a command', async () => {
      expectServers(await run(launcher(), ['get'], {input: asked()}), [])
      expectServers(await heroku('git:credentials get', {input: asked()}), [])
      expectServers(await run('git', ['credential', 'fill'], {input: asked()}), [])
    })

    it('by the hook, even when it configures git', async () => {
      await rm(join(it11.sandbox.home, '.gitconfig'))
      expectServers(await heroku('version'), [])
      expect(await it11.read('.gitconfig')).to.include('git-credential-helper')
      expectServers(await heroku('version'), [])
    })

    it('by any of our commands with --help', async () => {
      for (const args of ['login --help', 'logout --help', 'auth:token --help']) expectServers(await heroku(args), [])
    })
  })

  it('is limited to the git host for git push', async () => {
    await logIn()
    await tree.commit()
    expectServers(await run('git', ['push', git.remote('app'), 'main'], {cwd: tree.path}), [git.host])
  })

  describe('with a proxy configured', () => {
    let proxy: Listening
    let tunnels: string[]

    beforeEach(async () => {
      tunnels = []
      const between = createServer((_, response) => response.writeHead(500).end())
      between.on('connect', ({url = ''}: IncomingMessage, socket: Socket) => {
        tunnels.push(url)
        socket.on('error', () => undefined).end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
      })
      proxy = await listen(between)
    })
    afterEach(() => proxy.stop())

    const through = () => ({
      HTTP_PROXY: `http://127.0.0.1:${proxy.port}`,
      HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
    })

    it('goes only through the proxy', async () => {
      const to = {...through(), HEROKU_HOST: 'herokudev.com'}
      const file = join(it11.sandbox.bin, 'heroku')
      const seen = await connectionsOf(it11.sandbox, file, ['login', '--with-token'], {
        input: token,
        timeoutMs: 60_000,
        env: env(to),
      })
      expect(seen.exitCode).to.equal(1)
      expect(seen.stderr).to.include('api.herokudev.com')
      expectServers(seen.connections, [`127.0.0.1:${proxy.port}`])
      expect([...new Set(tunnels)]).to.deep.equal(['api.herokudev.com:443'])
    })

    it('bypasses the proxy for an API on this machine without TLS: the proxy could read the token', async () => {
      expectServers(await heroku('login --with-token', {input: token, env: through()}), [api()])
      expectServers(await heroku('auth:token --verify', {env: through()}), [api()])
      expectServers(await heroku('logout', {env: through()}), [api()])
      expect(tunnels).to.deep.equal([])
    })
  })

  describe("by the host's own code", () => {
    it("is limited to the API and particleboard, for the host's own commands", async () => {
      await logIn()
      const particleboard = new URL(it11.heroku.env.HEROKU_PARTICLEBOARD_URL).host
      expect(servers(await heroku('whoami')))
        .to.be.an('array')
        .that.includes(api())
      expect([api(), particleboard]).to.include.members(servers(await heroku('apps')))
    })

    it("includes telemetry, sent by the host's own process, and never by ours", async () => {
      await logIn()
      // Offline: every connection fails, also those to the keyring.
      const seen = await connectionsOf(it11.sandbox, join(it11.sandbox.bin, 'heroku'), ['version'], {
        env: env({DISABLE_TELEMETRY: undefined, HEROKU_ANALYTICS_URL: undefined}),
        offline: true,
      })
      expect(seen.exitCode).to.equal(0)
      const abroad = seen.connections.filter(({over}) => over === 'IP')
      expect(abroad).not.to.deep.equal([])
      expect(abroad.filter(({by}) => !by.join(' ').includes('telemetry-worker'))).to.deep.equal([])
    })
  })

  it('is fully visible to this test', async () => {
    await it11.secretTool(`node -e "net.connect(9, '127.0.0.1').on('error', () => 0)"\nexec "$REAL" "$@"`)
    expect(servers(await heroku('login --with-token', {input: token}))).to.deep.equal(['127.0.0.1:9', api()].sort())
    const other = join(it11.sandbox.root, 'another socket')
    await it11.secretTool(`node -e "net.connect('${other}').on('error', () => 0)"\nexec "$REAL" "$@"`)
    expect(strangeSockets(await heroku('auth:token')).map(({to}) => to)).to.include(other)
  })
})
