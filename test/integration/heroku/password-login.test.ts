import {expect} from 'chai'
import {hostname} from 'node:os'
import {type Api, ApiError, openApi} from '../../../src/heroku/api.js'
import {openHttp} from '../../../src/heroku/http.js'
import {type Ask, passwordLogin, THIRTY_DAYS} from '../../../src/heroku/password-login.js'
import {UserError} from '../../../src/errors.js'
import {type LoopbackHeroku, startHeroku} from '../../support/loopback-heroku.js'
import {thrownBy} from '../../support/thrown-by.js'

const ADA = 'ada@example.com'
const PASSWORD = 'correct horse'

describe('logging in with e-mail and password', () => {
  let heroku: LoopbackHeroku
  let questions: [string, object | undefined][]
  const api: Api = (...call) => openApi(openHttp({}), heroku.url, 2000)(...call)
  const answering =
    (...answers: string[]): Ask =>
    (question, options) => {
      questions.push([question, options])
      const answer = answers.shift()
      return answer === undefined ? Promise.reject(new Error(`unexpected: ${question}`)) : Promise.resolve(answer)
    }
  const EMAIL = ['Email:', {}]
  const SECRET = ['Password:', {secret: true}]
  const CODE = ['Two-factor code:', {secret: true}]

  beforeEach(async () => {
    questions = []
    heroku = await startHeroku()
  })
  afterEach(() => heroku.stop())

  it("returns a token of thirty days, and sends this machine's name", async () => {
    const {account, token, expiresAt = ''} = await passwordLogin(api, answering(ADA, PASSWORD))
    expect({account, token}).to.deep.equal({account: ADA, token: heroku.tokens[0]?.token})
    expect(Date.parse(expiresAt)).to.be.closeTo(Date.now() + THIRTY_DAYS * 1000, 5000)
    expect(questions).to.deep.equal([EMAIL, SECRET])
    expect(JSON.parse(heroku.requests[0]?.body ?? '')).to.deep.equal({
      description: `Heroku CLI login from ${hostname()}`,
      expires_in: 2_592_000,
      scope: ['global'],
    })
  })

  it('returns a token with the given life, and offers the known account', async () => {
    const {expiresAt = ''} = await passwordLogin(api, answering(ADA, PASSWORD), ADA, 60)
    expect(Date.parse(expiresAt)).to.be.closeTo(Date.now() + 60_000, 5000)
    expect(questions).to.deep.equal([['Email:', {default: ADA}], SECRET])
  })

  it('returns the account from the API', async () => {
    const scripted: Api = () => Promise.resolve({user: {email: ADA}, access_token: {token: 'HRKU-1', expires_in: null}})
    expect(await passwordLogin(scripted, answering('ADA@EXAMPLE.COM', 'x'))).to.deep.equal({
      account: ADA,
      token: 'HRKU-1',
    })
  })

  it('asks for a code once if the API requires it', async () => {
    Object.assign(heroku.accounts[0] ?? {}, {twoFactorCode: '123456'})
    const {token} = await passwordLogin(api, answering(ADA, PASSWORD, '123456'))
    expect(token).to.equal(heroku.tokens[0]?.token)
    expect(questions).to.deep.equal([EMAIL, SECRET, CODE])
    expect(heroku.requests.map(({headers}) => headers['heroku-two-factor-code'])).to.deep.equal([undefined, '123456'])
  })

  it("fails with a wrong code or password, with the API's message", async () => {
    Object.assign(heroku.accounts[0] ?? {}, {twoFactorCode: '123456'})
    const wrongCode = await thrownBy(passwordLogin(api, answering(ADA, PASSWORD, '000000')))
    expect(wrongCode).to.be.instanceOf(ApiError)
    expect(wrongCode).to.include({id: 'two_factor'})
    const wrong = await thrownBy(passwordLogin(api, answering(ADA, 'hunter2')))
    expect(wrong).to.include({status: 401, message: `${heroku.host} answered 401: Invalid credentials provided.`})
    expect(`${wrong.stack ?? ''}${JSON.stringify(wrong)}`).not.to.include('hunter2')
    expect(heroku.tokens).to.deep.equal([])
  })

  it('has a hint if a password is not enough', async () => {
    Object.assign(heroku.accounts[0] ?? {}, {deviceTrustRequired: true})
    const error = await thrownBy(passwordLogin(api, answering(ADA, PASSWORD)))
    expect(error).to.be.instanceOf(UserError).and.not.instanceOf(ApiError)
    expect(error).to.include({
      message: 'a password is not enough for this account',
      hint: 'enable two-factor authentication, or: heroku login',
    })
  })

  for (const id of ['mfa_required', 'sso_required', 'password_expired', 'forbidden', undefined])
    it(`suggests the browser login if the API answers 403 with ${id ?? 'no id'}, before or after the code`, async () => {
      const refusal = new ApiError(403, id, 'api.heroku.com answered 403: This account requires more.')
      const code = new ApiError(403, 'two_factor', 'api.heroku.com answered 403: A second factor is required.')
      for (const answers of [[refusal], [code, refusal]]) {
        const scripted: Api = () => Promise.reject(answers.shift() ?? new Error('one request too many'))
        const error = await thrownBy(passwordLogin(scripted, answering(ADA, PASSWORD, '123456')))
        expect(error).to.be.instanceOf(ApiError)
        expect(error).to.include({
          status: 403,
          id,
          message: refusal.message,
          hint: 'log in with a browser: heroku login',
        })
      }
    })

  it('sends nothing if the user cancels', async () => {
    expect(await thrownBy(passwordLogin(api, answering(ADA)))).to.include({message: 'unexpected: Password:'})
    expect(heroku.requests).to.deep.equal([])
  })

  for (const body of [
    undefined,
    {},
    {user: {email: ADA}},
    {access_token: {token: 'HRKU-1'}},
    {user: {email: ADA}, access_token: {token: ''}},
  ])
    it(`fails if the API answers ${JSON.stringify(body)}`, async () => {
      const error = await thrownBy(passwordLogin(() => Promise.resolve(body), answering(ADA, PASSWORD)))
      expect(error).to.be.instanceOf(UserError)
      expect(error.message).to.equal('the API accepted the login but sent no token')
    })
})
