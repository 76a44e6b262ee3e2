import {expect} from 'chai'
import {ApiError, openApi} from '../../../src/heroku/api.js'
import {openHttp} from '../../../src/heroku/http.js'
import {login, type Login, type Method} from '../../../src/heroku/login.js'
import {UserError} from '../../../src/errors.js'
import {until} from '../../support/listen.js'
import {type LoopbackHeroku, startHeroku} from '../../support/loopback-heroku.js'
import {thrownBy} from '../../support/thrown-by.js'

const ADA = 'ada@example.com'

describe('logging in', () => {
  let heroku: LoopbackHeroku
  let asked: string[]

  const by = (method: Method, answers: string[] = [], more: Partial<Login> = {}) => {
    const http = openHttp({})
    const {signal} = new AbortController()
    const api = openApi(http, heroku.url, 2000)
    return login(method, {
      http,
      api,
      issuing: {api, signal},
      onDoubt: () => asked.push('a token may have been issued'),
      loginUrl: heroku.env.HEROKU_LOGIN_HOST,
      env: {},
      ask(question, {default: known} = {}) {
        asked.push(known === undefined ? question : `${question} (${known})`)
        return Promise.resolve(answers.shift() ?? '')
      },
      visit: async (url) => {
        if (url.startsWith(heroku.env.HEROKU_LOGIN_HOST)) await fetch(url)
      },
      discard: () => Promise.reject(new Error('unexpected call of discard')),
      readStdin: () => Promise.reject(new Error('unexpected read of stdin')),
      signal,
      ...more,
    })
  }
  const withToken = (text: string) => by('with-token', [], {readStdin: () => Promise.resolve(text)})

  beforeEach(async () => {
    asked = []
    heroku = await startHeroku()
  })
  afterEach(() => heroku.stop())

  it('uses the browser if that was chosen, and asks nothing', async () => {
    expect(await by('browser')).to.deep.equal({account: ADA, token: heroku.tokens[0]?.token})
    expect([heroku.visits, asked]).to.deep.equal([1, []])
  })

  it('uses a password if that was chosen, with the known account and the given life', async () => {
    const {account, expiresAt = ''} = await by('interactive', [ADA, 'correct horse'], {known: ADA, seconds: 60})
    expect(account).to.equal(ADA)
    expect(Date.parse(expiresAt)).to.be.closeTo(Date.now() + 60_000, 5000)
    expect(asked).to.deep.equal([`Email: (${ADA})`, 'Password:'])
  })

  it('reports that a token may have been issued only if the request was cancelled', async () => {
    const controller = new AbortController()
    const issuing = {api: openApi(openHttp({}), heroku.url, 2000, controller.signal), signal: controller.signal}
    await thrownBy(by('interactive', [ADA, 'wrong'], {issuing}))
    expect(asked).not.to.include('a token may have been issued')
    heroku.faults.set('/oauth/authorizations', 'hang')
    const done = thrownBy(by('interactive', [ADA, 'correct horse'], {issuing}))
    await until(() => heroku.requestsTo('POST /oauth/authorizations').length === 2)
    controller.abort()
    expect((await done).name).to.equal('AbortError')
    expect(asked.at(-1)).to.equal('a token may have been issued')
  })

  it("uses an organization's page if that was chosen", async () => {
    const {token} = heroku.issue()
    expect(await by('sso', ['acme', token])).to.deep.equal({account: ADA, token})
    expect(asked).to.deep.equal(['Organization name:', 'Access token:'])
  })

  for (const [what, piped] of [
    ['alone', (token: string) => token],
    ['on a line', (token: string) => `${token}\n`],
    ['on a line of Windows, with spaces', (token: string) => `  ${token} \r\n`],
  ] as const)
    it(`reads the token from stdin if that was chosen, ${what}`, async () => {
      const {token} = heroku.issue()
      expect(await withToken(piped(token))).to.deep.equal({account: ADA, token})
      expect(asked).to.deep.equal([])
    })

  for (const fault of [
    {status: 401, text: '<title>Sign in</title>'},
    {status: 401, body: {error: 'proxy'}},
  ])
    it(`does not report it as invalid for ${JSON.stringify(fault)}`, async () => {
      heroku.faults.set('/account', fault)
      const error = await thrownBy(withToken(heroku.issue().token))
      expect(error).to.be.instanceOf(ApiError)
      expect(error.message).to.include('not as the Heroku API does')
    })

  for (const nothing of ['', '\n', ' \r\n\t'])
    it(`needs a token on stdin: ${JSON.stringify(nothing)} is none`, async () => {
      const error = await thrownBy(withToken(nothing))
      expect(error).to.be.instanceOf(UserError)
      expect(error).to.include({message: 'there is no token on stdin', hint: 'heroku login --with-token < token.txt'})
      expect(heroku.requests).to.deep.equal([])
    })

  for (const [what, stray] of [
    ['a space', ' '],
    ['a line break', '\n'],
    ['a control character', '\u0007'],
    ['a NUL byte', '\0'],
    ['a letter that is not ASCII', '\u00E9'],
    ['a byte that is not UTF-8', '\uFFFD'],
    ['a zero-width space', '\u200B'],
  ] as const)
    it(`sends no token with ${what} in it, and does not show it`, async () => {
      const error = await thrownBy(withToken(`HRKU-can${stray}ary`))
      expect(error).to.be.instanceOf(UserError)
      expect(error.message).to.match(/^the text on stdin is not a token: /u)
      expect(`${error.message} ${String(error.hint)}`).not.to.match(/HRKU|ary/u)
      expect(heroku.requests).to.deep.equal([])
    })

  it('rejects an invalid token', async () => {
    const error = await thrownBy(withToken('HRKU-canary'))
    expect(error).to.be.instanceOf(UserError).and.not.instanceOf(ApiError)
    expect(error).to.include({
      message: 'the token on stdin is not valid',
      hint: 'make a new one: heroku authorizations:create',
    })
  })

  it('reports no token as invalid for a server error', async () => {
    heroku.faults.set('/account', {status: 503})
    expect(await thrownBy(withToken(heroku.issue().token))).to.include({status: 503})
  })
})
