import {expect} from 'chai'
import {spawnSync} from 'node:child_process'
import dns from 'node:dns'
import {mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {createServer, type IncomingMessage, type RequestListener} from 'node:http'
import {createServer as createTlsServer} from 'node:https'
import {connect, createServer as createTcpServer, type Socket} from 'node:net'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {type Exchange, type Http, NetworkError, openHttp as openDated} from '../../../src/heroku/http.js'
import {UserError} from '../../../src/errors.js'
import {type Listening, listen, until} from '../../support/listen.js'
import {openSandbox} from '../../support/sandbox.js'
import {thrownBy} from '../../support/thrown-by.js'

const TOKEN = 'HRKU-canary'
const CHECK = 'check the network, and HTTPS_PROXY if you need a proxy'
const get: Exchange = {method: 'GET', headers: {authorization: `Bearer ${TOKEN}`}, timeoutMs: 5000}

/** Without the server's time, which has a test of its own. */
function openHttp(env: NodeJS.ProcessEnv): Http {
  const http = openDated(env)
  return async (...call) => {
    const {date, ...answer} = await http(...call)
    expect(date ?? '').to.be.a('string')
    return answer
  }
}

/** Everything that a person could be shown of an error. */
const shown = (error: Error & Record<string, unknown>) =>
  [error.message, error.hint, error.stack, String(error.cause), JSON.stringify(error)].join('\n')

describe('HTTP', () => {
  const running: Listening[] = []
  const started = async (server: Parameters<typeof listen>[0]) => {
    const listening = await listen(server)
    running.push(listening)
    return listening
  }
  const serve = async (listener: RequestListener) => `http://127.0.0.1:${(await started(createServer(listener))).port}`
  const http = openHttp({})

  afterEach(async () => {
    for (const each of running.splice(0)) await each.stop()
  })

  describe('a request', () => {
    it('sends method, headers and JSON, and returns status and JSON', async () => {
      let seen: object = {}
      const url = await serve((request, response) => {
        const {method, url, headers} = request
        let body = ''
        request.setEncoding('utf8').on('data', (text: string) => (body += text))
        request.on('end', () => {
          const {accept, authorization, 'content-type': type} = headers
          seen = {method, url, accept, authorization, type, body}
          response.writeHead(201).end('{"å":[1]}')
        })
      })
      const exchange = {...get, method: 'POST', body: {description: 'ü'}} as const
      expect(await http(`${url}/a?b=c`, exchange)).to.deep.equal({status: 201, body: {å: [1]}})
      expect(seen).to.deep.equal({
        method: 'POST',
        url: '/a?b=c',
        accept: 'application/json',
        authorization: `Bearer ${TOKEN}`,
        type: 'application/json',
        body: '{"description":"ü"}',
      })
    })

    it("returns the server's time, if there is one", async () => {
      const date = 'Tue, 24 Nov 2026 14:05:00 GMT'
      const dated = await serve((_, response) => response.setHeader('date', date).end('{}'))
      expect(await openDated({})(dated, get)).to.deep.equal({status: 200, body: {}, date})
      const undated = await serve((_, response) => {
        response.sendDate = false
        response.end('{}')
      })
      expect(await openDated({})(undated, get)).to.deep.equal({status: 200, body: {}})
    })

    it('sends neither body nor content type without a body', async () => {
      let seen: IncomingMessage['headers'] = {}
      const url = await serve((request, response) => {
        seen = request.headers
        response.end('{}')
      })
      await http(url, {...get, headers: {accept: 'application/vnd.heroku+json; version=3'}})
      expect(seen).to.deep.include({accept: 'application/vnd.heroku+json; version=3'})
      expect(seen).not.to.have.any.keys('content-type', 'content-length', 'authorization')
    })

    for (const status of [204, 400, 401, 404, 429, 500, 503])
      it(`resolves for status ${status}`, async () => {
        const url = await serve((_, response) => response.writeHead(status).end(status === 204 ? '' : '{"id":"x"}'))
        expect(await http(url, get)).to.deep.equal({status, body: status === 204 ? undefined : {id: 'x'}})
      })

    for (const body of ['', '<html>{"not": JSON', '{"half":', '\u0000\u0001'])
      it(`returns no body for invalid JSON: ${JSON.stringify(body)}`, async () => {
        const url = await serve((_, response) => response.end(body))
        expect(await http(url, get)).to.deep.equal({status: 200, body: undefined})
      })

    for (const status of [301, 302, 303, 307, 308])
      it(`does not follow a redirect of status ${status}, which would pass on the token`, async () => {
        let led = 0
        const elsewhere = await serve((_, response) => {
          led += 1
          response.end('{}')
        })
        const url = await serve((_, response) => response.writeHead(status, {location: elsewhere}).end())
        expect(await http(url, get)).to.deep.equal({status, body: undefined})
        expect(led).to.equal(0)
      })
  })

  describe('without a response', () => {
    const failure = async (url: string, exchange: Partial<Exchange> = {}, env = {}) => {
      const error = await thrownBy(openHttp(env)(url, {...get, ...exchange}))
      expect(shown(error)).not.to.include(TOKEN)
      expect(error).to.be.instanceOf(NetworkError)
      expect(error.hint).to.equal(CHECK)
      return error.message
    }

    it('names the host and the cause if the port is closed', async () => {
      const {port, stop} = await listen(createTcpServer())
      await stop()
      expect(await failure(`http://127.0.0.1:${port}/account`)).to.equal(
        `cannot reach 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port} (ECONNREFUSED)`,
      )
    })

    it('names the cause for a host with several addresses, too', async () => {
      const {port, stop} = await listen(createTcpServer())
      await stop()
      const {lookup} = dns
      // What localhost stands for is up to the machine.
      const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({address, family: 4}))
      const twoAddresses = (_name: string, _options: unknown, callback: (error: null, found: object[]) => void) => {
        callback(null, addresses)
      }
      dns.lookup = twoAddresses as unknown as typeof lookup
      try {
        const refused = addresses.map(({address}) => `connect ECONNREFUSED ${address}:${port} (ECONNREFUSED)`)
        expect(await failure(`http://localhost:${port}/account`)).to.equal(
          `cannot reach localhost:${port}: ${refused.join(', ')}`,
        )
      } finally {
        dns.lookup = lookup
      }
    })

    it('names the host and the cause for an unknown host', async () => {
      expect(await failure('https://api.invalid/account')).to.match(
        /^cannot reach api\.invalid: getaddrinfo (?:ENOTFOUND|EAI_AGAIN) api\.invalid/u,
      )
    })

    for (const [when, behave] of [
      ['before a word', (socket: Socket) => socket.destroy()],
      ['in the middle of the head', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-')],
      [
        'in the middle of the body',
        (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"email":'),
      ],
      ['with what is not HTTP', (socket: Socket) => socket.end('220 smtp.example.com ESMTP\r\n')],
    ] as const)
      it(`names the host if the connection ends ${when}`, async () => {
        const {port} = await started(createTcpServer((socket) => socket.once('data', () => behave(socket))))
        expect(await failure(`http://127.0.0.1:${port}/`)).to.match(
          new RegExp(String.raw`^cannot reach 127\.0\.0\.1:${port}: \S`, 'u'),
        )
      })

    for (const [what, listener] of [
      ['nothing', () => undefined],
      ['a head alone', (_, response) => response.writeHead(200).write('{')],
      [
        'a little, again and again',
        (_, response) => {
          const timer = setInterval(() => response.write(' '), 10)
          response.on('close', () => {
            clearInterval(timer)
          })
        },
      ],
    ] satisfies [string, RequestListener][])
      it(`times out if the server sends ${what}`, async () => {
        const url = await serve(listener)
        const began = performance.now()
        expect(await failure(url, {timeoutMs: 200})).to.equal(`${new URL(url).host} did not answer within 0.2 s`)
        expect(performance.now() - began).to.be.within(190, 2000)
      })

    it('reads ten million bytes, and disconnects after one more', async () => {
      let size = 10_000_000
      const server = createServer((_, response) => response.end(`"${'x'.repeat(size - 2)}"`))
      const listening = await started(server)
      const url = `http://127.0.0.1:${listening.port}`
      expect((await http(url, get)).body).to.have.length(size - 2)
      size += 1
      expect(await failure(url)).to.equal(`cannot reach ${new URL(url).host}: it answered with far too much`)
    })

    it('disconnects from a server that sends without end', async () => {
      const chunk = Buffer.alloc(100_000, 'x')
      const listening = await started(
        createServer((_, response) => {
          const more = () => {
            while (!response.destroyed && response.write(chunk));
          }
          response.on('drain', more)
          more()
        }),
      )
      const url = `http://127.0.0.1:${listening.port}`
      expect(await failure(url)).to.equal(`cannot reach ${new URL(url).host}: it answered with far too much`)
      await until(() => listening.connections() === 0)
    })

    it('does not repeat a token that is invalid in a header', async () => {
      const url = await serve((_, response) => response.end('{}'))
      const headers = {authorization: `Bearer ${TOKEN}\r\nX-Evil: 1`}
      expect(await failure(url, {headers})).to.match(/^cannot reach 127\.0\.0\.1:\d+: invalid authorization header/u)
    })

    it("shows no control characters of the server's text", async () => {
      const {port} = await started(createTcpServer((socket) => socket.end('HTTP/1.1 200 \u001B[31m\u0007\r\n')))
      // eslint-disable-next-line no-control-regex -- they are what this is about
      expect(await failure(`http://127.0.0.1:${port}`)).not.to.match(/[\u0000-\u001F]/u)
    })

    for (const url of ['cli-auth.heroku.com/auth', 'https://', 'not a url'])
      it(`names an invalid URL: ${url}`, async () => {
        expect(await failure(url)).to.match(/^cannot reach \S.*: \S/u)
      })
  })

  for (const url of [
    'http://api.heroku.com/account',
    'http://127.0.0.1.example/',
    'http://192.0.2.1/',
    'ftp://127.0.0.1/',
  ])
    it(`sends nothing over a network without TLS: ${url}`, async () => {
      const error = await thrownBy(openHttp({http_proxy: 'http://127.0.0.1:9'})(url, get))
      expect(error).to.be.instanceOf(UserError)
      expect(error.message).to.equal(`refusing to send a request to ${new URL(url).host} without TLS`)
      expect(shown(error)).not.to.include(TOKEN)
    })

  describe('that is cancelled', () => {
    it('ends at once, with an AbortError and not a NetworkError', async () => {
      const controller = new AbortController()
      const listening = await started(
        createServer(() => {
          controller.abort()
        }),
      )
      const url = `http://127.0.0.1:${listening.port}`
      const error = await thrownBy(http(url, {...get, signal: controller.signal}))
      expect(error).not.to.be.instanceOf(NetworkError)
      expect(error.name).to.equal('AbortError')
      expect(shown(error)).not.to.include(TOKEN)
      await until(() => listening.connections() === 0)
    })

    it('does not start if it was cancelled before', async () => {
      let requests = 0
      const url = await serve((_, response) => {
        requests += 1
        response.end('{}')
      })
      const error = await thrownBy(http(url, {...get, signal: AbortSignal.abort()}))
      expect(error.name).to.equal('AbortError')
      expect(requests).to.equal(0)
    })
  })

  describe('over TLS', () => {
    const HOST = 'api.heroku.test'
    let folder: string
    let file: (name: string) => string
    let url: string
    let port: number
    let server: Listening

    const openssl = (...args: string[]) => {
      const {status, stderr} = spawnSync('openssl', args, {encoding: 'utf8'})
      expect(status, stderr).to.equal(0)
    }

    before(async () => {
      folder = realpathSync(mkdtempSync(join(tmpdir(), 'keychain-tls-')))
      file = (name) => join(folder, name)
      openssl(
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
        ...['-subj', '/CN=a test', '-addext', `subjectAltName=IP:127.0.0.1,DNS:${HOST}`],
        ...['-keyout', file('key.pem'), '-out', file('cert.pem')],
      )
      const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(file(name)))
      server = await listen(createTlsServer({key, cert}, (_, response) => response.end('{"tls":true}')))
      ;({port} = server)
      url = `https://127.0.0.1:${port}/`
    })

    after(async () => {
      await server.stop()
      rmSync(folder, {recursive: true, force: true})
    })

    const answer = {status: 200, body: {tls: true}}

    it('rejects an untrusted certificate', async () => {
      const error = await thrownBy(http(url, get))
      expect(error).to.be.instanceOf(NetworkError)
      // Node 24 has some advice in the middle.
      const said = String.raw`^cannot reach 127\.0\.0\.1:${port}: self-signed certificate(?:; .+)? \(DEPTH_ZERO_SELF_SIGNED_CERT\)$`
      expect(error.message).to.match(new RegExp(said, 'u'))
    })

    it('trusts a certificate of SSL_CERT_FILE', async () => {
      expect(await openHttp({SSL_CERT_FILE: file('cert.pem')})(url, get)).to.deep.equal(answer)
    })

    it('rejects a certificate for another name', async () => {
      const error = await thrownBy(openHttp({SSL_CERT_FILE: file('cert.pem')})(`https://localhost:${port}/`, get))
      expect(error.message).to.include('ERR_TLS_CERT_ALTNAME_INVALID')
    })

    it('trusts a certificate of SSL_CERT_DIR, next to other files', async () => {
      const certs = file('certs')
      mkdirSync(join(certs, 'java'), {recursive: true})
      writeFileSync(join(certs, 'README'), 'no certificate')
      writeFileSync(join(certs, 'binary'), Buffer.from([0, 255, 1, 2]))
      symlinkSync('nowhere', join(certs, 'dangling.0'))
      symlinkSync('../cert.pem', join(certs, '0123abcd.0'))
      expect(await openHttp({SSL_CERT_DIR: certs})(url, get)).to.deep.equal(answer)
    })

    it('trusts a certificate of NODE_EXTRA_CA_CERTS, in addition to those of SSL_CERT_FILE', async () => {
      writeFileSync(file('none.pem'), '')
      const env = {SSL_CERT_FILE: file('none.pem'), NODE_EXTRA_CA_CERTS: file('cert.pem')}
      expect(await openHttp(env)(url, get)).to.deep.equal(answer)
    })

    it('trusts a certificate of NODE_EXTRA_CA_CERTS alone, like Node', async () => {
      const sandbox = openSandbox()
      try {
        const script = fileURLToPath(new URL('../../fixtures/heroku/get.ts', import.meta.url))
        const args = ['--import', import.meta.resolve('tsx'), script, url]
        const {stdout} = await sandbox.run('node', args, {env: {NODE_EXTRA_CA_CERTS: file('cert.pem')}})
        expect(stdout).to.equal(JSON.stringify(answer))
      } finally {
        await sandbox.close()
      }
    })

    describe('with certificates that cannot be read', () => {
      const broken = '-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n'
      const trusted = () => ({SSL_CERT_FILE: file('cert.pem')})
      const folderWith = (name: string, certificate: string) => {
        mkdirSync(file(name), {recursive: true})
        symlinkSync(certificate, join(file(name), '0123abcd.0'))
        return file(name)
      }

      it('reads all folders of SSL_CERT_DIR, like OpenSSL', async () => {
        const good = folderWith('good', file('cert.pem'))
        const empty = folderWith('dangling', file('missing'))
        for (const list of [
          [empty, good],
          [good, empty],
          [file('missing'), good],
          ['', good, ''],
        ]) {
          const env = {SSL_CERT_DIR: list.join(delimiter)}
          expect(await openHttp(env)(url, get), list.join()).to.deep.equal(answer)
        }
      })

      it('skips missing files, folders and invalid certificates, like OpenSSL and node', async () => {
        writeFileSync(file('broken.pem'), broken)
        for (const wrong of ['missing', 'broken.pem', '.', 'key.pem']) {
          for (const variable of ['SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS'])
            expect(await openHttp({...trusted(), [variable]: file(wrong)})(url, get), wrong).to.deep.equal(answer)
          const env = {SSL_CERT_DIR: folderWith(`beside-${wrong}`, file('cert.pem')), SSL_CERT_FILE: file(wrong)}
          expect(await openHttp(env)(url, get), wrong).to.deep.equal(answer)
        }
      })

      it('trusts no other certificate then', async () => {
        for (const env of [{SSL_CERT_FILE: file('missing')}, {SSL_CERT_DIR: file('missing')}, {SSL_CERT_FILE: ''}])
          expect((await thrownBy(openHttp(env)(url, get))).message).to.include('self-signed')
      })
    })

    describe('through a proxy', () => {
      let proxy: string
      let tunnels: string[]
      let credentials: (string | undefined)[]

      beforeEach(async () => {
        tunnels = []
        credentials = []
        const between = createServer((_, response) => response.writeHead(500).end())
        between.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
          tunnels.push(request.url ?? '')
          credentials.push(request.headers['proxy-authorization'])
          const through = connect(port, '127.0.0.1', () => {
            socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
            through.write(head)
            through.pipe(socket).pipe(through)
          })
          socket.on('error', () => through.destroy())
          through.on('error', () => socket.destroy())
        })
        proxy = `http://127.0.0.1:${(await started(between)).port}`
      })

      const trusted = () => ({SSL_CERT_FILE: file('cert.pem')})

      for (const variable of ['HTTPS_PROXY', 'https_proxy'])
        it(`of ${variable} uses it, with TLS to the server`, async () => {
          expect(await openHttp({...trusted(), [variable]: proxy})(`https://${HOST}/`, get)).to.deep.equal(answer)
          expect(tunnels).to.deep.equal([`${HOST}:443`])
          expect(credentials).to.deep.equal([undefined])
        })

      it('prefers https_proxy to HTTPS_PROXY', async () => {
        const env = {...trusted(), https_proxy: proxy, HTTPS_PROXY: 'http://127.0.0.1:1'}
        expect(await openHttp(env)(`https://${HOST}/`, get)).to.deep.equal(answer)
      })

      it('authenticates to the proxy with the credentials of its address', async () => {
        const env = {...trusted(), HTTPS_PROXY: proxy.replace('//', '//ada:se%2Fcret@')}
        await openHttp(env)(`https://${HOST}/`, get)
        expect(credentials).to.deep.equal([`Basic ${Buffer.from('ada:se/cret').toString('base64')}`])
      })

      const expectCredentials = async (userinfo: string, ...expected: (Buffer | string)[]) => {
        const env = {...trusted(), HTTPS_PROXY: proxy.replace('//', `//${userinfo}@`)}
        expect(await openHttp(env)(`https://${HOST}/`, get)).to.deep.equal(answer)
        const bytes = Buffer.concat(expected.map((each) => Buffer.from(each)))
        expect(credentials).to.deep.equal([`Basic ${bytes.toString('base64')}`])
      }

      for (const [userinfo, expected] of [
        ['ada:100%', 'ada:100%'],
        ['ada:%zz%2', 'ada:%zz%2'],
        ['ada:%25%3A%40', 'ada:%:@'],
        ['100%:x', '100%:x'],
        ['ada:p@ss@word', 'ada:p@ss@word'],
        ['ada:a:b:c', 'ada:a:b:c'],
        ['ada:se/cret', 'ada:se/cret'],
        ['ada:se?c#ret', 'ada:se?c#ret'],
        ['ada:två ord', 'ada:två ord'],
        ['ada:tv%C3%A5', 'ada:två'],
        ['corp\\ada:x', 'corp\\ada:x'],
        ['ada:"<>[]{}|^`', 'ada:"<>[]{}|^`'],
        ['ada', 'ada:'],
        ['ada:', 'ada:'],
        [':secret', ':secret'],
      ] as const)
        it(`sends ${JSON.stringify(expected)} to the proxy of an address with ${JSON.stringify(userinfo)}`, async () => {
          await expectCredentials(userinfo, expected)
        })

      it('sends credentials that are not UTF-8 unchanged', async () => {
        await expectCredentials('ada:tv%E5', 'ada:tv', Buffer.from([0xe5]))
      })

      it('sends no credentials to a proxy whose address has an empty user', async () => {
        const env = {...trusted(), HTTPS_PROXY: proxy.replace('//', '//@')}
        expect(await openHttp(env)(`https://${HOST}/`, get)).to.deep.equal(answer)
        expect(credentials).to.deep.equal([undefined])
      })

      it('accepts a user and password without a scheme', async () => {
        const env = {...trusted(), HTTPS_PROXY: proxy.replace('http://', 'ada:100%://x@')}
        await openHttp(env)(`https://${HOST}/`, get)
        expect(credentials).to.deep.equal([`Basic ${Buffer.from('ada:100%://x').toString('base64')}`])
      })

      for (const [empty, full] of [
        ['https_proxy', 'HTTPS_PROXY'],
        ['HTTPS_PROXY', 'HTTP_PROXY'],
        ['http_proxy', 'HTTP_PROXY'],
        ['HTTPS_PROXY', 'http_proxy'],
      ] as const)
        it(`uses ${full} if ${empty} is empty, which counts as unset`, async () => {
          const env = {...trusted(), [empty]: '', [full]: proxy}
          expect(await openHttp(env)(`https://${HOST}/`, get)).to.deep.equal(answer)
          expect(tunnels).to.deep.equal([`${HOST}:443`])
        })

      it('bypasses it by NO_PROXY if no_proxy is empty', async () => {
        const env = {...trusted(), HTTPS_PROXY: proxy, no_proxy: '', NO_PROXY: '127.0.0.1'}
        expect(await openHttp(env)(url, get)).to.deep.equal(answer)
        expect(tunnels).to.deep.equal([])
      })

      it("ignores the process's proxies if all variables are empty", async () => {
        process.env.HTTPS_PROXY = 'http://127.0.0.1:1'
        try {
          const env = {...trusted(), HTTPS_PROXY: '', https_proxy: '', HTTP_PROXY: '', http_proxy: ''}
          expect(await openHttp(env)(url, get)).to.deep.equal(answer)
        } finally {
          delete process.env.HTTPS_PROXY
        }
      })

      for (const host of ['127.0.0.1', 'localhost'])
        for (const variable of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY'])
          it(`never uses it without TLS, as for http://${host} with ${variable}`, async () => {
            const plain = await started(createServer((_, response) => response.end('{"plain":true}')))
            const plainUrl = `http://${host}:${plain.port}/`
            expect(await openHttp({[variable]: proxy})(plainUrl, get)).to.deep.equal({status: 200, body: {plain: true}})
            expect(tunnels).to.deep.equal([])
          })

      for (const exceptions of ['127.0.0.1', '*', 'x.example,127.0.0.1', '127.0.0.1 x.example'])
        it(`bypasses it if NO_PROXY is ${exceptions}`, async () => {
          const env = {...trusted(), HTTPS_PROXY: proxy, NO_PROXY: exceptions}
          expect(await openHttp(env)(url, get)).to.deep.equal(answer)
          expect(tunnels).to.deep.equal([])
        })

      it('uses it if NO_PROXY lists other hosts', async () => {
        const env = {...trusted(), HTTPS_PROXY: proxy, NO_PROXY: 'x.example,127.0.0.2'}
        expect(await openHttp(env)(url, get)).to.deep.equal(answer)
        expect(tunnels).to.deep.equal([`127.0.0.1:${port}`])
      })

      it("uses the given environment, not the process's", async () => {
        process.env.HTTPS_PROXY = 'http://127.0.0.1:1'
        try {
          expect(await openHttp(trusted())(url, get)).to.deep.equal(answer)
        } finally {
          delete process.env.HTTPS_PROXY
        }
      })

      it('names the host, and neither token nor password, if the proxy cannot be reached', async () => {
        const {port: closedPort, stop} = await listen(createTcpServer())
        await stop()
        const env = {...trusted(), HTTPS_PROXY: `http://ada:hunter2@127.0.0.1:${closedPort}`}
        const error = await thrownBy(openHttp(env)(`https://${HOST}/`, get))
        expect(error).to.be.instanceOf(NetworkError)
        expect(error.message).to.match(/^cannot reach api\.heroku\.test: .*ECONNREFUSED/u)
        expect(shown(error)).not.to.match(/HRKU|hunter2/u)
      })

      it('names the host if the proxy refuses', async () => {
        const refusing = createServer()
        refusing.on('connect', (_: IncomingMessage, socket: Socket) => {
          socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
        })
        const {port: refuser} = await started(refusing)
        const env = {...trusted(), HTTPS_PROXY: `http://127.0.0.1:${refuser}`}
        const error = await thrownBy(openHttp(env)(`https://${HOST}/`, get))
        expect(error).to.be.instanceOf(NetworkError)
        expect(error.message).to.match(/^cannot reach api\.heroku\.test: .*407/u)
        expect(shown(error)).not.to.include(TOKEN)
      })

      it('takes an address without a scheme for an HTTP proxy, like curl', async () => {
        const env = {...trusted(), HTTPS_PROXY: proxy.replace('http://', '')}
        expect(await openHttp(env)(`https://${HOST}/`, get)).to.deep.equal(answer)
        expect(tunnels).to.deep.equal([`${HOST}:443`])
      })

      for (const variable of ['HTTPS_PROXY', 'HTTP_PROXY'])
        for (const value of [
          ...['http://', 'ftp://proxy.example', 'http://ada:hunter2@proxy example', 'http://ada:hunter2@'],
          ...['http://ada:hunter2@proxy:99999', '://proxy', 'http://[::1', ':8080', 'http:// ', 'http://ada:hunter2%@'],
        ])
          it(`rejects ${variable}=${value}, without repeating the value`, async () => {
            const error = await thrownBy(Promise.resolve().then(() => openHttp({[variable]: value})))
            expect(error).to.be.instanceOf(UserError)
            expect(error).to.include({
              message: `${variable} is not a valid HTTP proxy URL`,
              hint: `correct or unset ${variable}`,
            })
          })
    })
  })
})
