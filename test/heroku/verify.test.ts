import {expect} from 'chai'
import {type Api, ApiError, openApi} from '../../src/heroku/api.js'
import {NetworkError, openHttp} from '../../src/heroku/http.js'
import {InvalidToken, verifyToken} from '../../src/heroku/verify.js'
import {type LoopbackHeroku, startHeroku} from '../support/loopback-heroku.js'
import {thrownBy} from '../support/thrown-by.js'

describe('verifying a token', () => {
  let heroku: LoopbackHeroku
  const api: Api = (...call) => openApi(openHttp({}), heroku.url, 2000)(...call)

  beforeEach(async () => (heroku = await startHeroku()))
  afterEach(() => heroku.stop())

  it('tells whose it is', async () => {
    expect(await verifyToken(api, heroku.issue().token)).to.deep.equal({account: 'ada@example.com'})
    const session = heroku.issue({account: 'grace@example.com', kind: 'session'})
    expect(await verifyToken(api, session.token)).to.deep.equal({account: 'grace@example.com'})
  })

  for (const redacted of [false, true])
    it(`tells until when, by its own authorization, where lists are ${redacted ? '' : 'not '}redacted`, async () => {
      heroku.redacted = redacted
      heroku.issue({expiresAt: Date.now() + 1_000_000})
      const {token} = heroku.issue({expiresAt: Date.now() + 60_000})
      const {account, expiresAt = ''} = await verifyToken(api, token)
      expect(account).to.equal('ada@example.com')
      expect(Date.parse(expiresAt)).to.be.closeTo(Date.now() + 60_000, 2000)
    })

  it('says what to do about one that is not valid any more', async () => {
    const {token} = heroku.issue({expiresAt: Date.now() - 1})
    const error = await thrownBy(verifyToken(api, token))
    expect(error).to.be.instanceOf(InvalidToken)
    expect(error).to.include({message: 'the token is not valid any more', hint: 'heroku login'})
  })

  it('calls one valid that may not list authorizations, with no expiry', async () => {
    const {token} = heroku.issue({expiresAt: Date.now() + 60_000})
    heroku.faults.set('/oauth/authorizations', {status: 403, body: {id: 'forbidden'}})
    expect(await verifyToken(api, token)).to.deep.equal({account: 'ada@example.com'})
  })

  it('calls none invalid for an error of the server, or none at all', async () => {
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
