// A login whose token went to .netrc, since there was no keychain or it failed: over SSH, in a container.
import {expect} from 'chai'
import {rmSync} from 'node:fs'
import {type Problem, StorageError} from '../../../src/errors.js'
import {findCredential} from '../../support/lookup.js'
import {readLoginState} from '../../../src/credentials/login-files.js'
import {findToRemove, forgetLogin, removeToken} from '../../../src/credentials/remove.js'
import {removeAccount} from '../../../src/credentials/remove-account.js'
import {saveToken} from '../../../src/credentials/save.js'
import {askKeyring} from '../../../src/host/netrc-parser/blocking.js'
import {thrownBy} from '../../support/thrown-by.js'
import {countTestsHere} from '../../support/trust.js'
import {ada, entries, freshUser, grace} from '../../support/user.js'

const failing = (problem: Problem) => new StorageError(problem, `the keyring was ${problem}`, 'do this')

describe('a token that our record says is in .netrc', () => {
  countTestsHere('unavailable/recorded-in-netrc')
  const user = freshUser()
  const logOut = async () => {
    const stores = user.stores()
    const found = await findToRemove(stores)
    return found && removeToken(stores, found)
  }

  for (const problem of ['unavailable', 'locked', 'timed-out', 'denied', 'failed'] satisfies Problem[])
    describe(`after a login at which the keychain was ${problem}, and still is`, () => {
      beforeEach(async () => {
        user.memory.fail(failing(problem))
        await saveToken(user.stores(), ada)
        user.memory.calls.length = 0
        user.notices.length = 0
      })

      it('is found without a query of the keychain, and without a word', async () => {
        expect((await findCredential(user.stores())).found).to.include({...ada, source: 'netrc'})
        expect(user.memory.calls).to.deep.equal([])
        expect(user.notices).to.deep.equal([])
        expect(askKeyring(user.stores({PATH: '/usr/bin'}))).to.equal(undefined)
      })

      it('is logged out without a query of the keychain, which is said, and so is a second logout', async () => {
        expect(await logOut()).to.deep.equal({
          removedFrom: [user.netrcPath],
          left: [],
          failures: [],
          notQueried: 'the keyring',
        })
        expect(user.read('.netrc')).to.equal('')
        expect(readLoginState(user.dataDir)).to.deep.equal({loggedOut: true, tokens: []})
        expect(await logOut()).to.equal(undefined)
        expect(user.memory.calls).to.deep.equal([])
      })

      it('is removed by name, and the keychain does not keep it from that', async () => {
        const {failures, notQueried} = await removeAccount(user.stores(), ada.account)
        expect({failures, notQueried}).to.deep.equal({failures: [], notQueried: 'the keyring'})
        expect(user.read('.netrc')).to.equal('')
        expect(readLoginState(user.dataDir).loggedOut).to.equal(true)
      })
    })

  it('is forgotten by a logout where it is not there any more, and there is no keychain to ask', async () => {
    user.memory.fail(failing('unavailable'))
    await saveToken(user.stores(), ada)
    rmSync(user.netrcPath)
    expect(await logOut()).to.equal(undefined)
    await forgetLogin(user.stores())
    expect(readLoginState(user.dataDir)).to.deep.equal({loggedOut: true, tokens: []})
  })

  it('is not that of another account that .netrc has since', async () => {
    user.memory.fail(failing('unavailable'))
    await saveToken(user.stores(), ada)
    user.write('.netrc', entries(grace))
    expect((await thrownBy(findCredential(user.stores()))).message).to.equal(
      `ada@example.com is logged in, but that account's token is not in ${user.netrcPath}; ${user.netrcPath} holds ` +
        "grace@example.com's token, which was not used",
    )
    user.write('.netrc', entries({token: ada.token}))
    expect((await findCredential(user.stores())).found?.token).to.equal(ada.token)
  })
})

describe('a token in .netrc that is on no record', () => {
  const user = freshUser()
  beforeEach(() => {
    user.write('.netrc', entries(ada))
  })
  const removal = async () => {
    const stores = user.stores()
    return removeToken(stores, (await findToRemove(stores)) ?? expect.fail('none found'))
  }

  it('is logged out where no keychain can be reached, and none was ever used', async () => {
    user.memory.fail(failing('unavailable'))
    expect(await removal()).to.deep.include({failures: [], notQueried: 'the keyring'})
    expect(await findToRemove(user.stores())).to.equal(undefined)
  })

  it('is all that a logout is about, so that there is none where .netrc has none either', async () => {
    user.memory.fail(failing('unavailable'))
    rmSync(user.netrcPath)
    expect(await findToRemove(user.stores())).to.equal(undefined)
  })

  it('may have a copy in a keychain that is locked', async () => {
    user.memory.fail(failing('locked'))
    expect((await removal()).failures.map(({location: place}) => place)).to.deep.equal(['the keyring'])
  })

  it('may have a copy in a keychain that a login of the same user is in', async () => {
    await saveToken(user.stores(), ada)
    user.memory.fail(failing('unavailable'))
    expect((await removal()).failures.map(({location: place}) => place)).to.deep.equal(['the keyring'])
  })
})
