// A fake Heroku: the Platform API, the login host and the delinquency host, each on a port of 127.0.0.1.
import {randomBytes, randomUUID} from 'node:crypto'
import {createServer, type IncomingMessage, type RequestListener, type ServerResponse} from 'node:http'
import {listen} from './listen.js'
import {type Answer, answerTo, Hold} from './loopback-routes.js'

/** A user's account. */
export interface Account {
  email: string
  password: string
  /** Two-factor authentication is on, and this code is accepted. */
  twoFactorCode?: string
  /** Heroku refuses a login by password until two-factor authentication is switched on. */
  deviceTrustRequired?: boolean
}

/** An access token that this Heroku has issued, valid or not. */
export interface Token {
  /** The session's or authorization's id. */
  readonly id: string
  readonly token: string
  /** The account's e-mail. */
  readonly account: string
  /** A `session` is not listed as an authorization; a `default` authorization is the account's API key (`~`). */
  readonly kind: 'session' | 'authorization' | 'default'
  readonly description: string
  /** In milliseconds since 1970; undefined if it never expires. A test may change it. */
  expiresAt: number | undefined
  revoked: boolean
}

/** A recorded request. */
export interface Seen {
  /** The host that received it; every host serves every path. */
  at: 'api' | 'login' | 'particleboard'
  method: string
  /** The path, without the query. */
  path: string
  query: string
  /** Its credentials: a bearer token, a basic user and password, none, or any other scheme. */
  authorization:
    | {kind: 'bearer'; token: string}
    | {kind: 'basic'; user: string; password: string}
    | {kind: 'none'}
    | {kind: 'other'; header: string}
  /** By lower-case name. */
  headers: IncomingMessage['headers']
  /** Names and values alternating, as sent. */
  rawHeaders: string[]
  body: string
}

/**
 * A path's simulated failure: a status with a body or a page, 200 with invalid JSON, no answer, or an aborted
 * connection.
 */
export type Fault = {status: number; body?: unknown; text?: string} | 'garbage' | 'hang' | 'close'

/** The login host's answer to the waiting CLI, and the account that logs in. */
export interface BrowserLogin {
  /**
   * `when-visited`: a token, once the browser has visited the page; `at-once`: a token; `never`: no answer;
   * an error: the error, once the browser has visited the page.
   */
  answer: 'when-visited' | 'at-once' | 'never' | {error: string}
  /** The e-mail of the account. */
  account: string
  kind: Token['kind']
  /** The number of next waits to answer with 503. */
  serverErrors: number
}

export interface LoopbackHeroku {
  /** The API: `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string
  /** Its host, `127.0.0.1:PORT`: the machine name in `.netrc`, for the API and for git. */
  readonly host: string
  /** Variables that point the Heroku CLI and our plugin to this Heroku. */
  readonly env: Record<
    'HEROKU_HOST' | 'HEROKU_LOGIN_HOST' | 'HEROKU_PARTICLEBOARD_URL' | 'HEROKU_ANALYTICS_URL',
    string
  >

  /** The accounts. Initially Ada, `ada@example.com`, with the password `correct horse`. */
  readonly accounts: Account[]
  /** Every token ever issued. */
  readonly tokens: Token[]
  readonly browserLogin: BrowserLogin
  /** The apps that `GET /apps` lists. */
  readonly apps: unknown[]
  /** How far this Heroku's clock is ahead, in milliseconds, according to the `Date` header. */
  clockOffset: number
  /** Mask tokens in lists: their first nine characters, ten asterisks, and their last four. */
  redacted: boolean
  /** Authorizations per response; further ranges have the rest, as in the Platform API. Default: 200. */
  pageSize: number

  /** Every request so far, in order, `faults` included. */
  readonly requests: Seen[]
  /** The requests for one `METHOD /path`. */
  requestsTo(call: string): Seen[]
  /** `METHOD /path` of every request without a route, which got a 404. */
  readonly unknown: string[]
  /** The number of browser login pages visited. */
  readonly visits: number

  /** Issues a token; by default, an authorization of Ada's that never expires. */
  issue(token?: Partial<Omit<Token, 'id' | 'revoked'>>): Token
  /** @throws {Error} if there is no such token */
  revoke(token: string): void
  /**
   * Whether a token was revoked, by a test or by a request.
   * @throws {Error} if there is no such token
   */
  revoked(token: string): boolean
  /** Simulated failures, by `METHOD /path` or `/path`. Each stays until it is deleted. */
  readonly faults: Map<string, Fault>

  /** Closes every connection and stops listening. */
  stop(): Promise<void>
}

/** The state that the routes read and change. */
export type State = Omit<LoopbackHeroku, 'stop' | 'visits'> & {visits: number; logins: Map<string, Login>}

/** A pending login through the browser. */
export interface Login {
  /** The bearer token with which the CLI waits. */
  token: string
  visited: boolean
  /** Called once the browser has visited the page. */
  waiting: Set<() => void>
}

/** Starts a fake Heroku on free ports. It does not keep the process alive. */
export async function startHeroku(): Promise<LoopbackHeroku> {
  const serving: {state?: State} = {}
  const listen = (at: Seen['at']) =>
    startListener((request, response) => {
      // A client that disconnects in the middle of its request needs no answer.
      if (serving.state) serve(serving.state, at, request, response).catch(() => response.destroy())
    })
  const [api, login, particleboard] = await Promise.all([listen('api'), listen('login'), listen('particleboard')])
  const state = newState(api.host, login.host, particleboard.host)
  serving.state = state

  return Object.assign(state, {
    async stop() {
      await Promise.all([api.stop(), login.stop(), particleboard.stop()])
    },
  })
}

interface Listener {
  host: string
  stop(): Promise<void>
}

async function startListener(answer: RequestListener): Promise<Listener> {
  const {port, stop} = await listen(createServer(answer))
  return {host: `127.0.0.1:${port}`, stop}
}

function newState(host: string, loginHost: string, particleboardHost: string): State {
  const url = `http://${host}`
  const tokens: Token[] = []
  const find = (wanted: string) => {
    const found = tokens.find(({token}) => token === wanted)
    if (!found) throw new Error('this Heroku never knew that token')
    return found
  }

  return {
    url,
    host,
    env: {
      HEROKU_HOST: url,
      HEROKU_LOGIN_HOST: `http://${loginHost}`,
      HEROKU_PARTICLEBOARD_URL: `http://${particleboardHost}`,
      HEROKU_ANALYTICS_URL: `${url}/hamurai`,
    },
    accounts: [{email: 'ada@example.com', password: 'correct horse'}],
    tokens,
    browserLogin: {answer: 'when-visited', account: 'ada@example.com', kind: 'session', serverErrors: 0},
    apps: [],
    clockOffset: 0,
    redacted: false,
    pageSize: 200,
    requests: [],
    requestsTo(call) {
      return this.requests.filter(({method, path}) => `${method} ${path}` === call)
    },
    unknown: [],
    visits: 0,
    logins: new Map(),
    issue({token, account = 'ada@example.com', kind = 'authorization', description = 'a test', expiresAt} = {}) {
      const issued: Token = {
        id: randomUUID(),
        token: token ?? `HRKU-${randomBytes(32).toString('base64url')}`,
        account,
        kind,
        description,
        expiresAt,
        revoked: false,
      }
      tokens.push(issued)
      return issued
    },
    revoke(token) {
      find(token).revoked = true
    },
    revoked: (token) => find(token).revoked,
    faults: new Map(),
  }
}

async function serve(state: State, at: Seen['at'], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call = {at, ...(await read(request))}
  state.requests.push(call)
  const fault = state.faults.get(`${call.method} ${call.path}`) ?? state.faults.get(call.path)
  const answer = fault === undefined ? answerTo(state, call) : faulty(fault)
  response.setHeader('date', new Date(Date.now() + state.clockOffset).toUTCString())
  await send(answer, response)
}

function faulty(fault: Fault): Answer | Hold | 'close' {
  if (fault === 'hang') return new Hold(() => undefined)
  if (fault === 'garbage') return {status: 200, text: '<html>{"not": JSON'}
  if (fault === 'close') return fault
  if (fault.text !== undefined) return {status: fault.status, text: fault.text}
  return {status: fault.status, body: fault.body ?? {id: 'fault', message: `A fault of status ${fault.status}.`}}
}

async function send(answer: Answer | Hold | 'close', response: ServerResponse): Promise<void> {
  if (answer === 'close') {
    // The head and a part of the body: the client can't mistake this for a complete response.
    response.writeHead(200, {'content-type': 'application/json', 'content-length': 1000})
    await new Promise((resolve) => response.write('{"email":', resolve))
    response.destroy()
  } else if (answer instanceof Hold) {
    const give = (answer: Answer) => {
      write(answer, response)
    }
    const forget = answer.wait(give)
    if (forget) response.once('close', forget)
  } else write(answer, response)
}

function write({status, body, text, nextRange}: Answer, response: ServerResponse): void {
  const type = text === undefined ? 'application/vnd.heroku+json; version=3' : 'text/html'
  response.writeHead(status, {
    'content-type': type,
    'request-id': randomUUID(),
    ...(nextRange === undefined ? {} : {'next-range': nextRange}),
  })
  response.end(text ?? JSON.stringify(body))
}

async function read(request: IncomingMessage): Promise<Omit<Seen, 'at'>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const [path = '/', query = ''] = (request.url ?? '/').split('?')
  return {
    method: request.method ?? 'GET',
    path,
    query,
    authorization: authorizationOf(request.headers.authorization),
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    body: Buffer.concat(chunks).toString('utf8'),
  }
}

function authorizationOf(header: string | undefined): Seen['authorization'] {
  if (header === undefined) return {kind: 'none'}
  const [scheme = '', value = ''] = header.split(/ (.*)/su)
  if (scheme === 'Bearer') return {kind: 'bearer', token: value}
  if (scheme !== 'Basic') return {kind: 'other', header}
  const [user = '', password = ''] = Buffer.from(value, 'base64').toString('utf8').split(/:(.*)/su)
  return {kind: 'basic', user, password}
}
