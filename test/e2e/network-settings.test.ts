import {expect} from 'chai'
import {mkdir, readFile, rm, symlink, writeFile} from 'node:fs/promises'
import {createServer, type IncomingMessage} from 'node:http'
import {connect, type Socket} from 'node:net'
import {delimiter, join} from 'node:path'
import {createServer as createTlsServer} from 'node:tls'
import {makeCertificate} from '../support/certificate.js'
import {type Listening, listen} from '../support/listen.js'
import {type Machine, startOwnProgram} from '../support/plugged-host.js'
import type {Env} from '../support/sandbox.js'
import {keys, type Step} from '../support/terminal.js'

const ada = 'ada@example.com'
const SERVICE = {service: 'heroku-cli'}

type Place = 'nowhere' | 'keyring' | 'netrc'

/** A command that sends requests to Heroku. */
interface CommandCase {
  args: string[]
  /** Where the token is before. */
  before: Place
  /** Where it is after the command has succeeded. */
  after: Place
  /** What the command prints then. */
  prints(token: string, host: string): string
  /** What it prints before the reason if it fails. */
  fails: string
  /** The token is on its stdin. */
  piped?: true
  /** The user's answers at a terminal. */
  steps?: Step[]
}

const COMMANDS: CommandCase[] = [
  {
    args: ['auth:login', '--with-token'],
    before: 'nowhere',
    after: 'keyring',
    prints: () => `Logged in as ${ada}`,
    fails: 'Error: ',
    piped: true,
  },
  {
    args: ['auth:login', '--interactive'],
    before: 'nowhere',
    after: 'keyring',
    prints: () => `Logged in as ${ada}`,
    fails: 'Error: ',
    steps: [
      {expect: 'Email:', send: `${ada}${keys.enter}`},
      {expect: 'Password:', send: `correct horse${keys.enter}`},
    ],
  },
  {
    args: ['auth:logout'],
    before: 'keyring',
    after: 'nowhere',
    prints: () => `Removed the token of ${ada} from the keyring`,
    fails: 'Error: the token could not be revoked, so it was left where it is: ',
  },
  {
    args: ['auth:status'],
    before: 'keyring',
    after: 'keyring',
    prints: (_, host) => `valid, says ${host}`,
    fails: 'not known: ',
  },
  {
    args: ['auth:token', '--verify'],
    before: 'keyring',
    after: 'keyring',
    prints: (token) => token,
    fails: 'Error: ',
  },
  {
    args: ['auth:migrate'],
    before: 'netrc',
    after: 'keyring',
    prints: () => `Active account: ${ada}`,
    fails: 'Error: could not ask whether the tokens are valid, so nothing was changed: ',
  },
]

/** What the settings of a case name. */
interface Settings {
  /** A folder with the certificate of Heroku's authority, and the file itself. */
  folder: string
  certificate: string
  /** A folder without a certificate. */
  empty: string
  missing: string
  /** The proxy's host and port. */
  proxy: string
  /** Heroku's. */
  host: string
}

interface SettingCase {
  title: string
  env(settings: Settings): Env
  /** The credentials that the proxy gets, or `none`; undefined for a direct connection. */
  proxyGets?: string
  /** The expected failure. */
  failure?: {
    reason(settings: Settings): string
    hint: string
    /** It comes before the command asks the user. */
    early: boolean
  }
}

const SETTINGS: SettingCase[] = [
  {
    title: 'trusts the certificate in the third folder of SSL_CERT_DIR',
    env: ({empty, folder, missing}) => ({SSL_CERT_DIR: [missing, empty, folder].join(delimiter)}),
  },
  {
    title: 'skips a missing SSL_CERT_FILE and an unreadable NODE_EXTRA_CA_CERTS',
    env: ({empty, folder, missing}) => ({SSL_CERT_DIR: folder, SSL_CERT_FILE: missing, NODE_EXTRA_CA_CERTS: empty}),
  },
  {
    title: 'fails if no certificate is left, and leaves the token where it is',
    env: ({empty, missing}) => ({SSL_CERT_DIR: empty, SSL_CERT_FILE: missing, NODE_EXTRA_CA_CERTS: missing}),
    failure: {
      reason: ({host}) => `cannot reach ${host}: self-signed certificate`,
      hint: 'check the network, and HTTPS_PROXY if you need a proxy',
      early: false,
    },
  },
  {
    title: 'uses HTTPS_PROXY if https_proxy, http_proxy and no_proxy are empty',
    env: ({certificate, proxy}) => ({
      SSL_CERT_FILE: certificate,
      https_proxy: '',
      http_proxy: '',
      no_proxy: '',
      HTTPS_PROXY: `http://${proxy}`,
    }),
    proxyGets: 'none',
  },
  {
    title: "sends any user and password to the proxy, and doesn't print them",
    env: ({certificate, proxy}) => ({
      SSL_CERT_FILE: certificate,
      HTTPS_PROXY: String.raw`http://corp\ada:100%hunter2@/%C3%A5%zz@${proxy}`,
    }),
    proxyGets: String.raw`corp\ada:100%hunter2@/å%zz`,
  },
  {
    title: 'rejects a malformed proxy address without repeating it, and leaves the token where it is',
    env: ({certificate}) => ({SSL_CERT_FILE: certificate, HTTPS_PROXY: 'http://ada:hunter2@proxy example'}),
    failure: {
      reason: () => 'HTTPS_PROXY is not a valid HTTP proxy URL',
      hint: 'correct or unset HTTPS_PROXY',
      early: true,
    },
  },
]

describe('the settings for proxies and certificates', function () {
  this.timeout(60_000)
  let machine: Machine
  let tls: Listening
  let proxy: Listening
  let settings: Settings
  /** What each client of the proxy asked for, and its credentials. */
  let tunnels: string[]

  before(async function () {
    this.timeout(600_000)
    machine = await startOwnProgram()
    const inSandbox = (name: string) => join(machine.sandbox.root, name)
    const [folder, empty] = ['authority', 'empty'].map(inSandbox) as [string, string]
    for (const each of [folder, empty]) await mkdir(each)
    const {certificate, key} = await makeCertificate(machine.sandbox.root)
    await symlink(certificate, join(folder, '0123abcd.0'))
    const identity = {cert: await readFile(certificate), key: await readFile(key)}
    tls = await listen(
      createTlsServer(identity, (socket) => {
        tunnel(socket, Number(new URL(machine.heroku.url).port))
      }),
    )
    const server = createServer((_, response) => response.writeHead(500).end())
    server.on('connect', ({headers, url}: IncomingMessage, socket: Socket, head: Buffer) => {
      const [, basic] = /^Basic (.+)$/u.exec(headers['proxy-authorization'] ?? '') ?? []
      tunnels.push(`${url} ${basic === undefined ? 'none' : Buffer.from(basic, 'base64').toString()}`)
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      tunnel(socket, tls.port, head)
    })
    proxy = await listen(server)
    settings = {
      ...{folder, certificate, empty},
      missing: inSandbox('missing'),
      proxy: `127.0.0.1:${proxy.port}`,
      host: `127.0.0.1:${tls.port}`,
    }
  })
  after(async () => {
    await proxy.stop()
    await tls.stop()
    await machine.stop()
  })
  // Not machine.reset(), which takes longer than the command under test.
  beforeEach(async () => {
    await machine.keyring.clear(SERVICE)
    await rm(netrc(), {force: true})
    await rm(machine.dataDir, {recursive: true, force: true})
    machine.heroku.tokens.splice(0)
    tunnels = []
  })

  const netrc = () => join(machine.sandbox.home, '.netrc')
  const entries = (token: string) => `machine ${settings.host}\n  login ${ada}\n  password ${token}\n`
  const put = async (place: Place, token: string) => {
    if (place === 'netrc') await writeFile(netrc(), entries(token), {mode: 0o600})
    if (place === 'keyring')
      await machine.keyring.store({label: 'Heroku CLI', attributes: {...SERVICE, account: ada}, secret: token})
  }
  const inKeyring = async () => {
    // A tenth of what machine.tokens() takes.
    const {stdout} = await machine.sandbox.run('secret-tool', ['search', '--all', 'service', SERVICE.service], {
      env: machine.keyring.env,
    })
    return [...stdout.matchAll(/^secret = (.*)$/gmu)].map(([, secret]) => secret)
  }
  const stored = async () => ({
    keyring: await inKeyring(),
    netrc: (await machine.read('.netrc')) ?? '',
  })
  const only = (place: Place, token: string) => ({
    keyring: place === 'keyring' ? [token] : [],
    netrc: place === 'netrc' ? entries(token) : '',
  })

  const run = async ({args, piped, steps}: CommandCase, env: Env, token: string, asks: boolean) => {
    const all = {HEROKU_HOST: `https://${settings.host}`, ...env}
    if (steps) {
      const {exitCode, screen} = await machine.inTerminal(args, asks ? steps : [], all)
      return {exitCode, said: screen}
    }
    const {exitCode, stderr, stdout} = await machine.run(args, {env: all, input: piped ? token : ''})
    return {exitCode, said: stdout + stderr}
  }

  for (const command of COMMANDS)
    describe(`of ${command.args.join(' ')}`, () => {
      for (const {failure, proxyGets, title, ...setting} of SETTINGS)
        it(title, async () => {
          const {after, before, fails, steps} = command
          // With a password, Heroku issues it.
          const given = steps ? '' : machine.heroku.issue().token
          await put(before, given)

          const {exitCode, said} = await run(command, setting.env(settings), given, !failure?.early)

          expect(exitCode, said).to.equal(failure ? 1 : 0)
          const {tokens} = machine.heroku
          const token = tokens.at(-1)?.token ?? ''
          const text = unwrapped(said)
          if (failure)
            expect(text)
              .to.include(fails + failure.reason(settings))
              .and.include(failure.hint)
          else expect(text).to.include(command.prints(token, settings.host))
          expect(said).not.to.match(/^\s+at .+:\d+/mu)
          expect(said).not.to.include('hunter2')
          expect(await stored()).to.deep.equal(failure ? only(before, given) : only(after, token))
          expect(tokens.map(({revoked}) => revoked)).to.deep.equal(
            failure && steps ? [] : [!failure && after === 'nowhere'],
          )
          const through = proxyGets === undefined ? [] : [`${settings.host} ${proxyGets}`]
          expect([...new Set(tunnels)]).to.deep.equal(through)
        })
    })
})

/** Connects a socket to a port of this machine. */
function tunnel(socket: Socket, port: number, head: Uint8Array = Buffer.alloc(0)): void {
  const through = connect(port, '127.0.0.1')
  through.on('error', () => socket.destroy())
  socket.on('error', () => through.destroy())
  through.write(head)
  through.pipe(socket).pipe(through)
}

/** An error's text in one line, as it is before oclif breaks it. */
const unwrapped = (said: string) => said.replaceAll(/\s*\n\s*(?:›\s*)?/gu, ' ')
