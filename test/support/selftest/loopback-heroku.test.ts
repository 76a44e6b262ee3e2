import {expect} from 'chai'
import {until} from '../listen.js'
import {type LoopbackHeroku, startHeroku} from '../loopback-heroku.js'

const ADA = 'ada@example.com'

describe('a loopback Heroku', () => {
  let heroku: LoopbackHeroku

  /** A response's status and body. */
  const ask = async (call: string, init: {token?: string; basic?: string; code?: string; body?: object} = {}) => {
    const [method = '', path = ''] = call.split(' ')
    const headers: Record<string, string> = {}
    if (init.token !== undefined) headers.authorization = `Bearer ${init.token}`
    if (init.basic !== undefined) headers.authorization = `Basic ${Buffer.from(init.basic).toString('base64')}`
    if (init.code !== undefined) headers['Heroku-Two-Factor-Code'] = init.code
    const url = path.startsWith('/auth') ? heroku.env.HEROKU_LOGIN_HOST : heroku.url
    const body = init.body ? {body: JSON.stringify(init.body)} : {}
    const response = await fetch(`${url}${path}`, {method, headers, ...body})
    return {status: response.status, body: (await response.json()) as Record<string, unknown>}
  }
  const begin = async () => (await ask('POST /auth', {body: {}})).body as Record<string, string>
  const visit = async (path = '') => (await fetch(`${heroku.env.HEROKU_LOGIN_HOST}${path}`)).text()
  const unauthorized = {status: 401, body: {id: 'unauthorized', message: 'Invalid credentials provided.'}}

  beforeEach(async () => (heroku = await startHeroku()))
  afterEach(() => heroku.stop())

  it('accepts a token until it is revoked or expired', async () => {
    const {token} = heroku.issue()
    expect(token).to.match(/^HRKU-[\w-]{40,}$/u)
    expect((await ask('GET /account', {token})).body).to.include({email: ADA})
    heroku.revoke(token)
    expect(await ask('GET /account', {token})).to.deep.equal(unauthorized)
    const over = heroku.issue({expiresAt: Date.now() - 1}).token
    expect(await ask('GET /account', {token: over})).to.deep.equal(unauthorized)
    expect(await ask('GET /account')).to.deep.equal(unauthorized)
  })

  it('keeps a login waiting until the browser has visited the page', async () => {
    const {browser_url: page, cli_url: wait, token} = await begin()
    const waiting = ask(`GET ${wait ?? ''}`, token === undefined ? {} : {token})
    await visit(page)
    const {body} = await waiting
    expect(body).to.deep.equal({access_token: heroku.tokens[0]?.token})
    expect(heroku.tokens[0]).to.include({account: ADA, kind: 'session', revoked: false})
    expect(heroku.visits).to.equal(1)
  })

  it("answers a waiting login only with the login's own token", async () => {
    const {cli_url: wait = ''} = await begin()
    expect(await ask(`GET ${wait}`, {token: 'another'})).to.deep.equal(unauthorized)
  })

  it('fails a login on demand', async () => {
    heroku.browserLogin.serverErrors = 2
    heroku.browserLogin.answer = {error: 'denied'}
    const {browser_url: page, cli_url: wait = '', token = ''} = await begin()
    await visit(page)
    const answers = [
      await ask(`GET ${wait}`, {token}),
      await ask(`GET ${wait}`, {token}),
      await ask(`GET ${wait}`, {token}),
    ]
    expect(answers.map(({status}) => status)).to.deep.equal([503, 503, 200])
    expect(answers[2]?.body).to.deep.equal({error: 'denied'})
  })

  it('issues a token for a password, with a second factor if the account has one', async () => {
    const ask2 = (basic: string, code?: string) =>
      ask('POST /oauth/authorizations', {
        basic,
        ...(code === undefined ? {} : {code}),
        body: {description: 'CLI', expires_in: 60},
      })
    const right = `${ADA}:correct horse`
    expect(await ask2(`${ADA}:wrong`)).to.deep.equal(unauthorized)
    expect(await ask2(right)).to.nested.include({status: 201, 'body.access_token.expires_in': 60})

    Object.assign(heroku.accounts[0] ?? {}, {twoFactorCode: '123456'})
    expect(await ask2(right)).to.nested.include({status: 403, 'body.id': 'two_factor'})
    expect(await ask2(right, '000000')).to.nested.include({status: 403, 'body.id': 'two_factor'})
    expect(await ask2(right, '123456')).to.nested.include({status: 201, 'body.user.email': ADA})

    Object.assign(heroku.accounts[0] ?? {}, {deviceTrustRequired: true})
    expect(await ask2(right, '123456')).to.nested.include({status: 403, 'body.id': 'device_trust_required'})
    expect(heroku.tokens).to.have.length(2)
  })

  it('revokes sessions and authorizations, each at its own path', async () => {
    const session = heroku.issue({kind: 'session'}).token
    const {token, id} = heroku.issue()
    heroku.issue({account: 'somebody@else.example'})
    const list = (await ask('GET /oauth/authorizations', {token})).body as unknown as {id: string}[]
    expect(list.map((each) => each.id)).to.deep.equal([id])
    expect((await ask('DELETE /oauth/sessions/~', {token})).body).to.include({id: 'not_found', resource: 'session'})
    expect((await ask('DELETE /oauth/sessions/~', {token: session})).status).to.equal(200)
    expect((await ask('GET /oauth/authorizations/~', {token})).body).to.include({resource: 'authorization'})
    expect((await ask(`DELETE /oauth/authorizations/${id}`, {token})).status).to.equal(200)
    expect([heroku.revoked(session), heroku.revoked(token)]).to.deep.equal([true, true])
  })

  it('masks tokens on demand', async () => {
    heroku.redacted = true
    const {token} = heroku.issue({kind: 'default'})
    const {body} = await ask('GET /oauth/authorizations/~', {token})
    expect(body).to.nested.include({'access_token.token': `${token.slice(0, 9)}**********${token.slice(-4)}`})
  })

  it('fails on demand', async () => {
    const problem = (wait: Promise<unknown>) => wait.then(() => 'none', String)
    const {token} = heroku.issue()
    heroku.faults.set('GET /account', {status: 500, body: {id: 'oops'}})
    expect(await ask('GET /account', {token})).to.deep.equal({status: 500, body: {id: 'oops'}})
    heroku.faults.set('/apps', 'garbage').set('/oauth/authorizations', 'close').set('/account', 'hang')
    expect(await problem(ask('GET /apps', {token}))).to.match(/SyntaxError/u)
    expect(await problem(ask('GET /oauth/authorizations', {token}))).to.match(/terminated|closed/u)
    heroku.faults.delete('GET /account')
    const hanging = problem(ask('GET /account', {token}))
    await until(() => heroku.requestsTo('GET /account').length === 2)
    await heroku.stop()
    expect(await hanging).to.match(/fetch failed/u)
  })

  it('records every request', async () => {
    await ask('POST /oauth/authorizations?x=1', {basic: 'a:b:c', body: {scope: ['global']}})
    await ask('GET /nonsense', {token: heroku.issue().token})
    const [first, second] = heroku.requests
    expect(first).to.deep.include({
      at: 'api',
      method: 'POST',
      path: '/oauth/authorizations',
      query: 'x=1',
      authorization: {kind: 'basic', user: 'a', password: 'b:c'},
      body: '{"scope":["global"]}',
    })
    expect(second?.authorization).to.deep.equal({kind: 'bearer', token: heroku.tokens[0]?.token})
    expect(second?.rawHeaders).to.include(`Bearer ${heroku.tokens[0]?.token ?? ''}`)
    expect(heroku.unknown).to.deep.equal(['GET /nonsense'])
  })
})
