import {expect} from 'chai'
import {type Api, ApiError, openApi} from '../../src/heroku/api.js'
import {NetworkError, openHttp} from '../../src/heroku/http.js'
import {authorizationsOf, revoke} from '../../src/heroku/revoke.js'
import {UserError} from '../../src/user-error.js'
import {type LoopbackHeroku, startHeroku} from '../support/loopback-heroku.js'
import {thrownBy} from '../support/thrown-by.js'

const TEN = '*'.repeat(10)

describe('revoking a token', () => {
  let heroku: LoopbackHeroku
  const api: Api = (...call) => openApi(openHttp({}), heroku.url, 2000)(...call)
  const calls = () => heroku.requests.map(({method, path}) => `${method} ${path}`)

  beforeEach(async () => (heroku = await startHeroku()))
  afterEach(() => heroku.stop())

  for (const redacted of [false, true]) {
    describe(`where lists show ${redacted ? 'both ends of a token' : 'the whole token'}`, () => {
      beforeEach(() => {
        heroku.redacted = redacted
      })

      it('ends its authorization, and no other', async () => {
        const others = [heroku.issue(), heroku.issue({account: 'grace@example.com'}), heroku.issue({kind: 'session'})]
        const {token} = heroku.issue()
        expect(await revoke(api, token)).to.equal('revoked')
        expect(heroku.revoked(token)).to.equal(true)
        expect(others.map(({revoked}) => revoked)).to.deep.equal([false, false, false])
      })

      it('ends its session, and no authorization', async () => {
        const other = heroku.issue()
        const {token} = heroku.issue({kind: 'session'})
        expect(await revoke(api, token)).to.equal('revoked')
        expect([heroku.revoked(token), other.revoked]).to.deep.equal([true, false])
        expect(calls()).to.deep.equal(['GET /oauth/authorizations', 'DELETE /oauth/sessions/~'])
      })

      it("spares the account's API key, with nothing ended at all", async () => {
        const {token} = heroku.issue({kind: 'default'})
        expect(await revoke(api, token)).to.equal('is the API key')
        expect(heroku.revoked(token)).to.equal(false)
        expect(calls()).to.deep.equal(['GET /oauth/authorizations', 'GET /oauth/authorizations/~'])
      })

      it('ends another authorization of an account that has an API key', async () => {
        const key = heroku.issue({kind: 'default'})
        const {token} = heroku.issue()
        expect(await revoke(api, token)).to.equal('revoked')
        expect([heroku.revoked(token), key.revoked]).to.deep.equal([true, false])
      })
    })
  }

  it('has nothing to do for a token that is not valid', async () => {
    const {token} = heroku.issue()
    heroku.revoke(token)
    expect(await revoke(api, token)).to.equal('was invalid')
    expect(calls()).to.deep.equal(['GET /oauth/authorizations', 'GET /account'])
  })

  it('says so of a token whose session ended meanwhile', async () => {
    const {token} = heroku.issue({kind: 'session'})
    heroku.faults.set('DELETE /oauth/sessions/~', {status: 401}).set('GET /account', {status: 401})
    expect(await revoke(api, token)).to.equal('was invalid')
  })

  it('says so of a token that is valid, with neither a session nor an authorization', async () => {
    const {token} = heroku.issue({kind: 'session'})
    heroku.faults.set('DELETE /oauth/sessions/~', {status: 404, body: {id: 'not_found'}})
    expect(await revoke(api, token)).to.equal('cannot be revoked')
    expect(calls().at(-1)).to.equal('GET /account')
  })

  it('is done where authorization and session were ended by somebody else meanwhile', async () => {
    const {token, id} = heroku.issue()
    heroku.faults
      .set(`DELETE /oauth/authorizations/${id}`, {status: 404})
      .set('DELETE /oauth/sessions/~', {status: 401})
      .set('GET /oauth/authorizations/~', {status: 404})
      .set('GET /account', {status: 401})
    expect(await revoke(api, token)).to.equal('revoked')
  })

  for (const call of ['GET /oauth/authorizations', 'GET /oauth/authorizations/~', 'DELETE /oauth/sessions/~'])
    for (const status of [403, 429, 500])
      it(`fails where ${call} answers ${status}, since the token may still be valid`, async () => {
        const {token} = heroku.issue()
        heroku.faults.set(call, {status})
        const error = await thrownBy(revoke(api, token))
        expect(error).to.be.instanceOf(ApiError)
        expect(error).to.include({status})
        expect(error.message).not.to.include(token)
      })

  for (const answer of [{status: 401}, {status: 404}, {status: 200, body: {}}, 'garbage'] as const)
    it(`fails where an ending is answered with ${JSON.stringify(answer)}, and the token is valid all the same`, async () => {
      const {token, id} = heroku.issue()
      heroku.faults.set(`DELETE /oauth/authorizations/${id}`, answer)
      const error = await thrownBy(revoke(api, token))
      expect(error).to.be.instanceOf(UserError)
      expect(error.message).to.include('yet it is valid')
    })

  for (const status of [401, 404])
    it(`fails where the list is answered with ${status}, and the token is valid all the same`, async () => {
      const {token} = heroku.issue()
      heroku.faults.set('GET /oauth/authorizations', {status})
      expect((await thrownBy(revoke(api, token))).message).to.include('yet it is valid')
    })

  it('fails where the authorization cannot be ended, and leaves the session for another try', async () => {
    const {token, id} = heroku.issue()
    heroku.faults.set(`DELETE /oauth/authorizations/${id}`, {status: 500})
    expect(await thrownBy(revoke(api, token))).to.include({status: 500})
    expect(calls()).not.to.include('DELETE /oauth/sessions/~')
    heroku.faults.clear()
    expect(await revoke(api, token)).to.equal('revoked')
  })

  it('fails where Heroku cannot be reached', async () => {
    const {token} = heroku.issue()
    await heroku.stop()
    const error = await thrownBy(revoke(api, token))
    expect(error).to.be.instanceOf(NetworkError)
    expect(error.message).not.to.include(token)
  })

  it('takes the id of an authorization for one part of a path', async () => {
    const asked: string[] = []
    const scripted: Api = (method, path) => {
      asked.push(`${method} ${path}`)
      const list = [{id: '../../apps/mine?', access_token: {token: 'HRKU-1'}}]
      return Promise.resolve(path === '/oauth/authorizations' ? list : {id: 'x'})
    }
    expect(await revoke(scripted, 'HRKU-1')).to.equal('revoked')
    expect(asked).to.include('DELETE /oauth/authorizations/..%2F..%2Fapps%2Fmine%3F')
  })

  for (const path of ['GET /oauth/authorizations', 'GET /oauth/authorizations/~'])
    it(`does not take the page of somebody in between for the answer to ${path}`, async () => {
      const {token} = heroku.issue()
      heroku.faults.set(path, 'garbage')
      expect((await thrownBy(revoke(api, token))).message).to.equal(
        'the API answered with something else than was asked for',
      )
      expect(heroku.revoked(token)).to.equal(false)
    })
})

describe("a token's own authorizations", () => {
  const shown = async (token: string, ...tokens: unknown[]) => {
    const list = tokens.map((token) => ({access_token: {token}}))
    const own = await authorizationsOf(() => Promise.resolve(list), token)
    return own.map((each) => (each as (typeof list)[number]).access_token.token)
  }

  for (const redaction of [
    `HRKU-abc${TEN}wxyz`,
    `H${TEN}z`,
    `HRKU-abcdefghijklmnopqrstu${TEN}wxyz`,
    'HRKU-abcdefghijklmnopqrstuvwxyz',
  ])
    it(`are those shown as ${redaction}`, async () => {
      expect(await shown('HRKU-abcdefghijklmnopqrstuvwxyz', redaction)).to.deep.equal([redaction])
    })

  const foreign = [
    `HRKU-abd${TEN}wxyz`,
    `HRKU-abc${TEN}wxyy`,
    // Nothing is between the ends, or they overlap: it is a longer token that is shown.
    `HRKU-abcdefghijklmnopqrstuv${TEN}wxyz`,
    `HRKU-abcdefghijklmnopqrstuvw${TEN}xyz`,
    `HRKU-abcdefghijklmnopqrstuvwxyz${TEN}wxyz`,
    `HRKU-abcdefghijklmnopqrstuvwx${TEN}wxyz`,
    // One that shows no end, or none of its ends, could be anybody's.
    TEN,
    `${TEN}wxyz`,
    `HRKU-abc${TEN}`,
    `HRKU-abc${'*'.repeat(9)}wxyz`,
    'HRKU-abcdefghijklmnopqrstuvwxy',
    'hrku-abcdefghijklmnopqrstuvwxyz',
    '',
    undefined,
    null,
    7,
  ]
  for (const redaction of foreign)
    it(`are not those shown as ${String(redaction)}`, async () => {
      expect(await shown('HRKU-abcdefghijklmnopqrstuvwxyz', redaction)).to.deep.equal([])
    })

  for (const answer of [[], [null, 1, {}, {access_token: null}, {access_token: 'HRKU-1'}]])
    it(`are none in ${JSON.stringify(answer)}`, async () => {
      expect(await authorizationsOf(() => Promise.resolve(answer), 'HRKU-1')).to.deep.equal([])
    })

  for (const answer of [undefined, null, {}, 'x'])
    it(`are unknown by ${JSON.stringify(answer)}, which is no list`, async () => {
      expect((await thrownBy(authorizationsOf(() => Promise.resolve(answer), 'HRKU-1'))).message).to.equal(
        'the API answered with something else than was asked for',
      )
    })
})
