import {expect} from 'chai'
import {StorageError, UserError} from '../../../src/errors.js'
import {findCredential} from '../../support/lookup.js'
import {recordLogout} from '../../support/login-record.js'
import type {MigrateOptions} from '../../../src/migrate/plan.js'
import type {Verify} from '../../../src/migrate/survey.js'
import {saveToken} from '../../../src/credentials/save.js'
import {migrate} from '../../support/migrate.js'
import {thrownBy} from '../../support/thrown-by.js'
import {ada, entries, freshUser, grace, LOGIN_JSON} from '../../support/user.js'

const FOREIGN = '# mine\nmachine github.com login bob password "x y"\n'
const EXPIRY = '2030-01-01T00:00:00.000Z'

describe('migrating to .netrc', () => {
  const user = freshUser()
  const held = () => Object.fromEntries(user.memory.tokens)
  const go = (wishes: MigrateOptions & {verify?: Verify} = {}, env = {}) => migrate(user.stores(env), 'netrc', wishes)
  const current = async () => (await findCredential(user.stores())).found
  const conflicts = async () => (await go()).conflicts?.map(({about, candidates}) => [about, ...candidates])

  it('moves the current token, and records its account and expiry', async () => {
    user.write('.netrc', FOREIGN)
    await saveToken(user.stores(), ada, EXPIRY)
    expect((await go()).done).to.deep.equal([
      `Copied the token of ada@example.com from the keyring to ${user.netrcPath}, in plain text`,
      'Removed the token of ada@example.com from the keyring',
    ])
    expect(user.read('.netrc')).to.equal(FOREIGN + entries(ada))
    expect(held()).to.deep.equal({})
    expect(await current()).to.include({...ada, source: 'netrc', expiresAt: EXPIRY})
  })

  it('is undone by a migrate to the keychain, to the byte', async () => {
    user.write('.netrc', FOREIGN + entries(ada))
    await migrate(user.stores(), 'keychain')
    expect(user.read('.netrc')).to.equal(FOREIGN)
    await go()
    expect(user.read('.netrc')).to.equal(FOREIGN + entries(ada))
    expect((await migrate(user.stores(), 'keychain')).conflicts).to.equal(undefined)
    expect(user.read('.netrc')).to.equal(FOREIGN)
    expect(await current()).to.include({...ada, source: 'secret-service'})
  })

  it('has nothing to do the second time', async () => {
    await saveToken(user.stores(), ada)
    await go()
    expect((await go()).done).to.deep.equal([])
    user.memory.tokens.clear()
    await recordLogout(user.dataDir, ada.account)
    expect((await go()).done).to.deep.equal([])
  })

  it('keeps and names the other tokens, and makes none of their accounts current', async () => {
    await saveToken(user.stores(), grace)
    await saveToken(user.stores(), ada)
    const {plan} = await go()
    expect(plan?.notes).to.deep.equal([
      'the token of grace@example.com stays in the keyring, since .netrc has room for one account',
    ])
    expect(held()).to.deep.equal({[grace.account]: grace.token})
    expect(await current()).to.include({...ada, source: 'netrc'})
    // Like a CLI that could not read the keychain once.
    user.write(LOGIN_JSON, '')
    expect(await current()).to.include({...ada, source: 'netrc'})
    expect((await go()).done).to.deep.equal([])
  })

  it('brings back the account that --account names, and makes it current', async () => {
    await saveToken(user.stores(), grace)
    await saveToken(user.stores(), ada)
    await go({account: grace.account})
    expect(held()).to.deep.equal({[ada.account]: ada.token})
    expect(user.read('.netrc')).to.equal(entries(grace))
    expect(await current()).to.include({...grace, source: 'netrc'})
  })

  it('asks which account, if none is current, and accepts no others', async () => {
    user.memory.tokens.set(ada.account, ada.token).set(grace.account, grace.token)
    expect(await conflicts()).to.deep.equal([['current', ada.account, grace.account]])
    const error = await thrownBy(go({account: 'nobody@example.com'}))
    expect(error).to.be.instanceOf(UserError)
    expect(error).to.include({
      message: 'the keyring holds no token of nobody@example.com',
      hint: 'it holds those of ada@example.com, grace@example.com',
    })
  })

  it('keeps the token in the keychain with --keep, and has nothing to do the second time', async () => {
    await saveToken(user.stores(), ada)
    await go({keep: true})
    expect(user.read('.netrc')).to.equal(entries(ada))
    expect(held()).to.deep.equal({[ada.account]: ada.token})
    expect((await go({keep: true})).done).to.deep.equal([])
  })

  it('stops if .netrc holds another token; --force replaces it', async () => {
    const older = entries({...ada, token: 'HRKU-older'})
    user.write('.netrc', older)
    await saveToken(user.stores(), ada)
    expect(await conflicts()).to.deep.equal([['token', ada.account]])
    expect(user.read('.netrc')).to.equal(older)
    expect((await go({force: true})).done?.[0]).to.match(/, in place of the one there, in plain text$/u)
    expect(user.read('.netrc')).to.equal(entries(ada))
    expect(held()).to.deep.equal({})
  })

  it('finishes a migrate that has written .netrc already', async () => {
    await saveToken(user.stores(), ada)
    user.write('.netrc', entries(ada))
    expect((await go()).done).to.deep.equal(['write', 'Removed the token of ada@example.com from the keyring'])
    expect(user.read('.netrc')).to.equal(entries(ada))
    expect(held()).to.deep.equal({})
  })

  it('copies no invalid token; --prune removes it, and the user is logged out', async () => {
    const verify: Verify = () => Promise.resolve('invalid')
    await saveToken(user.stores(), ada)
    const {done, plan} = await go({verify})
    expect(done).to.deep.equal([])
    expect(plan?.notes).to.deep.equal([
      'the token of ada@example.com in the keyring is not valid any more; to remove it: --prune',
    ])
    expect(held()).to.deep.equal({[ada.account]: ada.token})
    await go({verify, prune: true})
    expect(held()).to.deep.equal({})
    expect(user.read('.netrc')).to.equal(undefined)
    expect(user.read(LOGIN_JSON)).to.equal(undefined)
  })

  it('removes an account that is not current with --prune, and logs no other account out', async () => {
    await saveToken(user.stores(), grace)
    await saveToken(user.stores(), ada)
    const {plan} = await go({verify: () => Promise.resolve('invalid'), prune: true, account: grace.account})
    expect(plan?.current).to.equal(undefined)
    expect(held()).to.deep.equal({[ada.account]: ada.token})
    expect(await current()).to.include({...ada, source: 'secret-service'})
  })

  it("refuses a token of another host, and does not send it to this one's API", async () => {
    await saveToken(user.stores({HEROKU_HOST: 'staging.herokudev.com'}), ada)
    const asked: string[] = []
    const verify: Verify = (token) => {
      asked.push(token)
      return Promise.resolve('invalid')
    }
    const error = await thrownBy(go({verify}))
    expect(error).to.be.instanceOf(UserError)
    expect(error).to.include({
      message: 'the token of ada@example.com is for api.staging.herokudev.com, not for api.heroku.com',
    })
    expect(asked).to.deep.equal([])
    expect(held()).to.deep.equal({[ada.account]: ada.token})
  })

  it('leaves the keychain unchanged if .netrc cannot be written', async () => {
    await saveToken(user.stores(), ada)
    user.write('.netrc/in-the-way', '')
    expect(await thrownBy(go())).to.be.instanceOf(StorageError)
    expect(held()).to.deep.equal({[ada.account]: ada.token})
    expect(await current()).to.include({...ada, source: 'secret-service'})
  })

  it('removes no token from the keychain that was changed meanwhile', async () => {
    await saveToken(user.stores(), ada)
    const get = user.memory.get.bind(user.memory)
    let asked = 0
    user.memory.get = (account) => {
      asked += 1
      // By the survey, before the write, and before the removal.
      if (asked === 3) user.memory.tokens.set(ada.account, 'HRKU-newer')
      return get(account)
    }
    expect(await thrownBy(go())).to.include({message: 'the keyring has just been changed by another program'})
    expect(held()).to.deep.equal({[ada.account]: 'HRKU-newer'})
    expect(user.read('.netrc')).to.equal(entries(ada))
  })

  it('removes no token from the keychain that was removed from .netrc meanwhile', async () => {
    await saveToken(user.stores(), ada)
    const get = user.memory.get.bind(user.memory)
    let asked = 0
    user.memory.get = (account) => {
      asked += 1
      if (asked === 3) user.write('.netrc', FOREIGN)
      return get(account)
    }
    expect(await thrownBy(go())).to.include({
      message: `${user.netrcPath} has just been changed by another program`,
    })
    expect(held()).to.deep.equal({[ada.account]: ada.token})
  })

  it('replaces no token in .netrc that was added after the survey', async () => {
    await saveToken(user.stores(), ada)
    const verify: Verify = () => Promise.resolve({account: ada.account})
    const get = user.memory.get.bind(user.memory)
    let asked = 0
    user.memory.get = (account) => {
      asked += 1
      if (asked === 2) user.write('.netrc', entries(grace))
      return get(account)
    }
    expect(await thrownBy(go({verify}))).to.include({
      message: `${user.netrcPath} has just been changed by another program`,
    })
    expect(user.read('.netrc')).to.equal(entries(grace))
    expect(held()).to.deep.equal({[ada.account]: ada.token})
  })
})
