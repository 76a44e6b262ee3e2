import {expect} from 'chai'
import {type Api, ApiError, openApi} from '../../../src/heroku/api.js'
import {type Http, NetworkError, openHttp} from '../../../src/heroku/http.js'
import {authorizationsOf, revoke} from '../../../src/heroku/revoke.js'
import {UserError} from '../../../src/errors.js'
import {type Fault, type LoopbackHeroku, startHeroku} from '../../support/loopback-heroku.js'
import {thrownBy} from '../../support/thrown-by.js'
import {countTestsHere} from '../../support/trust.js'

const TEN = '*'.repeat(10)

/** What revoking a token asks of the API, and of which kind of token. */
const CALLS = [
  {name: 'the list', path: '/oauth/authorizations', kind: 'authorization'},
  {name: 'the question for the API key', path: '/oauth/authorizations/~', kind: 'authorization'},
  {name: 'the end of the session', path: '/oauth/sessions/~', kind: 'session'},
  {name: 'the question whose it is', path: '/account', kind: 'session'},
] as const

describe('revoking a token', () => {
  let heroku: LoopbackHeroku
  const api: Api = (...call) => openApi(openHttp({}), heroku.url, 2000)(...call)
  const calls = () => heroku.requests.map(({method, path}) => `${method} ${path}`)

  beforeEach(async () => (heroku = await startHeroku()))
  afterEach(() => heroku.stop())

  for (const redacted of [false, true]) {
    describe(`if lists show ${redacted ? 'both ends of a token' : 'the whole token'}`, () => {
      beforeEach(() => {
        heroku.redacted = redacted
      })

      it('revokes its authorization, and no other', async () => {
        const others = [heroku.issue(), heroku.issue({account: 'grace@example.com'}), heroku.issue({kind: 'session'})]
        const {token} = heroku.issue()
        expect(await revoke(api, token)).to.equal('revoked')
        expect(heroku.revoked(token)).to.equal(true)
        expect(others.map(({revoked}) => revoked)).to.deep.equal([false, false, false])
      })

      it('revokes its session, and no authorization', async () => {
        const other = heroku.issue()
        const {token} = heroku.issue({kind: 'session'})
        expect(await revoke(api, token)).to.equal('revoked')
        expect([heroku.revoked(token), other.revoked]).to.deep.equal([true, false])
        expect(calls()).to.deep.equal(['GET /oauth/authorizations', 'DELETE /oauth/sessions/~'])
      })

      it("keeps the account's API key, and revokes nothing", async () => {
        const {token} = heroku.issue({kind: 'default'})
        expect(await revoke(api, token)).to.equal('is the API key')
        expect(heroku.revoked(token)).to.equal(false)
        expect(calls()).to.deep.equal(['GET /oauth/authorizations', 'GET /oauth/authorizations/~'])
      })

      it('revokes another authorization of an account that has an API key', async () => {
        const key = heroku.issue({kind: 'default'})
        const {token} = heroku.issue()
        expect(await revoke(api, token)).to.equal('revoked')
        expect([heroku.revoked(token), key.revoked]).to.deep.equal([true, false])
      })
    })
  }

  it('does nothing for an invalid token', async () => {
    const {token} = heroku.issue()
    heroku.revoke(token)
    expect(await revoke(api, token)).to.equal('was invalid')
    expect(calls()).to.deep.equal(['GET /oauth/authorizations', 'GET /account'])
  })

  it('reports a token as invalid whose session ended meanwhile', async () => {
    const {token} = heroku.issue({kind: 'session'})
    heroku.faults.set('DELETE /oauth/sessions/~', {status: 401}).set('GET /account', {status: 401})
    expect(await revoke(api, token)).to.equal('was invalid')
  })

  it('fails for a valid token with neither a session nor an authorization', async () => {
    const {token} = heroku.issue({kind: 'session'})
    heroku.faults.set('DELETE /oauth/sessions/~', {status: 404, body: {id: 'not_found'}})
    expect(await thrownBy(revoke(api, token))).to.include({
      message: 'the API lists neither a session nor an authorization of this token',
      hint: 'revoke it at https://dashboard.heroku.com/account/applications',
    })
    expect(calls().at(-1)).to.equal('GET /account')
  })

  describe('if another server answers', () => {
    countTestsHere('gateway/revoke')

    const PAGE = '<!doctype html><title>Sign in to the network</title>'
    const elsewhere: [string, Fault][] = [401, 404].flatMap((status): [string, Fault][] => [
      [`${status} with a page`, {status, text: PAGE}],
      [`${status} with an empty body`, {status, text: ''}],
      [`${status} with JSON that has no id`, {status, body: {error: 'proxy authentication required'}}],
      [`${status} with JSON whose id is no name`, {status, body: {id: 7}}],
      [`${status} with a list`, {status, body: []}],
    ])
    for (const [what, fault] of [...elsewhere, ['200 with a page', 'garbage'] as [string, Fault]]) {
      it(`never reports the token as revoked or invalid: ${what} to everything`, async () => {
        const {token} = heroku.issue()
        for (const {path} of CALLS) heroku.faults.set(path, fault)
        expect(await thrownBy(revoke(api, token))).to.be.instanceOf(UserError)
      })

      for (const {name, path, kind} of CALLS)
        it(`never reports the token as revoked or invalid: ${what} to ${name}`, async () => {
          const {token} = heroku.issue({kind})
          heroku.faults.set(path, fault)
          // Nothing that the API itself answers says that the token has ended.
          if (path === '/account') heroku.faults.set('DELETE /oauth/sessions/~', {status: 404})
          expect(await thrownBy(revoke(api, token))).to.be.instanceOf(UserError)
          expect(heroku.revoked(token)).to.equal(false)
        })
    }

    it('reports that the response is not from the API', async () => {
      heroku.faults.set('/oauth/authorizations', {status: 404, text: PAGE})
      expect(await thrownBy(revoke(api, heroku.issue().token))).to.include({
        message: `${heroku.host} answered 404, and not as the Heroku API does`,
        hint: 'a proxy or a sign-in page of the network may have answered; check the network, and try again',
      })
    })
  })

  describe('among many', () => {
    it('finds its authorization on a later page, and revokes no other', async () => {
      heroku.pageSize = 2
      const issued = Array.from({length: 5}, () => heroku.issue())
      for (const {token} of issued) {
        expect(await revoke(api, token)).to.equal('revoked')
        expect(heroku.revoked(token)).to.equal(true)
        heroku.pageSize = 1
      }
      expect(issued.every(({revoked}) => revoked)).to.equal(true)
    })

    it('revokes its own among 450 redacted ones', async () => {
      heroku.redacted = true
      const issued = Array.from({length: 450}, () => heroku.issue())
      const last = issued.toSorted((one, other) => (one.id < other.id ? -1 : 1)).at(-1) ?? heroku.issue()
      expect(await revoke(api, last.token)).to.equal('revoked')
      expect(issued.filter(({revoked}) => revoked)).to.deep.equal([last])
    })

    for (const [what, fault] of [
      ['cannot be read', {status: 500}],
      ['is a page', 'garbage'],
      ['is no list', {status: 200, body: {id: 'x'}}],
    ] as const)
      it(`revokes nothing if a later page ${what}`, async () => {
        heroku.pageSize = 1
        const [one, other] = [heroku.issue(), heroku.issue()]
        const http: Http = (url, exchange) => {
          if (exchange.headers?.range) heroku.faults.set('GET /oauth/authorizations', fault)
          return openHttp({})(url, exchange)
        }
        await thrownBy(revoke(openApi(http, heroku.url, 2000), one.token))
        expect([one.revoked, other.revoked]).to.deep.equal([false, false])
      })
  })

  describe('whose ends match other tokens', () => {
    const alike = (middle: string) => `HRKU-ABCD${middle}wxyz`
    beforeEach(() => {
      heroku.redacted = true
    })

    it('revokes none of several matching authorizations, and fails', async () => {
      const key = heroku.issue({token: alike('-the-ci-key-')})
      const {token} = heroku.issue({token: alike('-ours-')})
      expect(await thrownBy(revoke(api, token))).to.include({
        message: 'the API shows 2 authorizations that may be of this token, so none was revoked',
        hint: 'revoke the right one: heroku authorizations, then heroku authorizations:revoke ID',
      })
      expect([heroku.revoked(token), key.revoked]).to.deep.equal([false, false])
    })

    it('revokes none if the other is the API key', async () => {
      const key = heroku.issue({token: alike('-the-api-key-'), kind: 'default'})
      const {token} = heroku.issue({token: alike('-ours-')})
      await thrownBy(revoke(api, token))
      await thrownBy(revoke(api, key.token))
      expect([heroku.revoked(token), key.revoked]).to.deep.equal([false, false])
    })

    for (const count of [1, 2])
      it(`revokes its session, and none of ${count} matching authorizations`, async () => {
        const keys = ['-a-ci-key-', '-another-'].slice(0, count).map((each) => heroku.issue({token: alike(each)}))
        const {token} = heroku.issue({token: alike('-ours-'), kind: 'session'})
        expect(await revoke(api, token)).to.equal('revoked')
        expect(heroku.revoked(token)).to.equal(true)
        expect(keys.some(({revoked}) => revoked)).to.equal(false)
      })

    it('revokes the one that is shown in full, and no matching one', async () => {
      const TOKEN = alike('-ours-')
      const asked: string[] = []
      const scripted: Api = (method, path) => {
        asked.push(`${method} ${path}`)
        if (path !== '/oauth/authorizations') return Promise.resolve({id: 'something else'})
        const shown = [`HRKU-ABCD${TEN}wxyz`, TOKEN, `HRKU-ABCD${TEN}wxyz`]
        return Promise.resolve(shown.map((token, index) => ({id: String(index), access_token: {token}})))
      }
      expect(await revoke(scripted, TOKEN)).to.equal('revoked')
      expect(asked.filter((call) => call.startsWith('DELETE /oauth/authorizations/'))).to.deep.equal([
        'DELETE /oauth/authorizations/1',
      ])
    })

    it('is not taken for the API key because it matches', async () => {
      const TOKEN = alike('-ours-')
      const scripted: Api = (method, path) => {
        const shown = {access_token: {token: `HRKU-ABCD${TEN}wxyz`}}
        if (path === '/oauth/authorizations') return Promise.resolve([{id: 'ours', access_token: {token: TOKEN}}])
        return Promise.resolve({id: path.endsWith('~') && method === 'GET' ? 'the API key' : 'ours', ...shown})
      }
      expect(await revoke(scripted, TOKEN)).to.equal('revoked')
    })
  })

  it('succeeds if another client revoked authorization and session meanwhile', async () => {
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
      it(`fails if ${call} answers ${status}, since the token may still be valid`, async () => {
        const {token} = heroku.issue()
        heroku.faults.set(call, {status})
        const error = await thrownBy(revoke(api, token))
        expect(error).to.be.instanceOf(ApiError)
        expect(error).to.include({status})
        expect(error.message).not.to.include(token)
      })

  for (const answer of [{status: 401}, {status: 404}, {status: 200, body: {}}, 'garbage'] as const)
    it(`fails if a deletion is answered with ${JSON.stringify(answer)}, and the token is still valid`, async () => {
      const {token, id} = heroku.issue()
      heroku.faults.set(`DELETE /oauth/authorizations/${id}`, answer)
      const error = await thrownBy(revoke(api, token))
      expect(error).to.be.instanceOf(UserError)
      expect(error.message).to.include('but it is still valid')
    })

  for (const status of [401, 404])
    it(`fails if the list is answered with ${status}, and the token is still valid`, async () => {
      const {token} = heroku.issue()
      heroku.faults.set('GET /oauth/authorizations', {status})
      expect((await thrownBy(revoke(api, token))).message).to.include('but it is still valid')
    })

  it('fails if the authorization cannot be revoked, and keeps the session for another try', async () => {
    const {token, id} = heroku.issue()
    heroku.faults.set(`DELETE /oauth/authorizations/${id}`, {status: 500})
    expect(await thrownBy(revoke(api, token))).to.include({status: 500})
    expect(calls()).not.to.include('DELETE /oauth/sessions/~')
    heroku.faults.clear()
    expect(await revoke(api, token)).to.equal('revoked')
  })

  it('fails if Heroku cannot be reached', async () => {
    const {token} = heroku.issue()
    await heroku.stop()
    const error = await thrownBy(revoke(api, token))
    expect(error).to.be.instanceOf(NetworkError)
    expect(error.message).not.to.include(token)
  })

  it('encodes the id of an authorization as one path segment', async () => {
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
    it(`does not take a proxy's page for the response to ${path}`, async () => {
      const {token} = heroku.issue()
      heroku.faults.set(path, 'garbage')
      expect((await thrownBy(revoke(api, token))).message).to.equal('unexpected response from the Heroku API')
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
    // With only one end or none, it could be any token.
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
    it(`are empty for ${JSON.stringify(answer)}`, async () => {
      expect(await authorizationsOf(() => Promise.resolve(answer), 'HRKU-1')).to.deep.equal([])
    })

  for (const answer of [undefined, null, {}, 'x'])
    it(`are unknown with ${JSON.stringify(answer)}, which is not a list`, async () => {
      expect((await thrownBy(authorizationsOf(() => Promise.resolve(answer), 'HRKU-1'))).message).to.equal(
        'unexpected response from the Heroku API',
      )
    })
})
