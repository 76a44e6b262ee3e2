// Any response from Heroku, or from a server in its place.
import {expect} from 'chai'
import fc from 'fast-check'
import {createServer as createTcpServer} from 'node:net'
import {assertAccount} from '../../src/backends/credential-rules.js'
import {accountOf, type Issued, openApi} from '../../src/heroku/api.js'
import {browserLogin} from '../../src/heroku/browser-login.js'
import {type Answer, type Http, openHttp} from '../../src/heroku/http.js'
import {login} from '../../src/heroku/login.js'
import {passwordLogin} from '../../src/heroku/password-login.js'
import {revoke} from '../../src/heroku/revoke.js'
import {ssoLogin} from '../../src/heroku/sso-login.js'
import {verifyToken} from '../../src/heroku/verify.js'
import {UserError} from '../../src/errors.js'
import {fuzz} from '../support/fuzz.js'
import {type Listening, listen} from '../support/listen.js'

const TOKEN = 'HRKU-the-token'
const PASSWORD = 'correct horse'
const LOGIN_URL = 'https://cli-auth.heroku.com'

const words = fc.oneof(
  fc.constantFrom(
    'ada@example.com',
    'a\u001B[2J@x.com',
    'x\r\ny',
    '',
    TOKEN,
    `${TOKEN.slice(0, 6)}${'*'.repeat(10)}ken`,
  ),
  fc.constantFrom('two_factor', 'device_trust_required', 'unauthorized', '\u202Egpj.exe', '**********', '/auth/x'),
  fc.constantFrom(
    'javascript:alert(1)',
    '//evil.com/',
    '@evil.com/',
    '.evil.com/',
    ':443/x',
    '\\evil',
    'file:///etc/passwd',
  ),
  fc.string({unit: 'binary', maxLength: 5}),
)
const value: fc.Arbitrary<unknown> = fc.oneof(
  {weight: 6, arbitrary: words},
  {weight: 2, arbitrary: fc.constantFrom<unknown>(null, true, 0, -1, 3600, 1e12, 1e16, 1e300, [], {}, [[]], {id: 'x'})},
)
const access = fc.oneof(value, fc.record({token: value, expires_in: value}, {requiredKeys: []}))
const record = fc.record(
  {
    id: value,
    message: value,
    email: value,
    error: value,
    token: value,
    browser_url: value,
    cli_url: value,
    access_token: access,
    user: fc.oneof(value, fc.record({email: value})),
  },
  {requiredKeys: []},
)
const body: fc.Arbitrary<unknown> = fc.oneof(
  {weight: 6, arbitrary: record},
  {weight: 2, arbitrary: fc.array(record, {maxLength: 3})},
  {weight: 1, arbitrary: value},
)
const status = fc.oneof(
  {weight: 4, arbitrary: fc.constantFrom(200, 200, 201, 401, 403, 404, 429, 500, 503)},
  {weight: 1, arbitrary: fc.integer({min: 100, max: 999})},
)
// JSON values, as in fixtures: a missing body is undefined in both.
const answers = fc.array(
  fc.oneof({weight: 12, arbitrary: fc.record({status, body})}, {weight: 1, arbitrary: fc.record({status})}),
  {
    minLength: 1,
    maxLength: 5,
  },
)

/** A network that returns these responses in order, and then repeats the last. */
function answering(answers: Partial<Answer>[]): {http: Http; urls: string[]} {
  const urls: string[] = []
  return {
    urls,
    http: (url) => {
      const {body, status = 200} = answers[Math.min(urls.length, answers.length - 1)] ?? {}
      urls.push(url)
      return Promise.resolve({status, body})
    },
  }
}

// eslint-disable-next-line no-control-regex -- this matches control characters
const UNSHOWABLE = /[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069\u2028\u2029]/u

/** The action's result, or undefined after an error whose message is printable and contains no secret. */
async function outcomeOf<T>(action: Promise<T>): Promise<T | undefined> {
  try {
    return await action
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const shown = `${error.message}${error.hint ?? ''}`
    expect(shown).not.to.match(UNSHOWABLE)
    expect(shown).not.to.include(PASSWORD)
    expect(shown.length).to.be.lessThan(700)
    return undefined
  }
}

function assertIssued(issued: Issued | undefined): void {
  if (!issued) return
  expect(issued.account).to.be.a('string').and.not.to.equal('')
  expect(issued.token).to.be.a('string').and.not.to.equal('')
  if (issued.expiresAt !== undefined) expect(new Date(issued.expiresAt).toISOString()).to.equal(issued.expiresAt)
}

describe('with any response from Heroku', () => {
  const ask = (question: string) =>
    Promise.resolve(question === 'Email:' ? 'ada@example.com' : question === 'Password:' ? PASSWORD : '123456')
  const {signal} = new AbortController()
  const discard = () => Promise.resolve()

  fuzz('a login with a password, by SSO or with a token returns an account and a token, or a message', {
    name: 'heroku-login',
    runs: 6000,
    values: fc.record({answers, method: fc.constantFrom('password', 'sso', 'with-token')}),
    async holds({answers, method}) {
      const {http} = answering(answers)
      const api = openApi(http, 'https://api.heroku.com')
      const visit = () => Promise.resolve()
      const env = {SSO_URL: 'https://sso.example.com'}
      const options = {
        http,
        api,
        loginUrl: LOGIN_URL,
        env,
        ask,
        visit,
        signal,
        discard,
        issuing: {api, signal},
        onDoubt: () => undefined,
        readStdin: () => Promise.resolve(TOKEN),
      }
      if (method === 'password') assertIssued(await outcomeOf(passwordLogin(api, ask)))
      else if (method === 'sso')
        assertIssued(await outcomeOf(ssoLogin({api, ask: () => Promise.resolve(TOKEN), visit, env, discard})))
      else assertIssued(await outcomeOf(login('with-token', options)))
    },
  })

  fuzz('a login in the browser opens and requests only the login host', {
    name: 'heroku-browser-login',
    runs: 6000,
    values: fc.record({answers, loginUrl: fc.constantFrom(LOGIN_URL, 'http://127.0.0.1:5000')}),
    async holds({answers, loginUrl}) {
      const {http, urls} = answering(answers)
      const api = openApi(http, 'https://api.heroku.com')
      const visited: string[] = []
      const visit = (url: string) => {
        visited.push(url)
        return Promise.resolve()
      }
      assertIssued(await outcomeOf(browserLogin({http, api, loginUrl, visit, signal, issuing: {signal}, discard})))
      const {origin} = new URL(loginUrl)
      for (const url of visited) expect(new URL(url)).to.include({origin, username: '', password: ''})
      for (const url of urls) expect([origin, 'https://api.heroku.com']).to.include(new URL(url).origin)
      for (const url of visited) expect(url).not.to.match(UNSHOWABLE)
    },
  })

  fuzz("looking up a token's account, or revoking it, ends in a result or in our message", {
    name: 'heroku-token',
    runs: 6000,
    values: answers,
    async holds(answers) {
      const api = () => openApi(answering(answers).http, 'https://api.heroku.com')
      const account = await outcomeOf(accountOf(api(), TOKEN))
      if (account !== undefined) expect(account).to.be.a('string').and.not.to.equal('')
      const verified = await outcomeOf(verifyToken(api(), TOKEN))
      if (verified?.expiresAt !== undefined) expect(Date.parse(verified.expiresAt)).to.be.greaterThan(0)
      const revocation = await outcomeOf(revoke(api(), TOKEN))
      if (revocation !== undefined) expect(revocation).to.be.oneOf(['revoked', 'was invalid', 'is the API key'])
    },
  })

  fuzz('an account name with a control character is stored nowhere', {
    name: 'heroku-account-name',
    runs: 2000,
    values: words,
    holds(name) {
      // eslint-disable-next-line no-control-regex -- this matches control characters
      const bad = name === '' || /[\u0000-\u001F\u007F-\u009F\u2028\u2029]/u.test(name)
      if (bad)
        expect(() => {
          assertAccount(name)
        }).to.throw()
      else assertAccount(name)
    },
  })
})

describe('any bytes from a server', () => {
  let server: Listening
  let reply = Buffer.alloc(0)
  let http: Http

  before(async () => {
    server = await listen(
      createTcpServer((socket) => {
        socket.once('data', () => socket.end(reply))
      }),
    )
    http = openHttp({})
  })
  after(() => server.stop())

  const head = fc.oneof(
    {weight: 6, arbitrary: status.map((status) => `HTTP/1.1 ${status} x\r\n`)},
    {
      weight: 1,
      arbitrary: fc.constantFrom('HTTP/1.1 200\r\n', 'HTTP/9 200 x\r\n', '', 'SSH-2.0-x\r\n', 'HTTP/1.1 99999 x\r\n'),
    },
  )
  const header = fc.constantFrom(
    ...[
      'content-type: application/json\r\n',
      'content-length: 5\r\n',
      'content-length: 99\r\n',
      'content-length: -1\r\n',
    ],
    ...['transfer-encoding: chunked\r\n', 'location: http://127.0.0.1:9/\r\n', 'content-encoding: gzip\r\n', 'x\r\n'],
    ...['connection: close\r\n', 'x-long: ' + 'y'.repeat(20_000) + '\r\n', '\u001B[2J: x\r\n'],
  )
  const rest = fc.oneof(
    fc.constantFrom('', '{"email":"ada@example.com"}', '{"email":', '5\r\n{"a":\r\n', '0\r\n\r\n', '\uFEFF{}', '[1]'),
    fc.string({unit: 'binary', maxLength: 30}),
    fc.json({maxDepth: 2}),
  )

  fuzz('count as a response or as an unreachable server', {
    name: 'http-wire',
    runs: 1500,
    values: fc
      .record({head, headers: fc.array(header, {maxLength: 3}), rest})
      .map(({head, headers, rest}) => `${head}${headers.join('')}\r\n${rest}`),
    async holds(text) {
      reply = Buffer.from(text)
      const answer = await outcomeOf(
        http(`http://127.0.0.1:${server.port}/account`, {
          method: 'GET',
          headers: {authorization: `Bearer ${TOKEN}`},
          timeoutMs: 2000,
        }),
      )
      if (answer) expect(answer.status).to.be.a('number')
    },
  })
})
