// After a login: the expiry of the new token, as the API reports it, and nothing if it cannot.
import {expect} from 'chai'
import {recordExpiry} from '../../../src/credentials/record-expiry.js'
import {readLoginState} from '../../../src/credentials/login-files.js'
import {withLoginLock} from '../../../src/credentials/login-writer.js'
import {saveToken} from '../../../src/credentials/save.js'
import {openHttp} from '../../../src/heroku/http.js'
import {type Fault, type LoopbackHeroku, startHeroku} from '../../support/loopback-heroku.js'
import {freshUser, OUR_JSON} from '../../support/user.js'

const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR
const account = 'ada@example.com'

describe('the expiry of a new token', function () {
  this.timeout(20_000)
  const user = freshUser()
  let heroku: LoopbackHeroku
  const stores = (env: NodeJS.ProcessEnv = {}) => user.stores({...heroku.env, ...env})
  const onRecord = () => readLoginState(user.dataDir).tokens[0]?.expiresAt
  const logIn = async (life: number | null = 30 * DAY, more: Parameters<LoopbackHeroku['issue']>[0] = {}) => {
    const {token} = heroku.issue({...(life === null ? {} : {expiresAt: Date.now() + life}), ...more})
    await saveToken(stores(), {account, token})
    return token
  }
  const record = async (token: string, env: NodeJS.ProcessEnv = {}) => {
    await recordExpiry(stores(env), openHttp({}), {account, token})
    return onRecord()
  }

  beforeEach(async () => (heroku = await startHeroku()))
  afterEach(() => heroku.stop())

  for (const redacted of [false, true])
    it(`is recorded, with its time, if lists are ${redacted ? '' : 'not '}redacted`, async () => {
      heroku.redacted = redacted
      heroku.issue({expiresAt: Date.now() + DAY})
      const expiresAt = await record(await logIn())
      expect(Date.parse(expiresAt ?? '')).to.be.closeTo(Date.now() + 30 * DAY, 5000)
      const {recordedAt = ''} = readLoginState(user.dataDir).tokens[0] ?? {}
      expect(Date.parse(recordedAt)).to.be.closeTo(Date.now(), 5000)
      expect(user.notices).to.deep.equal([])
    })

  it('is not recorded for a token that never expires, or that the API does not list', async () => {
    expect(await record(await logIn(null))).to.equal(undefined)
    expect(await record(await logIn(DAY, {kind: 'session'}))).to.equal(undefined)
  })

  it('is not recorded if the API shows several tokens that may be this one', async () => {
    heroku.redacted = true
    const token = await logIn()
    heroku.issue({token: `${token.slice(0, 9)}-another-${token.slice(-4)}`, expiresAt: Date.now() + DAY})
    expect(await record(token)).to.equal(undefined)
  })

  const faults: Fault[] = [
    {status: 401},
    {status: 403},
    {status: 500},
    {status: 200, text: 'a portal'},
    'garbage',
    'close',
  ]
  for (const fault of faults)
    it(`stays unknown, silently, if the API fails with ${JSON.stringify(fault)}`, async () => {
      const token = await logIn()
      const before = user.read(OUR_JSON)
      heroku.faults.set('/oauth/authorizations', fault)
      expect(await record(token)).to.equal(undefined)
      expect([user.notices, user.read(OUR_JSON)]).to.deep.equal([[], before])
    })

  it('stays unknown after five seconds without an answer', async () => {
    const token = await logIn()
    heroku.faults.set('/oauth/authorizations', 'hang')
    const start = performance.now()
    expect(await record(token)).to.equal(undefined)
    expect(performance.now() - start).to.be.within(4900, 9000)
  })

  for (const [offset, recorded] of [
    [23 * HOUR, true],
    [-23 * HOUR, true],
    [25 * HOUR, false],
    [-25 * HOUR, false],
  ] as const)
    it(`is ${recorded ? '' : 'not '}recorded if the server's clock is ${offset / HOUR} hours ahead`, async () => {
      heroku.clockOffset = offset
      expect((await record(await logIn())) !== undefined).to.equal(recorded)
    })

  it('is recorded for this token alone, not for one that replaced it', async () => {
    const token = await logIn()
    await logIn(null)
    expect(await record(token)).to.equal(undefined)
  })

  it('sends no request with HEROKU_NETRC_WRITE, since that login is on no record', async () => {
    expect(await record(await logIn(), {HEROKU_NETRC_WRITE: 'true'})).to.equal(undefined)
    expect(heroku.requests).to.deep.equal([])
  })

  it('stays unknown, silently, if another process holds the login lock', async () => {
    const token = await logIn()
    await withLoginLock({dataDir: user.dataDir, waitMs: 0}, async () => {
      expect(await record(token)).to.equal(undefined)
    })
    expect(await record(token)).to.be.a('string')
  })
})
