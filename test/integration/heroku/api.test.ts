import {expect} from 'chai'
import {inspect} from 'node:util'
import {accountOf, ApiError, expiresIn, openApi} from '../../../src/heroku/api.js'
import {type Answer, type Exchange, type Http, NetworkError, openHttp} from '../../../src/heroku/http.js'
import {UserError} from '../../../src/errors.js'
import {type LoopbackHeroku, startHeroku} from '../../support/loopback-heroku.js'
import {thrownBy} from '../../support/thrown-by.js'

const TOKEN = 'HRKU-canary'

describe('the Platform API', () => {
  let heroku: LoopbackHeroku
  const open = (timeoutMs?: number) => openApi(openHttp({}), heroku.url, timeoutMs)

  beforeEach(async () => (heroku = await startHeroku()))
  afterEach(() => heroku.stop())

  it('gets version 3 and the bearer token, and returns the JSON', async () => {
    const {token} = heroku.issue()
    expect(await open()('GET', '/apps', {bearer: token})).to.deep.equal([])
    const [{headers, ...request} = {headers: {}}] = heroku.requests
    expect(request).to.deep.include({method: 'GET', path: '/apps', authorization: {kind: 'bearer', token}, body: ''})
    expect(headers.accept).to.equal('application/vnd.heroku+json; version=3')
  })

  it('gets e-mail and password as basic authentication, exactly', async () => {
    Object.assign(heroku.accounts[0] ?? {}, {password: 'correct: hörse'})
    const authorization = {email: 'ada@example.com', password: 'correct: hörse'}
    await open()('POST', '/oauth/authorizations', authorization, {scope: ['global']})
    expect(heroku.requests[0]).to.deep.include({
      authorization: {kind: 'basic', user: 'ada@example.com', password: 'correct: hörse'},
      body: '{"scope":["global"]}',
    })
    expect(heroku.requests[0]?.headers).not.to.have.property('heroku-two-factor-code')
  })

  it('gets a two-factor code in its own header', async () => {
    Object.assign(heroku.accounts[0] ?? {}, {twoFactorCode: '123456'})
    const authorization = {email: 'ada@example.com', password: 'correct horse', code: '123456'}
    await open()('POST', '/oauth/authorizations', authorization, {})
    expect(heroku.requests[0]?.headers).to.include({'heroku-two-factor-code': '123456'})
  })

  it("fails with its status, the error's id, and its message", async () => {
    const error = await thrownBy(open()('GET', '/account', {bearer: TOKEN}))
    expect(error).to.be.instanceOf(ApiError)
    expect(error).to.include({
      status: 401,
      id: 'unauthorized',
      message: `${heroku.host} answered 401: Invalid credentials provided.`,
    })
  })

  const odd = {
    'no body': undefined,
    'a list': [1],
    'an id and a message of other types': {id: 5, message: {a: 1}},
    'empty ones': {id: '', message: ''},
    'a message alone': {message: 'Sign in first.'},
  } as const
  for (const [what, body] of Object.entries(odd))
    it(`did not send ${what}: every error of the API has an id`, async () => {
      const http: Http = () => Promise.resolve({status: 500, body})
      const error = await thrownBy(openApi(http, 'https://api.heroku.com')('GET', '/account', {bearer: TOKEN}))
      expect(error).to.include({
        status: 500,
        id: undefined,
        message: 'api.heroku.com answered 500, and not as the Heroku API does',
      })
    })

  it('gives no reason with only an id', async () => {
    const http: Http = () => Promise.resolve({status: 500, body: {id: 'oops'}})
    const error = await thrownBy(openApi(http, 'https://api.heroku.com')('GET', '/account', {bearer: TOKEN}))
    expect(error).to.include({status: 500, id: 'oops', message: 'api.heroku.com answered 500: no reason given'})
  })

  describe('with a list in ranges', () => {
    const asked: (string | undefined)[] = []
    const listing = (...answers: Answer[]) => {
      asked.length = 0
      const http: Http = (_, {headers}) => {
        asked.push(headers?.range)
        return Promise.resolve(answers.shift() ?? {status: 206, body: ['more'], nextRange: 'id ]z..'})
      }
      return openApi(http, 'https://a.b')('GET', '/things', {bearer: TOKEN})
    }
    const page = (body: unknown, nextRange?: string): Answer => ({
      status: nextRange === undefined ? 200 : 206,
      body,
      ...(nextRange === undefined ? {} : {nextRange}),
    })

    it('gets a request for each range, and returns one list', async () => {
      expect(await listing(page([1, 2], 'id ]2..; max=2'), page([3], 'id ]3..'), page([4]))).to.deep.equal([1, 2, 3, 4])
      expect(asked).to.deep.equal([undefined, 'id ]2..; max=2', 'id ]3..'])
    })

    for (const [what, rest] of [
      ['does not name the next range', [{status: 206, body: [1]}]],
      ['answers with something else than a list', [page([1], 'id ]1..'), page({id: 'x'})]],
      ['never ends', []],
    ] as const)
      it(`fails if it ${what}`, async () => {
        expect((await thrownBy(listing(...rest))).message).to.equal('unexpected response from the Heroku API')
        expect(asked).to.have.length.below(101)
      })
  })

  it('cannot move the cursor with its message', async () => {
    heroku.faults.set('/account', {status: 400, body: {id: 'bad', message: 'no\u001B[2J\nError: fake'}})
    const {message} = await thrownBy(open()('GET', '/account', {bearer: TOKEN}))
    expect(message).to.equal(`${heroku.host} answered 400: no\uFFFD[2J\uFFFDError: fake`)
  })

  for (const status of [199, 301, 302, 304, 400, 403, 404, 422, 429, 500, 503])
    it(`fails with status ${status}`, async () => {
      const http: Http = () => Promise.resolve({status, body: {email: 'ada@example.com'}})
      expect(await thrownBy(openApi(http, 'https://a.b')('GET', '/account', {bearer: TOKEN}))).to.include({status})
    })

  for (const status of [200, 201, 202, 206, 299])
    it(`succeeds with status ${status}`, async () => {
      const http: Http = () => Promise.resolve({status, body: {a: 1}})
      expect(await openApi(http, 'https://a.b')('GET', '/', {bearer: TOKEN})).to.deep.equal({a: 1})
    })

  it('has a timeout of half a minute for each request, or the given one', async () => {
    const times: number[] = []
    const http: Http = (_, {timeoutMs}: Exchange) => {
      times.push(timeoutMs)
      return Promise.resolve({status: 200, body: {}})
    }
    await openApi(http, 'https://a.b')('GET', '/', {bearer: TOKEN})
    await openApi(http, 'https://a.b', 7)('GET', '/', {bearer: TOKEN})
    expect(times).to.deep.equal([30_000, 7])
    heroku.faults.set('/account', 'hang')
    const error = await thrownBy(open(100)('GET', '/account', {bearer: TOKEN}))
    expect(error).to.be.instanceOf(NetworkError)
    expect(error.message).to.equal(`${heroku.host} did not answer within 0.1 s`)
  })

  for (const fault of ['close', 'hang', {status: 500}, {status: 302}] as const)
    it(`keeps the token out of the error if it answers ${JSON.stringify(fault)}`, async () => {
      heroku.faults.set('/account', fault)
      const error = await thrownBy(open(200)('GET', '/account', {bearer: TOKEN}))
      expect(
        [error.message, error.stack, error.hint, String(error.cause), JSON.stringify(error)].join(),
      ).not.to.include(TOKEN)
    })
})

describe("a token's account", () => {
  it('is the one that the API returns', async () => {
    expect(await accountOf(() => Promise.resolve({email: 'ada@example.com'}), TOKEN)).to.equal('ada@example.com')
  })

  for (const body of [undefined, null, {}, [], {email: ''}, {email: 7}, 'ada@example.com'])
    it(`is unknown with ${JSON.stringify(body)}`, async () => {
      const error = await thrownBy(accountOf(() => Promise.resolve(body), TOKEN))
      expect(error).to.be.instanceOf(UserError)
      expect(error.message).to.equal('the API did not say whose token this is')
    })
})

describe('the expiry of a token', () => {
  it('is now plus its seconds', () => {
    const before = Date.now()
    const end = Date.parse(expiresIn(60).expiresAt ?? '')
    expect(end).to.be.within(before + 60_000, Date.now() + 60_000)
  })

  for (const value of [null, undefined, 0, -1, NaN, Infinity, '60', {}, 1e16, 1e300])
    it(`is unknown with ${inspect(value)}`, () => {
      expect(expiresIn(value)).to.deep.equal({})
    })
})
