// The loopback Heroku's routes. Responses are the Platform API's, reduced to the fields that the CLI reads.
import {randomUUID} from 'node:crypto'
import type {Account, Login, Seen, State, Token} from './loopback-heroku.js'

/** A status with JSON, or with a page. `nextRange` is the range with the rest of a list. */
export type Answer = ({status: number; body: unknown; text?: never} | {status: number; text: string; body?: never}) & {
  nextRange?: string
}

/** A response that is sent later, or never. */
export class Hold {
  /** @param wait receives the function that responds; returns the one to call if the client disconnects first */
  constructor(readonly wait: (give: (answer: Answer) => void) => (() => void) | undefined) {}
}

const ok = (body: unknown): Answer => ({status: 200, body})
const error = (status: number, id: string, message: string, more: object = {}): Answer => ({
  status,
  body: {id, message, ...more},
})
const unauthorized = () => error(401, 'unauthorized', 'Invalid credentials provided.')
const notFound = (resource: string) => error(404, 'not_found', `Couldn't find that ${resource}.`, {resource})

/** Responds to a request according to the state, and updates the state. */
export function answerTo(state: State, call: Seen): Answer | Hold {
  const {method, path} = call
  const [, first, second] = path.split('/')
  if (first === 'auth') return logIn(state, call)
  if (first === 'hamurai') return ok({})
  if (`${method} ${path}` === 'POST /oauth/authorizations') return authorize(state, call)

  const token = tokenOf(state, call)
  if (!token) return unauthorized()
  if (first === 'oauth' && (second === 'authorizations' || second === 'sessions')) return oauth(state, call, token)
  if (first === 'apps' && second !== undefined && method === 'GET') return appNamed(state, second)
  switch (`${method} ${path}`) {
    case 'POST /apps':
      return createApp(state, call, token)
    case 'GET /account':
      return ok(accountOf(token))
    case 'GET /apps':
    case 'GET /users/~/apps':
      return ok(state.apps)
    default:
      state.unknown.push(`${method} ${path}`)
      return notFound('thing')
  }
}

function appNamed({apps}: State, name: string): Answer {
  const found = apps.find((app) => (app as {name?: unknown}).name === name)
  return found === undefined ? notFound('app') : ok(found)
}

function createApp({apps}: State, {body}: Seen, {account}: Token): Answer {
  const {name = `app-${apps.length + 1}`} = JSON.parse(body || '{}') as {name?: string}
  const app = {
    id: randomUUID(),
    name,
    owner: {email: account},
    region: {name: 'us'},
    stack: {name: 'heroku-24'},
    web_url: `https://${name}.herokuapp.com/`,
  }
  apps.push(app)
  return {status: 201, body: app}
}

function tokenOf(state: State, {authorization}: Seen): Token | undefined {
  if (authorization.kind !== 'bearer') return undefined
  const found = state.tokens.find(({token}) => token === authorization.token)
  return found && isValid(found) ? found : undefined
}

function isValid({revoked, expiresAt}: Token): boolean {
  return !revoked && (expiresAt === undefined || expiresAt > Date.now())
}

const accountOf = ({account}: Token) => ({id: idOf(account), email: account, name: null, federated: false})

// Derived from the e-mail, so that an account's id is stable.
const ids = new Map<string, string>()
function idOf(email: string): string {
  const id = ids.get(email) ?? randomUUID()
  ids.set(email, id)
  return id
}

/** `POST /auth`, the page that the browser opens, and the URL that the CLI polls. */
function logIn(state: State, {method, path, authorization}: Seen): Answer | Hold {
  if (`${method} ${path}` === 'POST /auth') {
    const id = randomUUID()
    const login: Login = {token: randomUUID(), visited: false, waiting: new Set()}
    state.logins.set(id, login)
    return {
      status: 201,
      body: {browser_url: `/auth/browser/${id}`, cli_url: `/auth/cli/${id}`, token: login.token},
    }
  }

  const [, , end, id = ''] = path.split('/')
  const login = state.logins.get(id)
  if (!login || method !== 'GET') return notFound('login')
  if (end === 'browser') {
    login.visited = true
    state.visits += 1
    for (const tell of login.waiting) tell()
    return {status: 200, text: '<!doctype html><title>Logged In</title>'}
  }

  if (authorization.kind !== 'bearer' || authorization.token !== login.token) return unauthorized()
  return waitFor(state, login)
}

function waitFor(state: State, login: Login): Answer | Hold {
  const {browserLogin} = state
  if (browserLogin.serverErrors > 0) {
    browserLogin.serverErrors -= 1
    return error(503, 'service_unavailable', 'Heroku is taking a break.')
  }

  const {answer, account, kind} = browserLogin
  const result = () =>
    ok(
      typeof answer === 'object'
        ? answer
        : {access_token: state.issue({account, kind, description: 'a login through the browser'}).token},
    )
  if (answer === 'at-once' || (login.visited && answer !== 'never')) return result()
  if (answer === 'never') return new Hold(() => undefined)
  return new Hold((give) => {
    const tell = () => {
      login.waiting.delete(tell)
      give(result())
    }
    login.waiting.add(tell)
    return () => login.waiting.delete(tell)
  })
}

/** `POST /oauth/authorizations`: a new token for an e-mail and a password. */
function authorize(state: State, {authorization, headers, body}: Seen): Answer {
  if (authorization.kind !== 'basic') return unauthorized()
  const {user, password} = authorization
  const account = state.accounts.find(({email}) => email === user)
  if (account?.password !== password) return unauthorized()
  const refused = loginRefusal(account, headers['heroku-two-factor-code'])
  if (refused) return refused

  const {description = 'no description', expires_in: seconds} = JSON.parse(body || '{}') as {
    description?: string
    expires_in?: number
  }
  const expiresAt = seconds === undefined ? undefined : Date.now() + seconds * 1000
  return {status: 201, body: shown(state, state.issue({account: user, description, expiresAt}), {whole: true})}
}

function loginRefusal(account: Account, code: string | string[] | undefined): Answer | undefined {
  if (account.deviceTrustRequired === true)
    return error(403, 'device_trust_required', 'This account needs two-factor authentication.')
  if (account.twoFactorCode === undefined || account.twoFactorCode === code) return undefined
  return error(
    403,
    'two_factor',
    code === undefined
      ? 'A second authentication factor or pre-authorization is required for this request.'
      : 'The second authentication factor was not accepted.',
  )
}

function oauth(state: State, {headers, method, path}: Seen, own: Token): Answer {
  const [, , what, id] = path.split('/')
  if (what === 'sessions') {
    if (method !== 'DELETE' || id !== '~' || own.kind !== 'session') return notFound('session')
    return revoke(state, own)
  }

  const mine = state.tokens.filter((each) => each.account === own.account && each.kind !== 'session' && isValid(each))
  if (id === undefined) return rangeOf(state, mine, headers.range)
  const wanted = mine.find((each) => (id === '~' ? each.kind === 'default' : each.id === id))
  if (!wanted) return notFound('authorization')
  return method === 'DELETE' ? revoke(state, wanted) : ok(shown(state, wanted))
}

// https://devcenter.heroku.com/articles/platform-api-reference#ranges
function rangeOf(state: State, all: Token[], range = 'id ..'): Answer {
  const after = /^id \]([^.]+)\.\./u.exec(range)?.[1]
  const sorted = all.toSorted((one, other) => (one.id < other.id ? -1 : 1)).filter(({id}) => !after || id > after)
  const page = sorted.slice(0, state.pageSize)
  const body = page.map((each) => shown(state, each))
  const last = page.at(-1)
  return sorted.length > page.length && last
    ? {status: 206, body, nextRange: `id ]${last.id}..; max=${state.pageSize}`}
    : ok(body)
}

function revoke(state: State, token: Token): Answer {
  token.revoked = true
  return ok(shown(state, token))
}

function shown(state: State, token: Token, {whole = false} = {}) {
  const {id, description, expiresAt} = token
  return {
    id,
    description,
    scope: ['global'],
    user: {id: idOf(token.account), email: token.account, full_name: null},
    access_token: {
      id: randomUUID(),
      token:
        state.redacted && !whole ? `${token.token.slice(0, 9)}${'*'.repeat(10)}${token.token.slice(-4)}` : token.token,
      expires_in: expiresAt === undefined ? null : Math.max(0, Math.round((expiresAt - Date.now()) / 1000)),
    },
  }
}
