import {expect} from 'chai'
import {type Api, openApi} from '../../../src/heroku/api.js'
import {openHttp} from '../../../src/heroku/http.js'
import {ssoLogin} from '../../../src/heroku/sso-login.js'
import {UserError} from '../../../src/errors.js'
import {type LoopbackHeroku, startHeroku} from '../../support/loopback-heroku.js'
import {thrownBy} from '../../support/thrown-by.js'

describe('logging in through the page of an organization', () => {
  let heroku: LoopbackHeroku
  let happened: unknown[]
  let cancelled: boolean
  const api: Api = (...call) => openApi(openHttp({}), heroku.url, 2000)(...call)
  const login = (env: NodeJS.ProcessEnv, ...answers: string[]) =>
    ssoLogin({
      api: cancelled ? openApi(openHttp({}), heroku.url, 2000, AbortSignal.abort()) : api,
      env,
      discard(token) {
        happened.push(`revoked ${token}`)
        return Promise.resolve()
      },
      ask(question, options) {
        happened.push([question, options])
        return Promise.resolve(answers.shift() ?? '')
      },
      visit(url) {
        happened.push(url)
        return Promise.resolve()
      },
    })
  const PASTE = ['Access token:', {secret: true}]

  beforeEach(async () => {
    happened = []
    cancelled = false
    heroku = await startHeroku()
  })
  afterEach(() => heroku.stop())

  it('asks for the organization, opens its page, and uses the pasted token', async () => {
    const {token} = heroku.issue()
    expect(await login({}, 'acme', token)).to.deep.equal({account: 'ada@example.com', token})
    expect(happened).to.deep.equal([
      ['Organization name:', {}],
      'https://sso.heroku.com/saml/acme/init?cli=true',
      PASTE,
    ])
  })

  it('offers HEROKU_ORGANIZATION, and encodes the answer as one path segment', async () => {
    await login({HEROKU_ORGANIZATION: 'acme'}, '../a b?x#', heroku.issue().token)
    expect(happened.slice(0, 2)).to.deep.equal([
      ['Organization name:', {default: 'acme'}],
      'https://sso.heroku.com/saml/..%2Fa%20b%3Fx%23/init?cli=true',
    ])
  })

  it('opens SSO_URL, and asks for no organization', async () => {
    await login({SSO_URL: 'https://sso.example.com/x?y=1', HEROKU_ORGANIZATION: 'acme'}, heroku.issue().token)
    expect(happened).to.deep.equal(['https://sso.example.com/x?y=1', PASTE])
  })

  for (const url of ['file:///etc/passwd', 'javascript:alert(1)', 'sso.example.com', 'https://', '-x'])
    it(`opens no browser for SSO_URL=${url}`, async () => {
      const error = await thrownBy(login({SSO_URL: url}, 'x'))
      expect(error).to.be.instanceOf(UserError)
      expect(error.message).to.equal('SSO_URL is not an http(s) URL')
      expect(happened).to.deep.equal([])
    })

  it('needs an organization, and a token', async () => {
    expect(await thrownBy(login({}, ''))).to.include({message: 'no organization was given', hint: 'heroku login --sso'})
    expect(await thrownBy(login({}, 'acme', ''))).to.include({message: 'no access token was given'})
    expect(heroku.requests).to.deep.equal([])
  })

  it('revokes the token if the login was cancelled', async () => {
    cancelled = true
    expect((await thrownBy(login({}, 'acme', 'HRKU-canary'))).name).to.equal('AbortError')
    expect(happened.at(-1)).to.equal('revoked HRKU-canary')
  })

  it('fails with a token that the API rejects', async () => {
    expect(await thrownBy(login({}, 'acme', 'HRKU-canary'))).to.include({
      status: 401,
      message: `${heroku.host} answered 401: Invalid credentials provided.`,
    })
  })
})
