import {expect} from 'chai'
import {StorageError} from '../../../src/errors.js'
import {writeLoginJson} from '../../support/login-record.js'
import {saveToken} from '../../../src/credentials/save.js'
import {openProvider} from '../../../src/host/credential-provider.js'
import {thrownBy} from '../../support/thrown-by.js'
import {ada, entries, freshUser, grace, LOGIN_JSON, noKeychain, OUR_JSON} from '../../support/user.js'

const API = 'api.heroku.com'
const HOSTS = [API, 'git.heroku.com']
const locked = () => new StorageError('locked', 'the keyring is locked', 'unlock it')

describe("the credential provider for the Heroku CLI's client", () => {
  const user = freshUser()
  const open = (...how: Parameters<typeof user.stores>) => openProvider(user.stores(...how))
  /** The header of a request with the token, or the error. */
  const header = (token: string) => {
    try {
      return `Bearer ${token}`
    } catch (error) {
      return error as Error & {suggestions?: string[]}
    }
  }

  describe('getAuth', () => {
    it('returns the credential that the lookup finds', async () => {
      await saveToken(user.stores(), ada)
      expect(await open().getAuth(ada.account, API)).to.deep.equal(ada)
      expect(await open().getAuth(undefined, API)).to.deep.equal(ada)
      user.write('.netrc', entries(grace))
      expect(await open({HEROKU_NETRC_WRITE: 'true'}).getAuth(undefined, API)).to.deep.equal(grace)
      expect((await open({HEROKU_API_KEY: 'HRKU-key'}).getAuth(undefined, API)).token).to.equal('HRKU-key')
    })

    it('reads the keychain once, for several calls', async () => {
      await saveToken(user.stores(), ada)
      user.memory.calls.length = 0
      const provider = open()
      await Promise.all([provider.getAuth(ada.account, API), provider.getAuth(ada.account, API)])
      await provider.getAuth(ada.account, API)
      expect(user.memory.calls).to.deep.equal(['open', `get ${ada.account}`])
    })

    it('returns the token of another account, if the client names it', async () => {
      await saveToken(user.stores(), grace)
      await saveToken(user.stores(), ada)
      expect(await open().getAuth(grace.account, API)).to.deep.equal(grace)
    })

    it('fails without a notice if the user is not logged in', async () => {
      expect((await thrownBy(open().getAuth(undefined, API))).message).to.equal('not logged in')
      expect(user.notices).to.deep.equal([])
    })

    it('prints why, if the account could be one of several', async () => {
      user.memory.tokens.set(ada.account, ada.token).set(grace.account, grace.token)
      await thrownBy(open().getAuth(undefined, API))
      expect(user.notices).to.deep.equal([
        'not logged in: the keyring holds several accounts, and none of them is current',
      ])
    })

    it('throws at the use of the token if the keychain failed, and keeps the account', async () => {
      await saveToken(user.stores(), ada)
      user.memory.fail(locked())
      const {account, token} = await open().getAuth(ada.account, API)
      expect(account).to.equal(ada.account)
      expect(typeof token).to.equal('object')
      const error = header(token)
      expect(error).to.be.instanceOf(Error)
      expect(error).to.deep.include({message: 'the keyring is locked', suggestions: ['unlock it']})
      expect(() => JSON.stringify({token})).to.throw('the keyring is locked')
    })

    it('uses no other account if the keychain failed', async () => {
      await saveToken(user.stores(), ada)
      user.write('.netrc', entries(grace))
      user.memory.fail(locked())
      const error = header((await open().getAuth(ada.account, API)).token)
      expect(error).to.be.instanceOf(Error)
      expect((error as Error).message)
        .to.include(ada.account)
        .and.to.include(grace.account)
        .and.to.include('which was not used')
    })

    it('returns no token for another host', async () => {
      await saveToken(user.stores(), ada)
      user.memory.calls.length = 0
      const error = header((await open().getAuth(ada.account, 'api.example.com')).token)
      expect((error as Error).message).to.equal('the token for api.heroku.com is not for api.example.com')
      expect(user.memory.calls).to.deep.equal([])
    })

    it('records the current account, since the client forgets it after an error', async () => {
      user.memory.tokens.set(ada.account, ada.token).set(grace.account, grace.token)
      await writeLoginJson(user.dataDir, ada.account)
      user.memory.fail(locked())
      await open().getAuth(ada.account, API)
      expect(JSON.parse(user.read(OUR_JSON) ?? '')).to.deep.include({account: ada.account, loggedOut: false})
    })

    it('records no account with HEROKU_NETRC_WRITE=true', async () => {
      await writeLoginJson(user.dataDir, ada.account)
      await thrownBy(open({HEROKU_NETRC_WRITE: 'true'}).getAuth(undefined, API))
      expect(user.read(OUR_JSON)).to.equal(undefined)
    })
  })

  describe('saveAuth', () => {
    it('stores the token in the keychain, and getAuth returns it from then on', async () => {
      const provider = open()
      await thrownBy(provider.getAuth(undefined, API))
      await provider.saveAuth(ada.account, ada.token, HOSTS)
      expect([...user.memory.tokens]).to.deep.equal([[ada.account, ada.token]])
      expect(user.read('.netrc')).to.equal(undefined)
      expect(user.read(LOGIN_JSON)).to.equal(`{"account":"${ada.account}"}\n`)
      expect(await provider.getAuth(undefined, API)).to.deep.equal(ada)
      expect(user.notices).to.deep.equal([])
    })

    it('prints which file got it in plain text, and why', async () => {
      await open({}, noKeychain).saveAuth(ada.account, ada.token, HOSTS)
      expect(user.read('.netrc')).to.equal(entries(ada))
      expect(user.notices).to.deep.equal([
        `the token is in ${user.netrcPath}, in plain text: secret-tool is not installed (install it)`,
      ])
    })
  })

  describe('removeAuth', () => {
    it('removes the account', async () => {
      await saveToken(user.stores(), ada)
      const provider = open()
      await provider.getAuth(undefined, API)
      await provider.removeAuth(ada.account, HOSTS)
      expect([...user.memory.tokens]).to.deep.equal([])
      expect((await thrownBy(provider.getAuth(undefined, API))).message).to.equal('not logged in')
    })

    it('fails if a copy may be left', async () => {
      await saveToken(user.stores(), ada)
      user.memory.faults.set('remove', locked())
      const error = await thrownBy(open().removeAuth(ada.account, HOSTS))
      expect(error).to.deep.include({
        message: 'the token may still be in the keyring: the keyring is locked',
        hint: 'unlock it',
      })
    })
  })
})
