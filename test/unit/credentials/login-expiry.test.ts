// A login whose expiry is known: the token is not used once it is over, and the user is warned before, once a day.
import {expect} from 'chai'
import * as policy from '../../../src/credentials/find.js'
import {readLoginState} from '../../../src/credentials/login-files.js'
import {withLoginLock} from '../../../src/credentials/login-writer.js'
import {findToRemove, removeToken} from '../../../src/credentials/remove.js'
import {saveToken} from '../../../src/credentials/save.js'
import {recordFor, type TokenRecord} from '../../../src/credentials/token-record.js'
import {warnDaily} from '../../../src/credentials/warn-daily.js'
import {UserError} from '../../../src/errors.js'
import {answer} from '../../../src/git/protocol.js'
import {openProvider} from '../../../src/host/credential-provider.js'
import {reply} from '../../../src/host/netrc-parser/requests.js'
import {localDay} from '../../../src/ui/expiry.js'
import {recordCurrent, recordLogin, recordToken, recordWarning} from '../../support/login-record.js'
import {findAccountCredential, findCredential} from '../../support/lookup.js'
import {thrownBy} from '../../support/thrown-by.js'
import {ada, entries, freshUser, grace, OUR_JSON} from '../../support/user.js'

const API = 'api.heroku.com'
const GIT_REQUEST = 'protocol=https\nhost=git.heroku.com\n\n'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()

describe('a login whose expiry is known', () => {
  const user = freshUser()
  const hold = async (more: Partial<TokenRecord>, {account, token} = ada) => {
    user.memory.tokens.set(account, token)
    await recordLogin(user.dataDir, {...recordFor({account, token}, API, {name: 'secret-service'}), ...more}, true)
  }
  const askGit = (stores = user.stores()) =>
    answer('get', GIT_REQUEST, {env: stores.context.env, endpoints: stores.context.endpoints, open: () => stores})

  describe('and is over', () => {
    const expiresAt = new Date(2026, 2, 4, 5, 6).toISOString()
    const message = "ada@example.com's login expired on 2026-03-04 at 05:06"
    const expired = async (lookup: Promise<unknown>) => {
      const error = await thrownBy(lookup)
      expect(error).to.be.instanceOf(UserError)
      expect(error).to.include({hint: 'heroku login', exitCode: 100})
      return error.message
    }

    it('is not used, and its end is in the message', async () => {
      await hold({expiresAt})
      expect(await expired(findCredential(user.stores()))).to.equal(message)
      expect(await expired(findAccountCredential(user.stores(), ada.account))).to.equal(message)
      expect(policy.findAtOnce(user.stores(), ada)).to.equal(undefined)
      await hold({expiresAt, warnedOn: localDay(new Date())})
      expect(policy.findAtOnce(user.stores(), ada)).to.equal(undefined)
    })

    it('is not used from .netrc either, whether or not the entry names the account', async () => {
      await hold({expiresAt, savedIn: 'netrc'})
      for (const named of [ada, {token: ada.token}]) {
        user.write('.netrc', entries(named))
        const expected = 'account' in named ? message : message.replace("ada@example.com's", 'the')
        for (const env of [{}, {HEROKU_NETRC_WRITE: 'true'}])
          expect(await expired(findCredential(user.stores(env)))).to.equal(expected)
      }
    })

    it('is not used for an account that is selected, and what selected it is in the message', async () => {
      await hold({expiresAt})
      await hold({}, grace)
      expect(await expired(findCredential(user.stores({HEROKU_ACCOUNT: ada.account})))).to.equal(
        "ada@example.com's login (selected by HEROKU_ACCOUNT) expired on 2026-03-04 at 05:06",
      )
      expect((await findCredential(user.stores())).found).to.include(grace)
    })

    it('does not matter with HEROKU_API_KEY', async () => {
      await hold({expiresAt})
      const {found} = await findCredential(user.stores({HEROKU_API_KEY: 'HRKU-key'}))
      expect(found).to.include({token: 'HRKU-key'})
    })

    it('is still found by a logout, which removes it, and by a command that only looks', async () => {
      await hold({expiresAt})
      expect((await findCredential(user.stores(), {lookOnly: true})).found).to.include({...ada, expiresAt})
      const stores = user.stores()
      const found = (await findToRemove(stores)) ?? expect.fail('none found')
      expect(await removeToken(stores, found)).to.deep.include({removedFrom: ['the keyring'], failures: []})
      expect(readLoginState(user.dataDir)).to.deep.equal({loggedOut: true, tokens: []})
    })

    it('is replaced by the next login', async () => {
      await hold({expiresAt})
      expect((await saveToken(user.stores(), {...ada, token: 'HRKU-new'})).replaced).to.equal(ada.token)
      expect((await findCredential(user.stores())).found).to.include({token: 'HRKU-new'})
    })

    it('is forgotten by a login with the same token, which the API has just accepted', async () => {
      await hold({expiresAt})
      await saveToken(user.stores(), ada)
      expect((await findCredential(user.stores())).found).to.include(ada)
    })

    it('ends the push: git asks no other helper, and shows no prompt', async () => {
      await hold({expiresAt})
      expect(await askGit()).to.deep.equal({
        stdout: 'quit=1\n',
        stderr: `heroku: ${message}; try this: heroku login\n`,
      })
    })

    it("fails the requests of the CLI's client, of either kind", async () => {
      await hold({expiresAt})
      const {token} = await openProvider(user.stores()).getAuth(undefined, API)
      expect(() => `Bearer ${token}`).to.throw(message)
      expect(await reply(user.stores(), {verb: 'find'})).to.deep.equal({
        ok: {kind: 'refused', account: ada.account, failure: {message, hint: 'heroku login', exitCode: 100}},
      })
    })

    it('does not matter for a token that another program stored since, nor if it cannot be parsed', async () => {
      await hold({expiresAt})
      user.memory.tokens.set(ada.account, 'HRKU-of-the-cli')
      expect((await findCredential(user.stores())).found).to.include({token: 'HRKU-of-the-cli'})
      await hold({expiresAt: 'soon', recordedAt: 'before'})
      expect((await findCredential(user.stores())).found).to.include(ada)
      expect((await askGit()).stdout).to.equal('username=heroku\npassword=HRKU-adas\n')
      expect(policy.findAtOnce(user.stores(), ada)).to.include(ada)
    })
  })

  describe('and ends soon', () => {
    /** A command that uses the token. */
    const use = async (env: NodeJS.ProcessEnv = {}, account?: string) => {
      const stores = user.stores(env)
      const lookup = await (account === undefined
        ? policy.findCredential(stores)
        : policy.findAccountCredential(stores, account))
      if (lookup.outcome !== 'found') return expect.fail('not found')
      await warnDaily(stores, lookup.credential)
      return user.notices.splice(0)
    }
    const expiresAt = inMs(2 * DAY + HOUR)
    const end = new Date(expiresAt)
    const weekday = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'][end.getDay()]
    const time = end.toTimeString().slice(0, 5)
    const warning = `your Heroku login expires in 2 days, on ${weekday} at ${time}; to renew it: heroku login`
    const today = () => readLoginState(user.dataDir).tokens.map(({warnedOn}) => warnedOn)

    it('warns once a day', async () => {
      await hold({expiresAt})
      expect([await use(), await use()]).to.deep.equal([[warning], []])
      expect(today()).to.deep.equal([localDay(new Date())])
      await recordWarning(user.dataDir, ada, localDay(new Date(Date.now() - DAY)))
      expect([await use(), await use()]).to.deep.equal([[warning], []])
    })

    it('warns once, if many commands run at the same time', async () => {
      await hold({expiresAt})
      await Promise.all(Array.from({length: 10}, () => warnDaily(user.stores(), {...ada, ...FOUND, expiresAt})))
      expect(user.notices).to.deep.equal([warning])
    })

    it('writes nothing and warns of nothing before that', async () => {
      for (const times of [
        {expiresAt: inMs(3 * DAY + MINUTE), recordedAt: inMs(-27 * DAY)},
        {expiresAt: inMs(31 * MINUTE), recordedAt: inMs(-11 * HOUR)},
        {},
      ]) {
        await hold(times)
        const before = user.read(OUR_JSON)
        expect(await use()).to.deep.equal([])
        expect(user.read(OUR_JSON)).to.equal(before)
      }
    })

    it('warns of a short login in its last half hour', async () => {
      await hold({expiresAt: inMs(29.5 * MINUTE), recordedAt: inMs(-7.5 * HOUR)})
      expect((await use()).join('\n')).to.match(/^your Heroku login expires in 29 minutes, on \w+day at \d\d:\d\d; /u)
    })

    it('names the account, if it is not the current one', async () => {
      await hold({expiresAt})
      await recordCurrent(user.dataDir, grace.account)
      const expected = [warning.replace('login', 'login as ada@example.com')]
      expect(await use({HEROKU_ACCOUNT: ada.account})).to.deep.equal(expected)
      await recordToken(user.dataDir, {...recordFor(ada, API, {name: 'secret-service'}), expiresAt})
      expect(await use({}, ada.account)).to.deep.equal(expected)
    })

    it('warns later, if another process holds the login lock', async () => {
      await hold({expiresAt})
      await withLoginLock({dataDir: user.dataDir, waitMs: 0}, async () => {
        expect(await use()).to.deep.equal([])
      })
      expect(await use()).to.deep.equal([warning])
    })

    it('does not warn with HEROKU_API_KEY, nor when git asks', async () => {
      await hold({expiresAt})
      expect(await use({HEROKU_API_KEY: 'HRKU-key'})).to.deep.equal([])
      const seconds = Math.floor(end.getTime() / 1000)
      expect(await askGit()).to.deep.equal({
        stdout: `username=heroku\npassword=HRKU-adas\npassword_expiry_utc=${seconds}\n`,
        stderr: '',
      })
      expect([user.notices, today()]).to.deep.equal([[], [undefined]])
    })

    it("warns when the CLI's client asks, of either kind", async () => {
      await hold({expiresAt})
      const provider = openProvider(user.stores())
      for (const account of [undefined, ada.account]) expect(await provider.getAuth(account, API)).to.deep.equal(ada)
      expect(user.notices.splice(0)).to.deep.equal([warning])
      await hold({expiresAt})
      expect(policy.findAtOnce(user.stores(), ada), 'the worker is to warn').to.equal(undefined)
      expect(await reply(user.stores(), {verb: 'find'})).to.have.nested.property('ok.found.token', ada.token)
      expect(user.notices.splice(0)).to.deep.equal([warning])
      expect(policy.findAtOnce(user.stores(), ada)).to.include(ada)
    })

    it('lets a logout complete that began before the warning', async () => {
      await hold({expiresAt})
      const stores = user.stores()
      const asOf = readLoginState(user.dataDir)
      const found = (await findToRemove(stores)) ?? expect.fail('none found')
      await use()
      expect(today()).to.deep.equal([localDay(new Date())])
      await removeToken(stores, found, asOf)
      expect(readLoginState(user.dataDir)).to.deep.equal({loggedOut: true, tokens: []})
    })

    it('starts anew with the next login', async () => {
      await hold({expiresAt})
      await use()
      await saveToken(user.stores(), {...ada, token: 'HRKU-new'}, inMs(30 * DAY))
      expect(today()).to.deep.equal([undefined])
    })
  })
})

const FOUND = {source: 'secret-service', location: 'the keyring'} as const
