// A keychain that shows nothing of a token that was stored in it: KeePassXC while its database is closed, or a second
// keyring that has taken the first one's name on the session bus.
import {expect} from 'chai'
import {rmSync} from 'node:fs'
import {join} from 'node:path'
import {StorageError, UserError} from '../../../src/errors.js'
import {findAccountCredential, findCredential} from '../../support/lookup.js'
import {writeLoginJson} from '../../support/login-record.js'
import {readLoginState} from '../../../src/credentials/login-files.js'
import {findToRemove, removeToken} from '../../../src/credentials/remove.js'
import {removeAccount} from '../../../src/credentials/remove-account.js'
import {saveToken} from '../../../src/credentials/save.js'
import {openProvider} from '../../../src/host/credential-provider.js'
import {migrate} from '../../support/migrate.js'
import {thrownBy} from '../../support/thrown-by.js'
import {countTestsHere} from '../../support/trust.js'
import {ada, entries, freshUser, grace, LOGIN_JSON, OUR_JSON} from '../../support/user.js'

const ALIASES = '.config/heroku/accounts'
const HIDDEN = 'the keyring does not show the token of ada@example.com that was stored in it'

describe('a token that the keychain hides', () => {
  countTestsHere('unavailable/hidden')
  const user = freshUser()
  const find = () => findCredential(user.stores())
  const files = () => [user.read(LOGIN_JSON), user.read(OUR_JSON), user.read('.netrc')]
  let held: [string, string][]
  const hide = () => {
    held = [...user.memory.tokens]
    user.memory.tokens.clear()
  }
  const show = () => {
    for (const [account, token] of held) user.memory.tokens.set(account, token)
  }
  beforeEach(async () => {
    await saveToken(user.stores(), ada)
    hide()
  })

  for (const [how, isGone] of [
    ['as login.json says', false],
    ['though login.json is gone', true],
  ] as const)
    it(`is a failure that names the keychain and two ways on, ${how}; the same login works once it is shown`, async () => {
      if (isGone) rmSync(join(user.home, LOGIN_JSON))
      const before = files()
      const {because, found, failure} = (await find()) as {because?: string; found?: unknown; failure?: StorageError}
      expect(found).to.equal(undefined)
      expect(because).to.equal(HIDDEN)
      expect(failure).to.be.instanceOf(StorageError)
      expect(failure?.hint).to.include('unlock it').and.to.include('KeePassXC').and.to.include('heroku login')
      expect(files()).to.deep.equal(before)
      show()
      expect((await find()).found).to.include(ada)
    })

  for (const [whose, entry] of Object.entries({
    "another account's": grace,
    'an unnamed': {token: grace.token},
  }))
    it(`is not replaced by ${whose} entry in .netrc`, async () => {
      user.write('.netrc', entries(entry))
      const error = await thrownBy(find())
      expect(error).to.be.instanceOf(UserError)
      expect(error.message).to.include(HIDDEN).and.to.include('which was not used')
      expect((await findAccountCredential(user.stores(), ada.account)).found).to.equal(undefined)
    })

  it("is replaced by the same account's entry in .netrc, with a warning", async () => {
    user.write('.netrc', entries({...ada, token: 'HRKU-copy'}))
    expect((await find()).found).to.include({source: 'netrc', token: 'HRKU-copy'})
    expect(user.notices.join()).to.include(`${HIDDEN}; using ${user.netrcPath} instead`)
  })

  it('is the failure to report if .netrc cannot be read either', async () => {
    user.write('.netrc', 'machine api.heroku.com login "not closed')
    expect(await find()).to.include({because: HIDDEN})
  })

  it('is not replaced by the only account that the keychain shows', async () => {
    user.memory.tokens.set(grace.account, grace.token)
    rmSync(join(user.home, LOGIN_JSON))
    expect(await find()).to.include({because: HIDDEN})
    expect(user.read(LOGIN_JSON)).to.equal(undefined)
    const {token} = await openProvider(user.stores()).getAuth(undefined, 'api.heroku.com')
    expect(() => `Bearer ${token}`).to.throw(HIDDEN)
  })

  it('keeps a logout from ending anything', async () => {
    const before = files()
    expect((await thrownBy(findToRemove(user.stores()))).message).to.equal(`cannot log out: ${HIDDEN}`)
    expect(files()).to.deep.equal(before)
  })

  it("keeps a logout that found the account's token in .netrc from forgetting the login", async () => {
    user.write('.netrc', entries({...ada, token: 'HRKU-copy'}))
    const found = await findToRemove(user.stores())
    expect(found?.token).to.equal('HRKU-copy')
    const {failures} = await removeToken(user.stores(), found ?? expect.fail('none found'))
    expect(failures.map(({error, location: location}) => [location, error.message])).to.deep.equal([
      ['the keyring', HIDDEN],
    ])
    expect(readLoginState(user.dataDir)).to.include({loginJsonAccount: ada.account, loggedOut: false})
    show()
    expect((await find()).found).to.include(ada)
  })

  it('keeps a logout by a copy without a name from ending anything', async () => {
    user.write('.netrc', entries({token: ada.token}))
    const found = {token: ada.token, source: 'netrc', location: user.netrcPath} as const
    const {failures} = await removeToken(user.stores(), found)
    expect(failures.map(({error}) => error.message)).to.deep.equal([HIDDEN])
    expect(readLoginState(user.dataDir).tokens).to.have.length(1)
  })

  for (const current of [true, false])
    it(`keeps the removal of ${current ? 'the current' : 'another'} account from forgetting it`, async () => {
      if (!current) await saveToken(user.stores(), grace)
      const before = files()
      const {failures, removedFrom} = await removeAccount(user.stores(), ada.account)
      expect(failures.map(({error, location: location}) => [location, error.message])).to.deep.equal([
        ['the keyring', HIDDEN],
      ])
      expect(removedFrom).to.deep.equal([])
      expect(files()).to.deep.equal(before)
    })

  const others: [string, () => void][] = [
    [
      "another account's entry in .netrc",
      () => {
        user.write('.netrc', entries(grace))
      },
    ],
    [
      "another account's alias",
      () => {
        user.write(`${ALIASES}/work`, `username: ${grace.account}\npassword: ${grace.token}\n`)
      },
    ],
    [
      "another account's item in the keychain, and its alias",
      () => {
        user.memory.tokens.set(grace.account, grace.token)
        user.write(`${ALIASES}/work`, `username: ${grace.account}\npassword: ${grace.token}\n`)
      },
    ],
  ]
  for (const isGone of [false, true])
    for (const force of [false, true])
      for (const [what, arrange] of others)
        it(`is not replaced at a migrate by ${what}${force ? ', with --force' : ''}${isGone ? ', though login.json is gone' : ''}`, async () => {
          arrange()
          if (isGone) rmSync(join(user.home, LOGIN_JSON))
          const before = files()
          const error = await thrownBy(migrate(user.stores(), 'keychain', {force}))
          expect(error).to.be.instanceOf(StorageError)
          expect(error.message).to.equal(HIDDEN)
          expect(files()).to.deep.equal(before)
          show()
          expect((await find()).found).to.include(ada)
        })

  it('is not replaced at a migrate by the account of an alias, where the account was never current', async () => {
    rmSync(join(user.home, LOGIN_JSON))
    const record = {...(JSON.parse(user.read(OUR_JSON) ?? '') as object), account: undefined}
    user.write(OUR_JSON, JSON.stringify(record))
    user.write(`${ALIASES}/work`, `username: ${grace.account}\npassword: ${grace.token}\n`)
    const {conflicts} = await migrate(user.stores(), 'keychain')
    expect(conflicts?.map(({about, candidates}) => [about, ...candidates])).to.deep.equal([['current', grace.account]])
    await migrate(user.stores(), 'keychain', {account: grace.account})
    expect((await find()).found).to.include(grace)
  })

  it('is a failure of a migrate to .netrc, which names the keychain', async () => {
    const before = files()
    const error = await thrownBy(migrate(user.stores(), 'netrc'))
    expect(error.message).to.equal(HIDDEN)
    user.memory.tokens.set(grace.account, grace.token)
    expect((await thrownBy(migrate(user.stores(), 'netrc'))).message).to.equal(HIDDEN)
    expect(files()).to.deep.equal(before)
  })

  it('is over with the next login, and with the logout after that', async () => {
    const newer = {...ada, token: 'HRKU-newer'}
    await saveToken(user.stores(), newer)
    const found = await findToRemove(user.stores())
    expect(found).to.include(newer)
    expect((await removeToken(user.stores(), found ?? expect.fail('none found'))).failures).to.deep.equal([])
    expect(await find()).to.deep.equal({})
  })

  it('is not taken for hidden once another process has logged the account out', async () => {
    const stores = user.stores()
    show()
    await removeToken(user.stores(), {...ada, source: 'secret-service', location: 'the keyring'})
    expect(await findCredential(stores)).to.deep.equal({})
  })
})

describe('the account on record, where the keychain shows another alone', () => {
  countTestsHere('unavailable/another-shown')
  const user = freshUser()
  beforeEach(() => {
    user.memory.tokens.set(grace.account, grace.token)
  })

  it('stays who login.json named, though nothing of ours is on record, and the CLI has deleted login.json', async () => {
    await writeLoginJson(user.dataDir, ada.account)
    user.memory.tokens.set(ada.account, ada.token)
    expect((await findCredential(user.stores())).found).to.include(ada)
    user.memory.tokens.delete(ada.account)
    rmSync(join(user.home, LOGIN_JSON))
    expect((await findCredential(user.stores())).found).to.equal(undefined)
    expect(user.read(LOGIN_JSON)).to.equal(undefined)
  })

  it('is no account of .netrc that login.json does not name', async () => {
    await writeLoginJson(user.dataDir, ada.account)
    user.write('.netrc', entries(grace))
    const {hint, message} = await thrownBy(findCredential(user.stores()))
    expect(message).to.include("ada@example.com is logged in, but that account's token is not in the keyring")
    expect(hint).to.equal('heroku login; or set HEROKU_NETRC_WRITE=true to act as grace@example.com')
  })

  for (const force of [false, true])
    it(`stays current at a migrate of the other${force ? ' with --force' : ''}, whose token is stored`, async () => {
      user.memory.tokens.clear()
      await writeLoginJson(user.dataDir, ada.account)
      user.write('.netrc', entries(grace))
      const {plan} = await migrate(user.stores(), 'keychain', {force})
      expect(Object.fromEntries(user.memory.tokens)).to.deep.equal({[grace.account]: grace.token})
      expect(user.read('.netrc')).to.equal('')
      expect(readLoginState(user.dataDir)).to.include({loginJsonAccount: ada.account})
      expect(plan).not.to.have.property('current')
      expect(plan?.notes).to.deep.equal([
        'ada@example.com stays the current account, though no token of it was found; to log in: heroku login',
      ])
      expect((await findCredential(user.stores())).found).to.equal(undefined)
    })

  it('stays current at a migrate, where .netrc holds it for one host alone, and the other for the API', async () => {
    user.memory.tokens.clear()
    await writeLoginJson(user.dataDir, ada.account)
    user.write('.netrc', entries(grace, ['api.heroku.com']) + entries(ada, ['git.heroku.com']))
    const {conflicts} = await migrate(user.stores(), 'keychain')
    expect(conflicts).to.deep.equal([
      {
        about: 'current',
        candidates: [ada.account, grace.account],
        message: 'ada@example.com is logged in, and .netrc has a token of grace@example.com',
        question: 'whom do you want to act as?',
      },
    ])
    await migrate(user.stores(), 'keychain', {force: true})
    expect((await findCredential(user.stores())).found).to.include(ada)
  })

  it('is the one that accounts:set names', async () => {
    await saveToken(user.stores(), ada)
    user.memory.tokens.delete(ada.account)
    await writeLoginJson(user.dataDir, grace.account)
    expect((await findCredential(user.stores())).found).to.include(grace)
  })

  it('is that one, where nothing is on record at all', async () => {
    expect((await findCredential(user.stores())).found).to.include(grace)
  })
})
