import {expect} from 'chai'
import {mkdirSync, rmSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {type Problem, StorageError, UserError} from '../../../src/errors.js'
import * as policy from '../../../src/credentials/find.js'
import {findAccountCredential, findCredential} from '../../support/lookup.js'
import {recordLogout, writeLoginJson} from '../../support/login-record.js'
import {saveToken} from '../../../src/credentials/save.js'
import {thrownBy} from '../../support/thrown-by.js'
import {ada, entries, freshUser, grace, LOGIN_JSON, noKeychain, OUR_JSON} from '../../support/user.js'

const locked = () => new StorageError('locked', 'the keyring is locked', 'unlock it')
const EXPIRY = '2030-01-01T00:00:00.000Z'

describe('finding the token', () => {
  const user = freshUser()
  const find = (...how: Parameters<typeof user.stores>) => findCredential(user.stores(...how))
  const inKeychain = ({account, token} = ada) => ({
    found: {token, account, source: 'secret-service', location: 'the keyring'},
  })
  const inNetrc = ({account, token} = ada) => ({found: {token, account, source: 'netrc', location: user.netrcPath}})
  /** A login by the Heroku CLI itself. */
  const logIn = async ({account, token} = ada) => {
    user.memory.tokens.set(account, token)
    await writeLoginJson(user.dataDir, account)
  }
  const writeNetrc = (text: string) => {
    user.write('.netrc', text)
  }

  it('has a named outcome', async () => {
    const error = new StorageError('locked', 'the keyring is locked', 'unlock it')
    const lookup = () => policy.findCredential(user.stores())
    expect(await lookup()).to.deep.equal({outcome: 'absent'})
    user.memory.tokens.set(ada.account, ada.token)
    user.memory.tokens.set(grace.account, grace.token)
    const because = 'the keyring holds several accounts, and none of them is current'
    expect(await lookup()).to.deep.equal({outcome: 'absent', because})
    await writeLoginJson(user.dataDir, ada.account)
    expect(await lookup()).to.deep.equal({outcome: 'found', credential: inKeychain().found})
    user.memory.fail(error)
    expect(await lookup()).to.deep.equal({outcome: 'failed', error})
  })

  describe('in HEROKU_API_KEY', () => {
    const found = {found: {token: 'HRKU-key', source: 'HEROKU_API_KEY', location: 'HEROKU_API_KEY'}}

    it('wins over everything, with nothing else looked at, and the account unknown', async () => {
      await logIn()
      writeNetrc(entries(grace))
      expect(await find({HEROKU_API_KEY: 'HRKU-key'})).to.deep.equal(found)
      expect(await find({HEROKU_API_KEY: 'HRKU-key', HEROKU_NETRC_WRITE: 'true'})).to.deep.equal(found)
      expect(await find({HEROKU_API_KEY: 'HRKU-key'}, noKeychain)).to.deep.equal(found)
      expect(user.memory.calls).to.deep.equal([])
    })

    it('does not need a .netrc that can be read', async () => {
      mkdirSync(user.netrcPath)
      expect(await find({HEROKU_API_KEY: 'HRKU-key'})).to.deep.equal(found)
    })

    it('counts for nothing when it is empty', async () => {
      await logIn()
      expect(await find({HEROKU_API_KEY: ''})).to.deep.equal(inKeychain())
    })
  })

  describe('with HEROKU_NETRC_WRITE', () => {
    for (const value of ['true', 'TRUE', 'tRuE']) {
      it(`${value} takes it from .netrc alone, and does not start the keychain`, async () => {
        await logIn()
        writeNetrc(entries(grace))
        expect(await find({HEROKU_NETRC_WRITE: value})).to.deep.equal(inNetrc(grace))
        expect(user.memory.calls).to.deep.equal([])
      })
    }

    for (const value of ['', '1', 'yes', 'false', ' true', 'truely']) {
      it(`'${value}' takes it from the keychain as ever`, async () => {
        await logIn()
        writeNetrc(entries(grace))
        expect(await find({HEROKU_NETRC_WRITE: value})).to.deep.equal(inKeychain())
      })
    }

    it('finds nothing where only the keychain holds something', async () => {
      await logIn()
      expect(await find({HEROKU_NETRC_WRITE: 'true'})).to.deep.equal({})
      expect(user.memory.calls).to.deep.equal([])
      expect(user.notices).to.deep.equal([])
    })
  })

  describe('in the keychain', () => {
    it('takes it over .netrc, for the account that login.json names', async () => {
      await logIn(grace)
      await logIn(ada)
      writeNetrc(entries(grace))
      expect(await find()).to.deep.equal(inKeychain(ada))
      expect(user.memory.calls).to.deep.equal(['open', `get ${ada.account}`])
      expect(user.notices).to.deep.equal([])
    })

    it('does not read a .netrc that it does not need', async () => {
      await logIn()
      writeNetrc('machine api.heroku.com\0')
      expect(await find()).to.deep.equal(inKeychain())
    })

    it('takes the only account there is, where login.json names none, which names it from then on', async () => {
      user.memory.tokens.set(ada.account, ada.token)
      expect(await findCredential(user.stores(), {lookOnly: true})).to.deep.equal(inKeychain())
      expect(user.read(LOGIN_JSON)).to.equal(undefined)
      expect(await find()).to.deep.equal(inKeychain())
      expect(user.read(LOGIN_JSON)).to.equal(`{"account":"${ada.account}"}\n`)
    })

    it('takes none of several accounts, and says why, where login.json names none', async () => {
      user.memory.tokens.set(ada.account, ada.token).set(grace.account, grace.token)
      expect(await find()).to.deep.equal({because: 'the keyring holds several accounts, and none of them is current'})
      writeNetrc(entries(grace))
      expect(await find()).to.deep.equal(inNetrc(grace))
      expect(user.notices).to.deep.equal([])
    })

    it('takes none in place of the account that login.json names', async () => {
      user.memory.tokens.set(grace.account, grace.token)
      await writeLoginJson(user.dataDir, ada.account)
      expect(await find()).to.deep.equal({})
    })

    for (const content of ['', '{"account":', '[]', '{"account":""}', '{"account":["ada@example.com"]}']) {
      it(`takes a login.json of '${content}' for none`, async () => {
        user.memory.tokens.set(ada.account, ada.token)
        user.write(LOGIN_JSON, content)
        expect(await find()).to.deep.equal(inKeychain())
      })
    }

    it('does not hand an account with control characters on to the keychain, or to the terminal', async () => {
      const account = 'ada\u001B[2J@example.com'
      user.write(LOGIN_JSON, JSON.stringify({account}))
      expect(await find()).to.deep.include({because: 'an account name cannot hold a control character'})
      writeNetrc(entries(grace))
      const error = await thrownBy(find())
      expect(error).to.be.instanceOf(UserError)
      expect(error.message).to.equal(
        "an account name cannot hold a control character, so ada\uFFFD[2J@example.com's token cannot be read; " +
          `${user.netrcPath} holds ${grace.account}'s token, which was not used`,
      )
    })

    for (const account of ['__proto__', 'constructor', 'toString']) {
      it(`finds the token of an account called ${account}, and no other's`, async () => {
        expect(await find()).to.deep.equal({})
        const credential = {account, token: 'HRKU-odd'}
        await saveToken(user.stores(), credential, EXPIRY)
        const {found} = inKeychain(credential)
        expect(await find()).to.deep.equal({found: {...found, expiresAt: EXPIRY}})
      })
    }

    it('says until when, for the very token that was saved', async () => {
      await saveToken(user.stores(), ada, EXPIRY)
      expect(await find()).to.deep.equal({found: {...inKeychain().found, expiresAt: EXPIRY}})
      user.memory.tokens.set(ada.account, 'HRKU-somebody-replaced-it')
      expect(await find()).to.deep.equal(inKeychain({...ada, token: 'HRKU-somebody-replaced-it'}))
    })

    it('takes what is no token for a failure, and does not repeat it', async () => {
      await logIn({...ada, token: 'HRKU-1\nHost: evil'})
      const looked = await find()
      expect(looked).to.deep.include({because: 'the keyring gave something that is no token'})
      expect(JSON.stringify(looked)).not.to.include('HRKU-1')
    })
  })

  describe('after login.json was deleted by a CLI that could not read the keychain', () => {
    beforeEach(async () => {
      await saveToken(user.stores(), grace)
      await saveToken(user.stores(), ada)
      rmSync(join(user.home, LOGIN_JSON))
    })

    it('is the token of the last login, and login.json names its account again', async () => {
      expect(await find()).to.deep.equal(inKeychain())
      expect(user.read(LOGIN_JSON)).to.equal('{"account":"ada@example.com"}\n')
      if (process.platform !== 'win32') expect(statSync(join(user.home, LOGIN_JSON)).mode & 0o777).to.equal(0o600)
    })

    it('leaves it at that where it is only to look', async () => {
      const looked = await findCredential(user.stores(), {lookOnly: true})
      expect([looked, user.read(LOGIN_JSON)]).to.deep.equal([inKeychain(), undefined])
    })

    it('is found while another process logs in or out, and login.json is left to that process', async () => {
      mkdirSync(join(user.dataDir, 'heroku-keychain.lock'))
      expect(await find()).to.deep.equal(inKeychain())
      expect(user.read(LOGIN_JSON)).to.equal(undefined)
    })

    it('is found as well where login.json cannot be written', async () => {
      mkdirSync(join(user.home, LOGIN_JSON))
      expect(await find()).to.deep.equal(inKeychain())
    })

    it('is not the token of the only other account once the account is gone from the keychain', async () => {
      user.memory.tokens.delete(ada.account)
      expect(await find()).to.deep.include({
        because: 'the keyring does not show the token of ada@example.com that was stored in it',
      })
      expect(user.read(LOGIN_JSON)).to.equal(undefined)
    })

    it('is nowhere, and login.json stays away, while the keychain fails', async () => {
      user.memory.fail(locked())
      const failure = await find()
      expect(failure).to.deep.include({because: 'the keyring is locked'})
      expect(user.read(LOGIN_JSON)).to.equal(undefined)
      user.memory.recover()
      expect(await find()).to.deep.equal(inKeychain())
    })
  })

  describe('after a logout', () => {
    it('is no account, whatever the keychain holds', async () => {
      user.memory.tokens.set(ada.account, ada.token)
      await recordLogout(user.dataDir, undefined)
      expect(await find()).to.deep.equal({})
    })

    it('is the account that login.json names since', async () => {
      await recordLogout(user.dataDir, undefined)
      await logIn()
      expect(await find()).to.deep.equal(inKeychain())
    })

    it('is the account that .netrc names', async () => {
      await recordLogout(user.dataDir, undefined)
      writeNetrc(entries(ada))
      expect(await find()).to.deep.equal(inNetrc())
    })
  })

  describe('in .netrc', () => {
    it('is looked for in silence where there is no keychain', async () => {
      writeNetrc(entries(ada))
      expect(await find({}, noKeychain)).to.deep.equal(inNetrc())
      expect(user.notices).to.deep.equal([])
    })

    describe('where there is no keychain this time, and the login is in one', () => {
      beforeEach(() => saveToken(user.stores(), ada))

      it("is that account's, in silence", async () => {
        writeNetrc(entries({...ada, token: 'HRKU-copy'}))
        expect(await find({}, noKeychain)).to.deep.equal(inNetrc({...ada, token: 'HRKU-copy'}))
        expect(user.notices).to.deep.equal([])
      })

      it("is not another account's, unless it is named", async () => {
        writeNetrc(entries(grace))
        const {hint, message} = await thrownBy(find({}, noKeychain))
        expect(message).to.equal(
          `secret-tool is not installed, so ada@example.com's token cannot be read; ${user.netrcPath} holds grace@example.com's token, which was not used`,
        )
        expect(hint).to.equal('install it; or set HEROKU_NETRC_WRITE=true to act as grace@example.com')
        expect(await find({HEROKU_NETRC_WRITE: 'true'}, noKeychain)).to.deep.equal(inNetrc(grace))
      })

      it('is not "not logged in", but what is missing', async () => {
        expect(await find({}, noKeychain)).to.deep.include({because: 'secret-tool is not installed'})
      })

      it("is another host's", async () => {
        writeNetrc(entries(grace, ['api.staging.herokudev.com']))
        expect(await find({HEROKU_HOST: 'staging.herokudev.com'}, noKeychain)).to.deep.equal(inNetrc(grace))
      })
    })

    it('is looked for in silence where the keychain holds nothing', async () => {
      writeNetrc(entries(ada))
      expect(await find()).to.deep.equal(inNetrc())
      expect(user.notices).to.deep.equal([])
    })

    it('counts for the API host alone', async () => {
      writeNetrc(entries(ada, ['git.heroku.com', 'example.com']))
      expect(await find()).to.deep.equal({})
      writeNetrc(entries(ada, ['api.staging.herokudev.com']))
      expect(await find({HEROKU_HOST: 'staging.herokudev.com'})).to.deep.equal(inNetrc())
    })

    it('may have no account', async () => {
      writeNetrc(entries({token: ada.token}))
      expect(await find()).to.deep.equal({found: {token: ada.token, source: 'netrc', location: user.netrcPath}})
    })

    it('is not there without a token', async () => {
      writeNetrc('machine api.heroku.com\n  login ada@example.com\n')
      expect(await find()).to.deep.equal({})
    })

    it('says until when', async () => {
      await saveToken(user.stores({}, noKeychain), ada, EXPIRY)
      expect(await find({}, noKeychain)).to.deep.equal({
        found: {...inNetrc().found, expiresAt: EXPIRY, isFallback: true},
      })
    })

    it('fails where it is needed and cannot be read', async () => {
      mkdirSync(user.netrcPath)
      for (const keychain of [noKeychain, user.memory.keychain])
        expect(await thrownBy(find({}, keychain))).to.include({
          problem: 'failed',
          message: `could not read ${user.netrcPath} (EISDIR)`,
        })
    })
  })

  describe('when the keychain failed', () => {
    for (const problem of ['locked', 'denied', 'unavailable', 'timed-out', 'failed'] satisfies Problem[]) {
      it(`as ${problem}, goes on with .netrc, and says so with the cause and what to do`, async () => {
        await logIn()
        writeNetrc(entries(ada))
        user.memory.fail(new StorageError(problem, `the keyring was ${problem}`, 'do this'))
        expect(await find()).to.deep.equal(inNetrc())
        expect(user.notices).to.deep.equal([`the keyring was ${problem}; using ${user.netrcPath} instead (do this)`])
      })
    }

    it('because it could not be opened, goes on all the same', async () => {
      writeNetrc(entries(ada))
      user.memory.faults.set('open', new StorageError('unavailable', 'secret-tool could not be started (ENOENT)'))
      expect(await find()).to.deep.equal(inNetrc())
      expect(user.notices).to.deep.equal([`secret-tool could not be started (ENOENT); using ${user.netrcPath} instead`])
    })

    it('says so once in a process, and does not ask it again', async () => {
      await logIn()
      writeNetrc(entries(ada))
      user.memory.fail(locked())
      const stores = user.stores()
      expect([await findCredential(stores), await findCredential(stores)]).to.deep.equal([inNetrc(), inNetrc()])
      expect(user.notices).to.have.length(1)
      expect(user.memory.calls).to.deep.equal(['open', `get ${ada.account}`])
    })

    it('says nothing where it is only to look', async () => {
      await logIn()
      writeNetrc(entries(ada))
      user.memory.fail(locked())
      expect(await findCredential(user.stores(), {lookOnly: true})).to.deep.equal(inNetrc())
      expect(user.notices).to.deep.equal([])
    })

    it('is not "not logged in": the cause and the hint come back, and nothing on record is lost', async () => {
      await saveToken(user.stores(), ada)
      const before = [user.read(LOGIN_JSON), user.read(OUR_JSON)]
      const failure = locked()
      user.memory.fail(failure)
      expect(await find()).to.deep.equal({because: 'the keyring is locked', failure})
      expect([user.read(LOGIN_JSON), user.read(OUR_JSON)]).to.deep.equal(before)
      user.memory.recover()
      expect(await find()).to.deep.equal(inKeychain())
    })

    const onRecord = {
      'login.json names': () => writeLoginJson(user.dataDir, ada.account),
      'logged in last, though login.json is gone,': async () => {
        await saveToken(user.stores(), ada)
        rmSync(join(user.home, LOGIN_JSON))
      },
    }
    for (const [who, prepare] of Object.entries(onRecord)) {
      for (const [other, netrcAccount] of [
        [grace, grace.account],
        [{token: grace.token}, 'an unnamed account'],
      ] as const) {
        it(`uses no other account than the one that ${who} if .netrc has ${netrcAccount}`, async () => {
          await prepare()
          writeNetrc(entries(other))
          user.memory.fail(locked())
          const error = await thrownBy(find())
          expect(error).to.be.instanceOf(UserError)
          expect(error).to.include({
            message:
              `the keyring is locked, so ${ada.account}'s token cannot be read; ${user.netrcPath} holds ` +
              `${netrcAccount}'s token, which was not used`,
            hint: `unlock it; or set HEROKU_NETRC_WRITE=true to act as ${netrcAccount}`,
            exitCode: 1,
          })
          expect(user.notices).to.deep.equal([])
          const {found} = await find({HEROKU_NETRC_WRITE: 'true'})
          expect(found?.token).to.equal(grace.token)
        })
      }
    }

    it('uses the account in .netrc if no account is on record', async () => {
      writeNetrc(entries(grace))
      user.memory.fail(locked())
      expect(await find()).to.deep.equal(inNetrc(grace))
    })

    it('is not covered up by a mistake of ours', async () => {
      await logIn()
      writeNetrc(entries(ada))
      const mistake = new TypeError('a mistake')
      user.memory.fail(mistake)
      expect(await thrownBy(find())).to.equal(mistake)
    })
  })

  describe('after the keychain refused a newer login', () => {
    const newer = {...ada, token: 'HRKU-newer'}
    beforeEach(async () => {
      await logIn({...ada, token: 'HRKU-older'})
      user.memory.fail(locked())
      await saveToken(user.stores(), newer, EXPIRY)
      user.memory.recover()
    })

    it('is the newer one, from .netrc, though the keychain is back with the older', async () => {
      expect(await find()).to.deep.equal({found: {...inNetrc(newer).found, expiresAt: EXPIRY, isFallback: true}})
      expect(user.notices).to.deep.equal([])
    })

    it('is the older one where the newer is nowhere any more', async () => {
      rmSync(user.netrcPath)
      expect(await find()).to.deep.equal(inKeychain({...ada, token: 'HRKU-older'}))
      writeNetrc(entries({...ada, token: 'HRKU-unknown'}))
      expect(await find()).to.deep.equal(inKeychain({...ada, token: 'HRKU-older'}))
    })

    it('is the newest one after the next login, in the keychain', async () => {
      await saveToken(user.stores(), {...ada, token: 'HRKU-newest'})
      expect(await find()).to.deep.equal(inKeychain({...ada, token: 'HRKU-newest'}))
    })
  })

  describe("for another host than the token's", () => {
    const staging = {HEROKU_HOST: 'staging.herokudev.com'}

    it('is named without control characters, whatever is on record', async () => {
      await saveToken(user.stores(), ada)
      user.write(OUR_JSON, user.read(OUR_JSON)?.replace('api.heroku.com', String.raw`evil\u001B[2J`) ?? '')
      expect(await find()).to.deep.equal({
        because: 'ada@example.com is logged in to evil\uFFFD[2J, not to api.heroku.com',
      })
    })

    it('is not given, and says why', async () => {
      await saveToken(user.stores(), ada)
      expect(await find(staging)).to.deep.equal({
        because: 'ada@example.com is logged in to api.heroku.com, not to api.staging.herokudev.com',
      })
      expect(await find()).to.deep.equal(inKeychain())
    })

    it('is bound to the host of its first use, where the Heroku CLI stored it', async () => {
      await logIn()
      const because = 'ada@example.com is logged in to api.heroku.com, not to api.staging.herokudev.com'
      expect(await findCredential(user.stores(staging), {lookOnly: true})).to.deep.equal(inKeychain())
      expect(await find()).to.deep.equal(inKeychain())
      expect(await find(staging)).to.deep.equal({because})
      expect(await findAccountCredential(user.stores(staging), ada.account)).to.deep.equal({because})
      expect(policy.findAtOnce(user.stores(staging), ada)).to.equal(undefined)
      user.memory.tokens.set(ada.account, 'HRKU-a-later-login-of-the-cli')
      expect(await find(staging)).to.deep.equal({because})
      expect((await find()).found?.token).to.equal('HRKU-a-later-login-of-the-cli')
    })

    it('is left unbound by an answer that records nothing, which is then none', async () => {
      await logIn()
      expect(policy.findAtOnce(user.stores(), ada)).to.equal(undefined)
      expect(await find()).to.deep.equal(inKeychain())
      expect(policy.findAtOnce(user.stores(), ada)).to.deep.equal(inKeychain().found)
    })

    it('is not given from the keychain after a login to that other host that went to .netrc', async () => {
      await saveToken(user.stores(), ada)
      user.memory.fail(locked())
      await saveToken(user.stores(staging), {...ada, token: 'HRKU-staging'})
      await saveToken(user.stores(staging), {...ada, token: 'HRKU-staging-again'})
      user.memory.recover()
      writeNetrc('')
      const because = 'ada@example.com is logged in to api.heroku.com, not to api.staging.herokudev.com'
      expect(await find(staging)).to.deep.equal({because})
    })

    it('is found where it cannot be bound', async () => {
      await logIn()
      mkdirSync(join(user.dataDir, 'heroku-keychain.lock'))
      expect(await find()).to.deep.equal(inKeychain())
    })

    it("is that host's own from .netrc", async () => {
      await saveToken(user.stores(), ada)
      writeNetrc(entries(grace, ['api.staging.herokudev.com']))
      expect(await find(staging)).to.deep.equal(inNetrc(grace))
    })
  })
})

describe('finding the token of an account by name', () => {
  const user = freshUser()
  const find = (account: string, env = {}) => findAccountCredential(user.stores(env), account)

  it('finds the token of an account that is not current, and leaves the current account', async () => {
    await saveToken(user.stores(), grace)
    await saveToken(user.stores(), ada)
    expect(await find(grace.account)).to.deep.equal({
      found: {...grace, source: 'secret-service', location: 'the keyring'},
    })
    expect(user.read(LOGIN_JSON)).to.equal(`{"account":"${ada.account}"}\n`)
  })

  it('finds it in .netrc where the keychain holds none, or is not to be used', async () => {
    user.write('.netrc', entries(grace))
    const inNetrc = {found: {...grace, source: 'netrc', location: user.netrcPath}}
    expect(await find(grace.account)).to.deep.equal(inNetrc)
    user.memory.tokens.set(grace.account, 'HRKU-other')
    expect(await find(grace.account, {HEROKU_NETRC_WRITE: 'true'})).to.deep.equal(inNetrc)
  })

  it("never gives another account's from .netrc", async () => {
    user.write('.netrc', entries(ada))
    expect(await find(grace.account)).to.deep.equal({})
  })

  it('says what is wrong with the keychain, unless .netrc helps out', async () => {
    user.memory.fail(locked())
    const looked = await find(grace.account)
    expect(looked.found).to.equal(undefined)
    expect(looked).to.deep.include({because: 'the keyring is locked'})
    user.write('.netrc', entries(grace))
    expect((await find(grace.account)).found).to.include(grace)
  })

  it("does not give one host's token to another", async () => {
    await saveToken(user.stores(), grace)
    const {because, found} = (await find(grace.account, {HEROKU_HOST: 'herokudev.com'})) as Record<string, unknown>
    expect(found).to.equal(undefined)
    expect(because).to.equal('grace@example.com is logged in to api.heroku.com, not to api.herokudev.com')
  })
})
