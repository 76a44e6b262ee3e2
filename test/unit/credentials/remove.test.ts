import {expect} from 'chai'
import {existsSync, mkdirSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {StorageError} from '../../../src/errors.js'
import {findCredential} from '../../support/lookup.js'
import {readLoginState} from '../../../src/credentials/login-files.js'
import type {Keychain} from '../../../src/backends/resolve.js'
import type {FoundCredential} from '../../../src/credentials/stores.js'
import {findToRemove, forgetLogin, removeToken, stillThere} from '../../../src/credentials/remove.js'
import {removeAccount} from '../../../src/credentials/remove-account.js'
import {saveToken} from '../../../src/credentials/save.js'
import {watchFiles} from '../../support/file-operations.js'
import {thrownBy} from '../../support/thrown-by.js'
import {ada, entries, freshUser, grace, LOGIN_JSON, noKeychain, OUR_JSON} from '../../support/user.js'

const KEYRING = 'the keyring'

const locked = () => new StorageError('locked', 'the keyring is locked', 'unlock it')

describe('removing the token at logout', () => {
  const user = freshUser()
  const nothing = {removedFrom: [], left: [], failures: []}
  const foundIn = (source: FoundCredential['source'], location: string, {account, token} = ada): FoundCredential => ({
    token,
    account,
    source,
    location: location,
  })
  const inKeychain = (credential = ada) => foundIn('secret-service', KEYRING, credential)
  const inNetrc = (credential = ada) => foundIn('netrc', user.netrcPath, credential)
  const held = () => Object.fromEntries(user.memory.tokens)
  const netrc = () => user.read('.netrc')
  const state = () => readLoginState(user.dataDir)
  const loggedOut = {loggedOut: true, tokens: []}

  it('takes it from the keychain, and forgets who was logged in', async () => {
    await saveToken(user.stores(), ada)
    expect(await removeToken(user.stores(), inKeychain())).to.deep.equal({...nothing, removedFrom: [KEYRING]})
    expect(held()).to.deep.equal({})
    expect(state()).to.deep.equal(loggedOut)
    expect(user.read(LOGIN_JSON)).to.equal(undefined)
    expect(await findCredential(user.stores())).to.deep.equal({})
    expect(netrc()).to.equal(undefined)
  })

  it('removes the copy in the keychain of a token in .netrc without a login', async () => {
    await saveToken(user.stores(), ada)
    await saveToken(user.stores(), grace)
    user.write('.netrc', `machine api.heroku.com password ${ada.token}\n`)
    const found: FoundCredential = {token: ada.token, source: 'netrc', location: user.netrcPath}
    expect((await removeToken(user.stores(), found)).removedFrom).to.deep.equal([KEYRING, user.netrcPath])
    expect(held()).to.deep.equal({[grace.account]: grace.token})
  })

  it('fails where the keychain gave this token a moment ago, and gives another one now', async () => {
    await saveToken(user.stores(), {...ada, token: 'HRKU-newer'})
    const {failures, removedFrom} = await removeToken(user.stores(), inKeychain(ada))
    expect(removedFrom).to.deep.equal([])
    expect(failures.map(({error, location: location}) => [location, error.message])).to.deep.equal([
      [KEYRING, 'the keyring gave another token of this account a moment ago'],
    ])
    expect(held()).to.deep.equal({[ada.account]: 'HRKU-newer'})
    expect((await findCredential(user.stores())).found?.token).to.equal('HRKU-newer')
  })

  it('takes every copy of it, from .netrc too', async () => {
    await saveToken(user.stores(), ada)
    user.write('.netrc', `${entries(ada)}machine x\n  login y\n  password z\n`)
    expect(await removeToken(user.stores(), inKeychain())).to.deep.equal({
      ...nothing,
      removedFrom: [KEYRING, user.netrcPath],
    })
    expect(netrc()).to.equal('machine x\n  login y\n  password z\n')
    expect(held()).to.deep.equal({})
  })

  it('takes the copy in the keychain too of what was found in .netrc', async () => {
    await saveToken(user.stores(), ada)
    user.write('.netrc', entries(ada))
    expect((await removeToken(user.stores(), inNetrc())).removedFrom).to.deep.equal([KEYRING, user.netrcPath])
  })

  it('takes the entry alone that holds it, where the git host has another', async () => {
    user.write('.netrc', entries(ada, ['api.heroku.com']) + entries(grace, ['git.heroku.com']))
    expect(await removeToken(user.stores({}, noKeychain), inNetrc())).to.deep.equal({
      removedFrom: [user.netrcPath],
      left: [{source: 'netrc', location: user.netrcPath, account: grace.account}],
      failures: [],
    })
    expect(netrc()).to.equal(entries(grace, ['git.heroku.com']))
  })

  it('leaves the tokens of other accounts in the keychain alone', async () => {
    await saveToken(user.stores(), grace)
    await saveToken(user.stores(), ada)
    await removeToken(user.stores(), inKeychain())
    expect(held()).to.deep.equal({[grace.account]: grace.token})
    const {tokens} = state()
    expect(tokens.map(({account}) => account)).to.deep.equal([grace.account])
    expect(await findCredential(user.stores())).to.deep.equal({})
  })

  it('leaves entries with another token, of any account, and names them', async () => {
    await saveToken(user.stores(), ada)
    const before =
      entries({...ada, token: 'HRKU-another'}, ['api.heroku.com']) + entries({token: 'HRKU-x'}, ['git.heroku.com'])
    user.write('.netrc', before)
    expect(await removeToken(user.stores(), inKeychain())).to.deep.equal({
      removedFrom: [KEYRING],
      left: [
        {source: 'netrc', location: user.netrcPath, account: ada.account},
        {source: 'netrc', location: user.netrcPath},
      ],
      failures: [],
    })
    expect(netrc()).to.equal(before)
  })

  it('leaves a token alone that replaced it in the keychain, and names it', async () => {
    user.memory.tokens.set(ada.account, 'HRKU-newer')
    user.write('.netrc', entries(ada))
    expect(await removeToken(user.stores(), inNetrc())).to.deep.equal({
      removedFrom: [user.netrcPath],
      left: [{source: 'secret-service', location: KEYRING, account: ada.account}],
      failures: [],
    })
    expect(held()).to.deep.equal({[ada.account]: 'HRKU-newer'})
  })

  for (const account of ['__proto__', 'constructor']) {
    it(`takes away the token of an account called ${account}`, async () => {
      const odd = {account, token: 'HRKU-odd'}
      await saveToken(user.stores(), odd)
      expect((await removeToken(user.stores(), inKeychain(odd))).removedFrom).to.deep.equal([KEYRING])
      expect([...user.memory.tokens]).to.deep.equal([])
      expect(state()).to.deep.equal(loggedOut)
    })
  }

  it('is done, with nothing removed, where no copy is left', async () => {
    expect(await removeToken(user.stores(), inKeychain())).to.deep.equal(nothing)
    expect(await removeToken(user.stores(), inKeychain())).to.deep.equal(nothing)
    expect(netrc()).to.equal(undefined)
  })

  describe('with HEROKU_NETRC_WRITE=true', () => {
    const env = {HEROKU_NETRC_WRITE: 'true'}

    it('is about .netrc alone: the keychain is not started, and what is on record stays', async () => {
      await saveToken(user.stores(), ada)
      user.write('.netrc', entries(ada))
      const before = [user.read(LOGIN_JSON), user.read(OUR_JSON)]
      const calls = [...user.memory.calls]
      expect(await removeToken(user.stores(env), inNetrc())).to.deep.equal({...nothing, removedFrom: [user.netrcPath]})
      expect(netrc()).to.equal('')
      expect(user.memory.calls).to.deep.equal(calls)
      expect([user.read(LOGIN_JSON), user.read(OUR_JSON)]).to.deep.equal(before)
    })
  })

  describe('when a copy cannot be removed', () => {
    const failure = locked()
    const keyringFailed = {location: KEYRING, error: failure}

    beforeEach(async () => {
      await saveToken(user.stores(), ada)
      user.write('.netrc', entries(ada))
    })

    for (const verb of ['open', 'get', 'remove'] as const) {
      it(`says so if the keychain fails to ${verb}, removes the others, and remembers who is logged in`, async () => {
        const before = [user.read(LOGIN_JSON), user.read(OUR_JSON)]
        user.memory.faults.set(verb, failure)
        expect(await removeToken(user.stores(), inKeychain())).to.deep.equal({
          removedFrom: [user.netrcPath],
          left: [],
          failures: [keyringFailed],
        })
        expect(netrc()).to.equal('')
        expect([user.read(LOGIN_JSON), user.read(OUR_JSON)]).to.deep.equal(before)
        user.memory.recover()
        expect((await findCredential(user.stores())).found).to.include(ada)
      })
    }

    it('says so of .netrc, takes the one in the keychain, and remembers who is logged in', async () => {
      user.write('.netrc', `\0\n${entries(ada)}`)
      const {failures, removedFrom} = await removeToken(user.stores(), inKeychain())
      expect(removedFrom).to.deep.equal([KEYRING])
      expect(failures.map(({error, location: location}) => [location, error.message])).to.deep.equal([
        [user.netrcPath, `${user.netrcPath}: line 1 holds a NUL byte`],
      ])
      expect(state()).to.include({loginJsonAccount: ada.account, loggedOut: false})
    })

    it('says so of each of several', async () => {
      user.write('.netrc', `\0\n${entries(ada)}`)
      user.memory.fail(failure)
      const {failures, removedFrom} = await removeToken(user.stores(), inKeychain())
      expect(removedFrom).to.deep.equal([])
      expect(failures.map(({location: location}) => location)).to.deep.equal([KEYRING, user.netrcPath])
    })

    it('does not cover up a mistake of ours', async () => {
      const mistake = new TypeError('a mistake')
      user.memory.fail(mistake)
      expect(await thrownBy(removeToken(user.stores(), inKeychain()))).to.equal(mistake)
    })
  })

  it('reports that the logout cannot be recorded, and why', async () => {
    await saveToken(user.stores(), ada)
    rmSync(join(user.home, OUR_JSON))
    mkdirSync(join(user.home, OUR_JSON))
    const {failures, removedFrom} = await removeToken(user.stores(), inKeychain())
    expect(removedFrom).to.deep.equal([KEYRING])
    expect(failures.map(({error, location: location}) => [location, error.message])).to.deep.equal([
      [
        user.dataDir,
        `cannot record in ${user.dataDir} that the account is logged out ` +
          `(could not write ${join(user.home, OUR_JSON)}: it is a folder)`,
      ],
    ])
  })

  describe('while another process has login.json open, as on Windows', () => {
    const path = () => join(user.home, LOGIN_JSON)
    const logOut = async (times: number, code: string) => {
      await saveToken(user.stores(), ada)
      let calls = 0
      const undo = await watchFiles(user.dataDir, (operation) => {
        if (operation === 'unlink' && ++calls <= times) throw Object.assign(new Error(code), {code})
      })
      try {
        return await removeToken(user.stores(), inKeychain())
      } finally {
        undo()
      }
    }

    for (const code of ['EPERM', 'EACCES', 'EBUSY'])
      it(`removes it as soon as it is closed (${code})`, async () => {
        expect((await logOut(3, code)).failures).to.deep.equal([])
        expect(existsSync(path())).to.equal(false)
      })

    for (const revoked of [false, true])
      it(`does not say that a token may be left${revoked ? ', nor for a revoked one' : ''}`, async () => {
        const removal = await logOut(Infinity, 'EBUSY')
        expect(removal.removedFrom).to.deep.equal([KEYRING])
        const {hint, message} = stillThere(removal, revoked)
        expect(message).to.equal(
          `the token was removed; cannot record in ${user.dataDir} that the account is logged out (could not remove ${path()} (EBUSY))`,
        )
        expect(hint).to.include('close the program that uses it; then log out again')
      })
  })
})

describe('a token in .netrc that no tier looks at', () => {
  const user = freshUser()

  it('is found for the git host alone', async () => {
    user.write('.netrc', entries(ada, ['git.heroku.com']))
    expect(await findToRemove(user.stores())).to.deep.equal({...ada, source: 'netrc', location: user.netrcPath})
  })

  it('is found without an account', async () => {
    user.write('.netrc', entries({token: ada.token}, ['git.heroku.com']))
    expect(await findToRemove(user.stores())).to.deep.equal({
      token: ada.token,
      source: 'netrc',
      location: user.netrcPath,
    })
  })

  it('is not in an entry for another machine', async () => {
    user.write('.netrc', `${entries(ada, ['example.com'])}machine git.heroku.com\n  login ada@example.com\n`)
    expect(await findToRemove(user.stores())).to.equal(undefined)
  })
})

describe('a login that came after the token was found', () => {
  const user = freshUser()
  const newer = {...ada, token: 'HRKU-newer'}
  const found: FoundCredential = {...ada, source: 'secret-service', location: 'the keyring'}

  for (const [whose, later] of Object.entries({'the same account': newer, 'another account': grace}))
    it(`outlives the removal of that, for ${whose}`, async () => {
      await saveToken(user.stores(), ada)
      const asOf = readLoginState(user.dataDir)
      await saveToken(user.stores(), later)
      expect((await removeToken(user.stores(), found, asOf)).failures).to.deep.equal([])
      expect((await findCredential(user.stores())).found).to.include(later)
      expect(Object.fromEntries(user.memory.tokens)).to.deep.equal({[later.account]: later.token})
      expect(readLoginState(user.dataDir).tokens.map(({account}) => account)).to.deep.equal([later.account])
    })

  it('outlives a logout that had found none', async () => {
    const asOf = readLoginState(user.dataDir)
    await saveToken(user.stores(), ada)
    await forgetLogin(user.stores(), asOf)
    expect((await findCredential(user.stores())).found).to.include(ada)
  })
})

describe('looking for the token of a logout', () => {
  const user = freshUser()
  const staging = {HEROKU_HOST: 'staging.herokudev.com'}
  const problemOf = async (env = {}, keychain?: Keychain) =>
    (await thrownBy(findToRemove(user.stores(env, keychain)))).message

  it('fails where the login is for another host, or several could be meant', async () => {
    await saveToken(user.stores(), ada)
    expect(await problemOf(staging)).to.equal(
      'cannot log out: ada@example.com is logged in to api.heroku.com, not to api.staging.herokudev.com',
    )
    user.memory.tokens.set(grace.account, grace.token)
    rmSync(join(user.dataDir, 'heroku-keychain.json'))
    rmSync(join(user.dataDir, 'login.json'))
    expect(await problemOf()).to.equal(
      'cannot log out: the keyring holds several accounts, and none of them is current',
    )
  })

  it('fails where the token is in a keychain that is not there this time', async () => {
    await saveToken(user.stores(), ada)
    expect(await problemOf({}, noKeychain)).to.equal('cannot log out: secret-tool is not installed')
    user.write('.netrc', entries(grace))
    expect(await problemOf({}, noKeychain)).to.include('which was not used')
  })

  it('finds none, without a keychain, after a login without one', async () => {
    await saveToken(user.stores({}, noKeychain), ada)
    rmSync(user.netrcPath)
    expect(await findToRemove(user.stores({}, noKeychain))).to.equal(undefined)
  })
})

describe('a logout of another account than the current one', () => {
  const user = freshUser()
  const staging = {HEROKU_HOST: 'staging.herokudev.com'}

  for (const [whose, there, env] of [
    ["another host's", entries(grace, ['api.staging.herokudev.com']), staging],
    [
      "another host's, of the same name",
      entries({...ada, token: 'HRKU-other'}, ['api.staging.herokudev.com']),
      staging,
    ],
    ["the git host's alone, of no name", entries({token: 'HRKU-other'}, ['git.staging.herokudev.com']), staging],
  ] as const)
    it(`removes its token, and logs no other account out: ${whose}`, async () => {
      await saveToken(user.stores(), ada)
      user.write('.netrc', there)
      const stores = user.stores(env)
      const found = await findToRemove(stores)
      expect(found?.source).to.equal('netrc')
      if (found) expect((await removeToken(stores, found)).failures).to.deep.equal([])
      expect(user.read('.netrc')).to.equal('')
      expect((await findCredential(user.stores())).found).to.include(ada)
    })
})

describe('forgetting who is logged in', () => {
  const user = freshUser()

  it('makes no account current if only other accounts are in the keychain', async () => {
    user.memory.tokens.set(ada.account, ada.token)
    await forgetLogin(user.stores())
    expect(await findCredential(user.stores())).to.deep.equal({})
  })

  it('records nothing with HEROKU_NETRC_WRITE=true', async () => {
    await forgetLogin(user.stores({HEROKU_NETRC_WRITE: 'true'}))
    expect(user.read(OUR_JSON)).to.equal(undefined)
  })

  it('fails where that cannot be recorded, and says why', async () => {
    user.write('data', 'a file where the folder would be')
    const error = await thrownBy(forgetLogin(user.stores()))
    expect(error).to.be.instanceOf(StorageError)
    expect(error.message).to.equal(`cannot record in ${user.dataDir} that the account is logged out (EEXIST)`)
  })
})

describe('removing an account by name', () => {
  const user = freshUser()

  it('removes all of its tokens, and leaves the current account as it is', async () => {
    await saveToken(user.stores(), grace)
    await saveToken(user.stores(), ada)
    user.write('.netrc', entries(grace))
    expect((await removeAccount(user.stores(), grace.account)).removedFrom).to.deep.equal([
      KEYRING,
      user.netrcPath,
      user.netrcPath,
    ])
    expect([...user.memory.tokens]).to.deep.equal([[ada.account, ada.token]])
    expect(user.read('.netrc')).to.equal('')
    expect((await findCredential(user.stores())).found).to.include(ada)
    expect(user.read(OUR_JSON)).not.to.include(grace.account)
  })

  it('logs the current account out', async () => {
    await saveToken(user.stores(), ada)
    await removeAccount(user.stores(), ada.account)
    expect(user.read(LOGIN_JSON)).to.equal(undefined)
    expect(await findCredential(user.stores())).to.deep.equal({})
  })

  it("leaves other accounts' entries in .netrc alone", async () => {
    user.write('.netrc', entries(ada))
    await removeAccount(user.stores(), grace.account)
    expect(user.read('.netrc')).to.equal(entries(ada))
  })

  it('removes entries without a login if no account is named', async () => {
    user.memory.tokens.set(ada.account, ada.token)
    user.write('.netrc', entries({token: ada.token}))
    await removeAccount(user.stores(), undefined)
    expect(user.read('.netrc')).to.equal('')
    expect([...user.memory.tokens.keys()]).to.deep.equal([ada.account])
  })

  it('reports a copy that could not be removed, and keeps the record', async () => {
    await saveToken(user.stores(), ada)
    user.memory.faults.set('remove', new StorageError('locked', 'the keyring is locked'))
    const {failures} = await removeAccount(user.stores(), ada.account)
    expect(failures.map(({error, location: location}) => [location, error.message])).to.deep.equal([
      [KEYRING, 'the keyring is locked'],
    ])
    expect(user.read(LOGIN_JSON)).to.equal(`{"account":"${ada.account}"}\n`)
  })

  it('is about .netrc alone with HEROKU_NETRC_WRITE=true', async () => {
    await saveToken(user.stores(), ada)
    user.write('.netrc', entries(ada))
    await removeAccount(user.stores({HEROKU_NETRC_WRITE: 'true'}), ada.account)
    expect([...user.memory.tokens.keys()]).to.deep.equal([ada.account])
    expect(user.read('.netrc')).to.equal('')
    expect(user.read(LOGIN_JSON)).to.equal(`{"account":"${ada.account}"}\n`)
  })
})
