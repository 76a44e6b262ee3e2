// A logout that revoked the token, and could not remove every copy: KeePassXC with "confirm access" never removes.
import {expect} from 'chai'
import {StorageError} from '../../../src/errors.js'
import {findAtOnce} from '../../../src/credentials/find.js'
import {findAccountCredential, findCredential} from '../../support/lookup.js'
import {readLoginState} from '../../../src/credentials/login-files.js'
import {findToRemove, forgetLogin, removeToken} from '../../../src/credentials/remove.js'
import {removeAccount} from '../../../src/credentials/remove-account.js'
import {saveToken} from '../../../src/credentials/save.js'
import {openProvider} from '../../../src/host/credential-provider.js'
import {thrownBy} from '../../support/thrown-by.js'
import {countTestsHere} from '../../support/trust.js'
import {ada, entries, freshUser, OUR_JSON} from '../../support/user.js'

const denied = () => new StorageError('denied', 'the keyring did not let it go', 'answer its prompt')

describe('a token that a logout revoked, and that is still in the keychain', () => {
  countTestsHere('unavailable/revoked')
  const user = freshUser()
  const found = {...ada, source: 'secret-service', location: 'the keyring'} as const
  const logOut = async (revoked = true) => {
    const stores = user.stores()
    return removeToken(stores, (await findToRemove(stores)) ?? expect.fail('none found'), undefined, {revoked})
  }
  const because = 'a logout revoked the token of ada@example.com that is still in the keyring'

  describe('since the keychain never removes', () => {
    beforeEach(async () => {
      await saveToken(user.stores(), ada)
      user.memory.faults.set('remove', denied())
      expect((await logOut()).failures).to.have.length(1)
    })

    it('is never given again, to any reader, and why is said', async () => {
      expect(await findCredential(user.stores())).to.deep.equal({because})
      expect(await findCredential(user.stores(), {lookOnly: true})).to.deep.equal({because})
      expect(await findAccountCredential(user.stores(), ada.account)).to.deep.equal({because})
      expect(findAtOnce(user.stores(), ada)).to.equal(undefined)
      await thrownBy(openProvider(user.stores()).getAuth(undefined, 'api.heroku.com'))
      await thrownBy(openProvider(user.stores()).getAuth(ada.account, 'api.heroku.com'))
    })

    it('is not given from .netrc either', async () => {
      user.write('.netrc', entries(ada))
      expect((await findCredential(user.stores())).found).to.equal(undefined)
      expect((await findCredential(user.stores({HEROKU_NETRC_WRITE: 'true'}))).found).to.equal(undefined)
    })

    it('is found by the next logout, which fails again, and then removes it', async () => {
      expect((await logOut()).failures).to.have.length(1)
      user.memory.recover()
      expect(await logOut()).to.deep.equal({removedFrom: ['the keyring'], left: [], failures: []})
      expect(readLoginState(user.dataDir)).to.deep.equal({loggedOut: true, tokens: []})
    })

    it('is not given again after a later removal that failed too, and was not about revoking it', async () => {
      expect((await removeAccount(user.stores(), ada.account)).failures).to.have.length(1)
      expect((await logOut(false)).failures).to.have.length(1)
      expect(await findCredential(user.stores())).to.deep.equal({because})
    })

    it('is no longer waited for once it was deleted by hand', async () => {
      user.memory.tokens.clear()
      expect(await findCredential(user.stores())).to.deep.equal({})
      expect(await findToRemove(user.stores())).to.equal(undefined)
      await forgetLogin(user.stores())
      expect(readLoginState(user.dataDir)).to.deep.equal({loggedOut: true, tokens: []})
    })

    it('is replaced by the next login', async () => {
      const newer = {...ada, token: 'HRKU-newer'}
      await saveToken(user.stores(), newer)
      expect((await findCredential(user.stores())).found).to.include(newer)
    })

    it('is given again after a login with this very token', async () => {
      await saveToken(user.stores(), ada)
      expect((await findCredential(user.stores())).found).to.include(ada)
    })

    it('is not named in any file', () => {
      expect(user.read(OUR_JSON)).to.include('ended').and.not.to.include(ada.token)
    })
  })

  for (const verb of ['get', 'accounts', 'open'] as const)
    it(`is never given again where the keychain failed to ${verb}`, async () => {
      await saveToken(user.stores(), ada)
      user.memory.fail(denied())
      user.memory.faults.set(verb, denied())
      expect((await removeToken(user.stores(), found, undefined, {revoked: true})).failures).to.have.length(1)
      user.memory.recover()
      expect(await findCredential(user.stores())).to.deep.equal({because})
    })

  it('is never given again from a .netrc that could not be written', async () => {
    await saveToken(user.stores(), ada)
    user.write('.netrc', `${entries(ada)}\0`)
    expect((await removeToken(user.stores(), found, undefined, {revoked: true})).failures).to.have.length(1)
    user.write('.netrc', entries(ada))
    expect((await findCredential(user.stores())).found).to.equal(undefined)
  })

  it('is never given again after a logout with HEROKU_NETRC_WRITE=true from a copy in .netrc', async () => {
    await saveToken(user.stores(), ada)
    user.write('.netrc', entries(ada))
    const stores = user.stores({HEROKU_NETRC_WRITE: 'true'})
    const copy = {...ada, source: 'netrc', location: user.netrcPath} as const
    expect((await removeToken(stores, copy, undefined, {revoked: true})).failures).to.deep.equal([])
    expect(await findCredential(user.stores())).to.deep.equal({because})
  })

  it('is given again where the logout was not to revoke it, and failed', async () => {
    await saveToken(user.stores(), ada)
    user.memory.faults.set('remove', denied())
    expect((await logOut(false)).failures).to.have.length(1)
    expect((await findCredential(user.stores())).found).to.include(ada)
  })
})
