// Accounts in several keychains: which of them is asked, takes a new token, and is cleared by a logout.
import {expect} from 'chai'
import type {Keychain} from '../../../src/backends/resolve.js'
import {isMemoryOnly, parseStore, STORE_NAMES, storeOption} from '../../../src/backends/store-choice.js'
import * as policy from '../../../src/credentials/find.js'
import {chosenBy} from '../../../src/credentials/chosen-store.js'
import {removeToken} from '../../../src/credentials/remove.js'
import {saveToken} from '../../../src/credentials/save.js'
import {plainTextAtLogin} from '../../../src/credentials/plain-text-at-login.js'
import type {CredentialStores, StoresContext} from '../../../src/credentials/stores.js'
import {keychainOfMigrate} from '../../../src/migrate/target.js'
import {type Problem, StorageError, UserError} from '../../../src/errors.js'
import {findCredential} from '../../support/lookup.js'
import {memoryKeychain, type MemoryKeychain} from '../../support/memory-keychain.js'
import {migrate} from '../../support/migrate.js'
import {thrownBy} from '../../support/thrown-by.js'
import {ada, entries, freshUser, grace, noKeychain, OUR_JSON} from '../../support/user.js'

const AGAIN = {...ada, token: 'HRKU-adas-next'}
const failing = (problem: Problem) => new StorageError(problem, `it is ${problem}`, 'repair it')

describe('accounts in several keychains', () => {
  const user = freshUser()
  let pass: MemoryKeychain
  let passKeychain: Extract<Keychain, {name: string}>

  beforeEach(() => {
    pass = memoryKeychain()
    passKeychain = {...pass.keychain, name: 'password-store', title: 'pass'}
  })

  const context = (more: Partial<StoresContext> = {}): Partial<StoresContext> => ({
    otherKeychains: [passKeychain],
    keychainNamed: ({name}) =>
      name === 'password-store' ? passKeychain : name === 'secret-service' ? user.memory.keychain : noKeychain,
    ...more,
  })
  const stores = (more: Partial<StoresContext> = {}, env: NodeJS.ProcessEnv = {}): CredentialStores =>
    user.stores(env, undefined, context(more))
  /** The stores of a user who chose pass. */
  const choosingPass = () => ({
    keychain: passKeychain,
    otherKeychains: [user.memory.keychain],
    chosen: {from: '--store', text: 'pass', store: {name: 'password-store' as const}},
  })
  const saveInPass = (credential = ada) => saveToken(stores(choosingPass()), credential)
  const contents = () => ({keyring: Object.fromEntries(user.memory.tokens), pass: Object.fromEntries(pass.tokens)})

  describe('a lookup', () => {
    it('asks only the keychain on record', async () => {
      await saveInPass()
      user.memory.calls.length = 0
      expect((await findCredential(stores())).found).to.include({...ada, source: 'password-store', location: 'pass'})
      expect(user.memory.calls).to.deep.equal([])
    })

    it('asks only the chosen keychain, whatever is on record', async () => {
      await saveToken(stores(), ada)
      pass.tokens.set(ada.account, AGAIN.token)
      const more = choosingPass()
      expect((await findCredential(stores(more))).found).to.include(AGAIN)
    })

    it('asks the preferred keychain for an account without a record', async () => {
      user.memory.tokens.set(ada.account, ada.token)
      expect((await findCredential(stores())).found).to.include({...ada, source: 'secret-service'})
      expect(pass.calls).to.deep.equal([])
    })

    it('fails if the keychain on record is not there, and asks no other', async () => {
      await saveInPass()
      user.memory.tokens.set(ada.account, 'HRKU-older')
      const {because} = await findCredential(stores({keychainNamed: () => noKeychain}))
      expect(because).to.equal('secret-tool is not installed')
    })

    it('says where the token is if another keychain is chosen', async () => {
      await saveToken(stores(), ada)
      const lookup = await policy.findCredential(stores(choosingPass()))
      expect(lookup).to.deep.equal({
        outcome: 'absent',
        because:
          "the token of ada@example.com was stored in the keyring, and --store asks for pass; to move it: heroku auth:migrate --to 'pass'",
      })
    })

    it('says that the user is not logged in if the preferred keychain is unavailable, and another one is there', async () => {
      for (const problem of ['unavailable', 'locked'] as const) {
        user.memory.fail(failing(problem))
        const absent = problem === 'unavailable'
        expect((await policy.findCredential(stores())).outcome).to.equal(absent ? 'absent' : 'failed')
        expect((await policy.findCredential(stores({otherKeychains: []}))).outcome).to.equal('failed')
        const chosen = {from: '--store', text: 'keyring', store: {name: 'secret-service' as const}}
        expect((await policy.findCredential(stores({chosen}))).outcome).to.equal('failed')
      }
      // A login is on record.
      user.memory.recover()
      await saveToken(stores(), ada)
      user.memory.fail(failing('unavailable'))
      expect((await policy.findCredential(stores())).outcome).to.equal('failed')
    })

    it('warns, once, if it finds in .netrc what another store was chosen for', async () => {
      user.write('.netrc', entries(ada))
      const opened = stores(choosingPass())
      for (let time = 1; time <= 2; time += 1) expect((await findCredential(opened)).found).to.include(ada)
      expect(user.notices.filter((line) => line.includes("auth:migrate --to 'pass'"))).to.have.length(1)
    })
  })

  describe('a login', () => {
    it('goes to the next keychain only if the first is unavailable', async () => {
      user.memory.faults.set('set', failing('unavailable'))
      expect(await saveToken(stores(), ada)).to.include({savedIn: 'password-store', location: 'pass'})
      expect(user.notices).to.deep.equal([])
    })

    for (const problem of ['locked', 'denied', 'timed-out', 'failed', 'refused'] as const)
      it(`goes to .netrc with the reason if the first keychain is ${problem}`, async () => {
        user.memory.faults.set('set', failing(problem))
        expect(await saveToken(stores(), ada)).to.include({savedIn: 'netrc', because: `it is ${problem}`})
        expect(pass.tokens.size).to.equal(0)
      })

    it('reports the keychain that failed, not one that is not there', async () => {
      user.memory.faults.set('set', failing('unavailable'))
      pass.faults.set('set', failing('locked'))
      expect(await saveToken(stores(), ada)).to.include({savedIn: 'netrc', because: 'it is locked'})
    })

    it('fails if the chosen keychain fails, and stores nothing', async () => {
      for (const problem of ['unavailable', 'locked', 'failed'] as const) {
        pass.faults.set('set', failing(problem))
        const error = await thrownBy(saveInPass())
        expect(error).to.be.instanceOf(UserError)
        expect(error.message).to.equal(`the token was not stored in pass: it is ${problem}`)
      }
      expect(contents()).to.deep.equal({keyring: {}, pass: {}})
      expect(user.read('.netrc')).to.equal(undefined)
    })

    describe('whose chosen keychain stores the token, and fails', () => {
      beforeEach(async () => {
        await saveInPass()
        const set = pass.set.bind(pass)
        let times = 0
        pass.set = async (credential) => {
          await set(credential)
          times += 1
          if (times === 1) throw failing('failed')
        }
      })

      it('puts back the older token, since the new one is going to be revoked', async () => {
        expect((await thrownBy(saveInPass(AGAIN))).message).to.equal('the token was not stored in pass: it is failed')
        expect(contents()).to.deep.equal({keyring: {}, pass: {[ada.account]: ada.token}})
      })

      it('removes the token if there was none before', async () => {
        await thrownBy(saveInPass(grace))
        expect(contents()).to.deep.equal({keyring: {}, pass: {[ada.account]: ada.token}})
      })

      it('says so if that cannot be undone', async () => {
        pass.faults.set('remove', failing('locked'))
        expect((await thrownBy(saveInPass(grace))).message).to.equal(
          'the token was not stored in pass: it is failed; it may hold the new token all the same',
        )
      })
    })

    it('into another keychain removes the older token, and says so only if that fails', async () => {
      await saveToken(stores(), ada)
      expect(await saveInPass(AGAIN)).to.include({savedIn: 'password-store'})
      expect(contents()).to.deep.equal({keyring: {}, pass: {[ada.account]: AGAIN.token}})
      expect(user.notices).to.deep.equal([])
      user.memory.faults.set('remove', failing('locked'))
      await saveToken(stores({chosen: {from: '--store', text: 'keyring', store: {name: 'secret-service'}}}), ada)
      pass.faults.set('remove', failing('locked'))
      await saveToken(stores({chosen: {from: '--store', text: 'keyring', store: {name: 'secret-service'}}}), ada)
      user.notices.length = 0
      await saveInPass(AGAIN)
      expect(user.notices).to.deep.equal([
        'an older token of ada@example.com may still be in the keyring: it is locked',
      ])
    })

    it('goes to the keychain on record again, before the preferred one', async () => {
      await saveInPass()
      expect(await saveToken(stores(), AGAIN)).to.include({savedIn: 'password-store'})
      expect(contents()).to.deep.equal({keyring: {}, pass: {[ada.account]: AGAIN.token}})
    })

    it('knows before it starts whether a keychain can be reached, and calls no keyring', async () => {
      const without = {DBUS_SESSION_BUS_ADDRESS: '', DISPLAY: '', XDG_RUNTIME_DIR: user.home}
      expect(await plainTextAtLogin(stores({}, {...without, DBUS_SESSION_BUS_ADDRESS: 'unix:abstract=x'}))).to.equal(
        undefined,
      )
      expect(await plainTextAtLogin(stores({}, without)), 'pass').to.equal(undefined)
      pass.faults.set('accounts', failing('unavailable'))
      const {because, hint} = (await plainTextAtLogin(stores({}, without))) ?? {}
      expect(hint).to.match(/^set up pass, which needs no desktop: gpg /u)
      const noTool = {keychain: noKeychain, otherKeychains: []}
      expect((await plainTextAtLogin(stores(noTool)))?.hint).to.match(/^install it; or set up pass, /u)
      expect(because).to.equal('there is no D-Bus session, so no keyring')
      const netrc = {chosen: {from: '--store', text: 'netrc', store: 'netrc' as const}}
      expect(await plainTextAtLogin(stores(netrc, without))).to.equal(undefined)
      expect((await thrownBy(plainTextAtLogin(stores(choosingPass())))).message).to.include('cannot be stored in pass')
      pass.faults.set('accounts', failing('locked'))
      expect(await plainTextAtLogin(stores({}, without)), 'a locked keychain can ask').to.equal(undefined)
      expect(user.memory.calls).to.deep.equal([])
    })
  })

  describe('a logout', () => {
    const logOut = async (opened: CredentialStores) => {
      const {found} = await findCredential(opened)
      if (!found) throw new Error('nothing was found')
      return removeToken(opened, found)
    }

    it('reports a keychain that removes nothing, and still gives the token', async () => {
      await saveInPass()
      pass.remove = () => Promise.resolve(false)
      const {failures} = await logOut(stores())
      expect(failures.map(({error}) => error.message)).to.deep.equal([
        'pass still gives the token that was to be removed',
      ])
    })

    it('removes a copy from every keychain that was ever used', async () => {
      await saveInPass(grace)
      await saveToken(stores(), ada)
      pass.tokens.set(ada.account, ada.token)
      const {failures, removedFrom} = await logOut(stores())
      expect({failures, removedFrom}).to.deep.equal({failures: [], removedFrom: ['the keyring', 'pass']})
      expect(contents()).to.deep.equal({keyring: {}, pass: {[grace.account]: grace.token}})
    })

    it('removes a copy from the preferred keychain, too, if another one is chosen', async () => {
      await saveInPass()
      user.memory.tokens.set(ada.account, ada.token)
      const {failures, removedFrom} = await logOut(stores(choosingPass()))
      expect({failures, removedFrom}).to.deep.equal({failures: [], removedFrom: ['pass', 'the keyring']})
    })

    it('passes over a keychain that is not there, and not over one that fails', async () => {
      await saveInPass()
      user.memory.fail(failing('unavailable'))
      const {failures, removedFrom} = await logOut(stores())
      expect({failures, removedFrom}).to.deep.equal({failures: [], removedFrom: ['pass']})
      await saveInPass()
      user.memory.fail(failing('failed'))
      expect((await logOut(stores())).failures.map(({location}) => location)).to.deep.equal(['the keyring'])
    })

    it('remembers the keychains that were used', async () => {
      await saveInPass()
      await logOut(stores())
      expect(JSON.parse(user.read(OUR_JSON) ?? '')).to.deep.include({stores: ['pass'], tokens: []})
    })
  })

  it('a migrate to .netrc that could not remove the token goes on where it is, and then from the preferred keychain', async () => {
    await saveInPass()
    const moved = async () => {
      const opened = stores()
      const keychain = await keychainOfMigrate(opened, 'netrc', ada.account)
      await migrate(
        stores({keychain: keychain?.name === 'password-store' ? passKeychain : user.memory.keychain}),
        'netrc',
      )
      return keychain?.title
    }
    pass.faults.set('remove', failing('failed'))
    await thrownBy(moved())
    expect(pass.tokens.get(ada.account)).to.equal(ada.token)
    pass.recover()
    expect([await moved(), await moved()]).to.deep.equal(['pass', 'the keyring'])
    expect(contents()).to.deep.equal({keyring: {}, pass: {}})
  })

  describe('a migrate to a keychain that has the token already', () => {
    const toPass = async () => (await migrate(stores(choosingPass()), 'keychain', {fromKeychains: true})).failures

    it('removes the copy that a migrate which was killed has left in another one', async () => {
      await saveInPass()
      user.memory.tokens.set(ada.account, ada.token)
      expect(await toPass()).to.deep.equal([])
      expect(contents()).to.deep.equal({keyring: {}, pass: {[ada.account]: ada.token}})
    })

    it('leaves another token there', async () => {
      await saveInPass()
      user.memory.tokens.set(ada.account, 'HRKU-older')
      expect(await toPass()).to.deep.equal([])
      expect(contents()).to.deep.equal({keyring: {[ada.account]: 'HRKU-older'}, pass: {[ada.account]: ada.token}})
    })

    it('shows no prompt for the other ones, and passes over one that fails', async () => {
      await saveInPass()
      user.memory.calls.length = 0
      user.memory.fail(failing('failed'))
      expect(await toPass()).to.deep.equal([])
      expect(user.memory.calls).to.deep.equal(['open', `get ${ada.account}`])
      user.memory.recover()
      user.memory.peek = () => Promise.resolve('locked')
      user.memory.calls.length = 0
      expect(await toPass()).to.deep.equal([])
      expect(user.memory.calls).to.deep.equal(['open'])
    })
  })
})

describe('the name of a store', () => {
  it('is read back as it was written', () => {
    for (const text of STORE_NAMES.filter((name) => name !== 'netrc')) {
      const choice = parseStore(text)
      expect(choice && storeOption(choice), text).to.equal(text)
    }
    expect(parseStore('helper:cache --timeout 60')).to.deep.equal({name: 'git-helper', helper: 'cache --timeout 60'})
  })

  it('is no other word', () => {
    for (const text of ['', 'Keyring', 'toString', 'secret-service', 'helper'])
      expect(parseStore(text), text).to.equal(undefined)
    expect(chosenBy('--store', '')).to.equal(undefined)
    expect(chosenBy('--store', 'safe')).to.deep.equal({from: '--store', text: 'safe', store: undefined})
  })

  it('says whether a helper forgets', () => {
    expect(isMemoryOnly('cache --timeout 60')).to.equal(true)
    expect(isMemoryOnly('osxkeychain')).to.equal(false)
  })
})
