import {expect} from 'chai'
import {hostname} from 'node:os'
import {openApi} from '../../../src/heroku/api.js'
import {browserLogin, type BrowserLogin} from '../../../src/heroku/browser-login.js'
import {type Answer, type Exchange, type Http, NetworkError, openHttp} from '../../../src/heroku/http.js'
import {UserError} from '../../../src/errors.js'
import {until} from '../../support/listen.js'
import {type LoopbackHeroku, startHeroku} from '../../support/loopback-heroku.js'
import {thrownBy} from '../../support/thrown-by.js'

const ADA = 'ada@example.com'

describe('logging in through the browser', () => {
  let heroku: LoopbackHeroku
  let visited: string[]
  let discarded: string[]
  const http = openHttp({})
  const login = ({signal = new AbortController().signal, ...more}: Partial<BrowserLogin> = {}) =>
    browserLogin({
      http,
      api: openApi(http, heroku.url, 2000),
      loginUrl: heroku.env.HEROKU_LOGIN_HOST,
      signal,
      issuing: {signal},
      discard(token) {
        discarded.push(token)
        return Promise.resolve()
      },
      async visit(url) {
        visited.push(url)
        await fetch(url)
      },
      ...more,
    })
  const atLogin = () => heroku.requests.filter(({at}) => at === 'login').map(({method, path}) => `${method} ${path}`)
  const waits = () => heroku.requests.filter(({path}) => path.startsWith('/auth/cli/'))

  beforeEach(async () => {
    visited = []
    discarded = []
    heroku = await startHeroku()
  })
  afterEach(() => heroku.stop())

  it("returns the token and account, and sends this machine's name", async () => {
    Object.assign(heroku.browserLogin, {account: 'grace@example.com'})
    expect(await login()).to.deep.equal({account: 'grace@example.com', token: heroku.tokens[0]?.token})
    expect(JSON.parse(heroku.requests[0]?.body ?? '')).to.deep.equal({
      description: `Heroku CLI login from ${hostname()}`,
    })
    expect(visited).to.have.length(1)
    expect(visited[0]).to.match(new RegExp(`^${heroku.env.HEROKU_LOGIN_HOST}/auth/browser/[\\w-]+$`, 'u'))
  })

  it('waits for the browser, after opening it', async () => {
    let go = () => {
      // `visit` sets it.
    }
    const done = login({
      visit(url) {
        go = () => void fetch(url)
        return Promise.resolve()
      },
    })
    await until(() => waits().length === 1)
    expect(heroku.tokens).to.deep.equal([])
    go()
    expect((await done).account).to.equal(ADA)
  })

  it("authenticates with this login's token, and with the new token at the API", async () => {
    const {token} = await login()
    const [wait] = waits()
    expect(wait?.authorization.kind).to.equal('bearer')
    expect(wait?.rawHeaders.join()).not.to.include(token)
    expect(heroku.requestsTo('GET /account').map(({authorization}) => authorization)).to.deep.equal([
      {kind: 'bearer', token},
    ])
  })

  it('revokes a token whose account is unknown', async () => {
    heroku.faults.set('GET /account', 'garbage')
    await thrownBy(login())
    expect(discarded)
      .to.deep.equal(heroku.tokens.map(({token}) => token))
      .and.to.have.length(1)
  })

  it('retries three times on server errors', async () => {
    heroku.browserLogin.serverErrors = 3
    expect((await login()).account).to.equal(ADA)
    expect(waits()).to.have.length(4)
  })

  it('then fails, and names the status', async () => {
    heroku.browserLogin.serverErrors = 4
    expect(await thrownBy(login())).to.include({
      message: 'the login host answered 503, and not with a token',
      hint: 'try again: heroku login',
    })
    expect(waits()).to.have.length(4)
  })

  it('retries after a lost connection, as after a laptop slept', async () => {
    const cut = new NetworkError('cut')
    let cuts = 3
    const flaky: Http = (url, exchange) =>
      url.includes('/auth/cli/') && cuts-- > 0 ? Promise.reject(cut) : http(url, exchange)
    expect((await login({http: flaky})).account).to.equal(ADA)
    cuts = 4
    expect(await thrownBy(login({http: flaky}))).to.equal(cut)
  })

  it("reports the login host's error", async () => {
    heroku.browserLogin.answer = {error: 'access_denied\u001B[2J'}
    const error = await thrownBy(login())
    expect(error).to.be.instanceOf(UserError)
    expect(error).to.include({message: 'login was refused: access_denied\uFFFD[2J', hint: 'heroku login'})
  })

  it('times out if the user does not log in', async () => {
    heroku.browserLogin.answer = 'never'
    const began = performance.now()
    const error = await thrownBy(login({limitMs: 300}))
    expect(error).to.be.instanceOf(UserError)
    expect(error).to.include({message: 'nobody logged in in the browser in time', hint: 'try again: heroku login'})
    expect(performance.now() - began).to.be.within(280, 3000)
  })

  it('has a time limit of ten minutes for the user', async () => {
    const times: number[] = []
    const noting: Http = (url, exchange: Exchange) => {
      times.push(exchange.timeoutMs)
      return http(url, exchange)
    }
    await login({http: noting})
    expect(times[1]).to.be.within(10 * 60_000 - 5000, 10 * 60_000)
  })

  it('ends at once when it is cancelled', async () => {
    heroku.browserLogin.answer = 'never'
    const controller = new AbortController()
    const done = thrownBy(login({signal: controller.signal}))
    await until(() => waits().length === 1)
    controller.abort()
    expect((await done).name).to.equal('AbortError')
    expect(waits()).to.have.length(1)
  })

  it('revokes a token that arrives just after the login was cancelled', async () => {
    const [cancelled, never] = [new AbortController(), new AbortController()]
    const visit = (url: string) => {
      cancelled.abort()
      return fetch(url).then(() => undefined)
    }
    const error = await thrownBy(
      login({signal: cancelled.signal, issuing: never, visit, api: openApi(http, heroku.url, 2000, cancelled.signal)}),
    )
    expect(error.name).to.equal('AbortError')
    expect(discarded)
      .to.deep.equal(heroku.tokens.map(({token}) => token))
      .and.to.have.length(1)
  })

  for (const [what, fault, said] of [
    ['is down', {status: 503}, 'the login host answered 503, and not with a login'],
    ['answers with a page', 'garbage', 'the login host answered 200, and not with a login'],
    ['redirects', {status: 302, body: {}}, 'the login host answered 302, and not with a login'],
    [
      'leaves out the token',
      {status: 201, body: {browser_url: '/a', cli_url: '/b'}},
      'the login host answered 201, and not with a login',
    ],
  ] as const)
    it(`opens no browser if the login host ${what}`, async () => {
      heroku.faults.set('/auth', fault)
      const error = await thrownBy(login())
      expect(error).to.be.instanceOf(UserError)
      expect(error).to.include({message: said, hint: 'try again, or: heroku login -i'})
      expect(visited).to.deep.equal([])
    })

  it('fails if the login host cannot be reached', async () => {
    await heroku.stop()
    expect(await thrownBy(login())).to.be.instanceOf(NetworkError)
  })

  describe('with a login host that returns', () => {
    const naming = (browser_url: unknown, cli_url: unknown) => {
      const sent: string[] = []
      const scripted: Http = (url) => {
        sent.push(url)
        return Promise.resolve<Answer>({status: 201, body: {browser_url, cli_url, token: 'T'}})
      }
      const visit = (url: string) => Promise.resolve(void visited.push(url))
      return {sent, done: thrownBy(login({http: scripted, visit, loginUrl: 'https://cli-auth.heroku.com'}))}
    }

    for (const path of [
      '@evil.com/x',
      '.evil.com/x',
      ':8443/x',
      'https://evil.com',
      ':pw@evil.com/',
      ':99999/',
      'evil',
    ])
      it(`${path}, opens no page and sends no token there`, async () => {
        const page = naming(path, '/cli')
        const error = await page.done
        expect(error).to.be.instanceOf(UserError)
        expect(error.message).to.equal('the login host named a page on another host')
        expect(visited).to.deep.equal([])

        visited = []
        const {done, sent} = naming('/auth/browser/1', path)
        // The page itself is allowed, so it is shown; the token is sent nowhere.
        expect((await done).message).to.equal('the login host named a page on another host')
        expect(sent).to.deep.equal(['https://cli-auth.heroku.com/auth'])
      })
  })

  it('fails if the issued token is invalid', async () => {
    const scripted: Http = async (url, exchange) =>
      url.includes('/auth/cli/') ? {status: 200, body: {access_token: 'HRKU-canary'}} : http(url, exchange)
    const error = await thrownBy(login({http: scripted}))
    expect(error).to.include({status: 401})
    expect(error.message).not.to.include('HRKU-canary')
    expect(atLogin()).to.include('POST /auth')
  })
})
