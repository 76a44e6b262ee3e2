import {expect} from 'chai'
import {type Api, ApiError, openApi} from '../../../src/heroku/api.js'
import {NetworkError, openHttp} from '../../../src/heroku/http.js'
import {InvalidToken, verifyToken} from '../../../src/heroku/verify.js'
import {type LoopbackHeroku, startHeroku} from '../../support/loopback-heroku.js'
import {thrownBy} from '../../support/thrown-by.js'
import {auditHere} from '../../support/trust.js'

describe('verifying a token', () => {
  let heroku: LoopbackHeroku
  const api: Api = (...call) => openApi(openHttp({}), heroku.url, 2000)(...call)

  beforeEach(async () => (heroku = await startHeroku()))
  afterEach(() => heroku.stop())

  it('returns its account', async () => {
    expect(await verifyToken(api, heroku.issue().token)).to.deep.equal({account: 'ada@example.com'})
    const session = heroku.issue({account: 'grace@example.com', kind: 'session'})
    expect(await verifyToken(api, session.token)).to.deep.equal({account: 'grace@example.com'})
  })

  for (const redacted of [false, true])
    it(`returns its expiry, from its own authorization, if lists are ${redacted ? '' : 'not '}redacted`, async () => {
      heroku.redacted = redacted
      heroku.issue({expiresAt: Date.now() + 1_000_000})
      const {token} = heroku.issue({expiresAt: Date.now() + 60_000})
      const {account, expiresAt = ''} = await verifyToken(api, token)
      expect(account).to.equal('ada@example.com')
      expect(Date.parse(expiresAt)).to.be.closeTo(Date.now() + 60_000, 2000)
    })

  it('has a hint for an expired token', async () => {
    const {token} = heroku.issue({expiresAt: Date.now() - 1})
    const error = await thrownBy(verifyToken(api, token))
    expect(error).to.be.instanceOf(InvalidToken)
    expect(error).to.include({message: 'the token is not valid any more', hint: 'heroku login'})
  })

  it('returns no expiry for a token that may not list authorizations', async () => {
    const {token} = heroku.issue({expiresAt: Date.now() + 60_000})
    heroku.faults.set('/oauth/authorizations', {status: 403, body: {id: 'forbidden'}})
    expect(await verifyToken(api, token)).to.deep.equal({account: 'ada@example.com'})
  })

  const gateway = auditHere('gateway/verify')
  for (const status of [401, 403, 404])
    for (const [what, fault] of [
      ['a page', {status, text: '<title>Sign in</title>'}],
      ['nothing', {status, text: ''}],
      ['JSON without an id', {status, body: {message: 'no'}}],
    ] as const)
      for (const path of ['/account', '/oauth/authorizations'])
        it(`reports it neither as invalid nor as valid for ${status} with ${what} to ${path}`, async () => {
          gateway.tried += 1
          gateway.lost += 1
          const {token} = heroku.issue()
          heroku.faults.set(path, fault)
          const error = await thrownBy(verifyToken(api, token))
          expect(error).to.be.instanceOf(ApiError)
          expect(error.message).to.equal(`${heroku.host} answered ${status}, and not as the Heroku API does`)
          gateway.lost -= 1
        })

  it('does not report it as invalid for a 404 of the API', async () => {
    heroku.faults.set('/account', {status: 404})
    expect(await thrownBy(verifyToken(api, heroku.issue().token))).to.be.instanceOf(ApiError)
  })

  it('returns the expiry of a token on a later page, and none for several matching ones', async () => {
    heroku.redacted = true
    heroku.pageSize = 1
    heroku.issue()
    const {token} = heroku.issue({token: 'HRKU-ABCD-ours-wxyz', expiresAt: Date.now() + 60_000})
    expect((await verifyToken(api, token)).expiresAt).to.be.a('string')
    heroku.issue({token: 'HRKU-ABCD-the-ci-key-wxyz', expiresAt: Date.now() + 1_000_000})
    expect(await verifyToken(api, token)).to.deep.equal({account: 'ada@example.com'})
  })

  it('does not report it as invalid for a server error or without a response', async () => {
    const {token} = heroku.issue()
    heroku.faults.set('/account', {status: 500})
    expect(await thrownBy(verifyToken(api, token))).to.be.instanceOf(ApiError)
    heroku.faults.set('/account', 'close')
    expect(await thrownBy(verifyToken(api, token))).to.be.instanceOf(NetworkError)
    heroku.faults.clear()
    heroku.faults.set('/oauth/authorizations', {status: 503})
    expect(await thrownBy(verifyToken(api, token))).to.include({status: 503})
  })
})
