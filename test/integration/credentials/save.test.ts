import {expect} from 'chai'
import {execFileSync} from 'node:child_process'
import {mkdirSync, rmSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {type Problem, StorageError, UserError} from '../../../src/errors.js'
import {findCredential} from '../../support/lookup.js'
import {writeLoginJson} from '../../support/login-record.js'
import {readLoginState} from '../../../src/credentials/login-files.js'
import {fingerprint} from '../../../src/credentials/token-record.js'
import {describeFallback, describeSaved} from '../../../src/credentials/describe-saved.js'
import {saveToken} from '../../../src/credentials/save.js'
import {localDay} from '../../../src/ui/expiry.js'
import {withReadOnly} from '../../support/read-only.js'
import {thrownBy} from '../../support/thrown-by.js'
import {ada, entries, freshUser, grace, LOGIN_JSON, noKeychain, OUR_JSON} from '../../support/user.js'

const FIXTURE = fileURLToPath(new URL('../../fixtures/credentials/save-token.ts', import.meta.url))

const locked = () => new StorageError('locked', 'the keyring is locked', 'unlock it')
const EXPIRY = '2030-01-01T00:00:00.000Z'

describe('a token that went to .netrc unasked', () => {
  const saved = {savedIn: 'netrc', because: 'the keyring is locked'} as const

  it('is said to be in plain text, unless it is encrypted', () => {
    expect(describeFallback({...saved, location: '/home/ada/.netrc', hint: 'unlock it'})).to.equal(
      'the token is in /home/ada/.netrc, in plain text: the keyring is locked (unlock it)',
    )
    expect(describeFallback({...saved, location: '/home/ada/.netrc.gpg'})).to.equal(
      'the token is in /home/ada/.netrc.gpg: the keyring is locked',
    )
  })
})

describe('a token that went where the user wants it', () => {
  for (const [savedIn, location, said] of [
    ['secret-service', 'the keyring', 'Token stored in the keyring'],
    ['password-store', 'pass', 'Token stored in pass: heroku-cli/ada%20b@example.com'],
    ['systemd-creds', 'systemd-creds', 'Token stored with systemd-creds, encrypted for you on this machine'],
    ['netrc', '/home/ada/.netrc', 'Token stored in /home/ada/.netrc, in plain text'],
    ['netrc', '/home/ada/.netrc.gpg', 'Token stored in /home/ada/.netrc.gpg'],
  ] as const)
    it(`is said to be there: ${location}`, () => {
      expect(describeSaved({savedIn, location}, 'ada b@example.com', 1999)).to.equal(said)
      expect(describeSaved({savedIn, location}, 'ada b@example.com', 11_400)).to.equal(`${said} (this took 11 s)`)
    })
})

describe('saving the token of a login', () => {
  const user = freshUser()
  const inKeychain = {savedIn: 'secret-service', location: 'the keyring'}
  const inNetrc = () => ({savedIn: 'netrc', location: user.netrcPath})
  const held = () => Object.fromEntries(user.memory.tokens)
  const netrc = () => user.read('.netrc')
  const recordFor = ({account, token}: typeof ada, savedIn: string, more = {}) => ({
    account,
    apiHost: 'api.heroku.com',
    fingerprint: fingerprint(token),
    savedIn,
    ...more,
  })
  /** Of a token in `.netrc` that no encrypted store took. */
  const fallbackRecord = () => recordFor(ada, 'netrc', {plainTextWarnedOn: localDay(new Date())})

  describe('in the keychain', () => {
    it('puts it there alone, and remembers who, until when and where', async () => {
      expect(await saveToken(user.stores(), ada, EXPIRY)).to.deep.equal(inKeychain)
      expect(held()).to.deep.equal({[ada.account]: ada.token})
      expect(netrc()).to.equal(undefined)
      expect(user.read(LOGIN_JSON)).to.equal('{"account":"ada@example.com"}\n')
      const state = readLoginState(user.dataDir)
      const recordedAt = state.tokens[0]?.recordedAt ?? ''
      expect(Date.parse(recordedAt)).to.be.closeTo(Date.now(), 60_000)
      expect(state).to.deep.equal({
        loginJsonAccount: ada.account,
        lastAccount: ada.account,
        loggedOut: false,
        tokens: [recordFor(ada, 'secret-service', {expiresAt: EXPIRY, recordedAt})],
      })
      expect(user.notices).to.deep.equal([])
    })

    it('goes there past an item of the account that is locked in another collection, and reads none', async () => {
      user.memory.peek = () => Promise.resolve('locked')
      user.memory.faults.set('get', locked())
      expect(await saveToken(user.stores(), ada)).to.deep.equal(inKeychain)
      expect(user.memory.calls).to.deep.equal(['open', 'set ada@example.com'])
      expect(netrc()).to.equal(undefined)
    })

    it('leaves an older .netrc entry as it is, to the byte', async () => {
      const before = `# mine\r\n${entries(grace)}machine x login y password z`
      user.write('.netrc', before)
      await saveToken(user.stores(), ada)
      expect(netrc()).to.equal(before)
    })

    it('keeps the tokens of other accounts, and makes the new one current', async () => {
      await saveToken(user.stores(), ada)
      await saveToken(user.stores(), grace)
      expect(held()).to.deep.equal({[ada.account]: ada.token, [grace.account]: grace.token})
      expect(user.read(LOGIN_JSON)).to.equal('{"account":"grace@example.com"}\n')
      expect(readLoginState(user.dataDir).tokens).to.deep.equal([
        recordFor(ada, 'secret-service'),
        recordFor(grace, 'secret-service'),
      ])
    })

    it('replaces an older token of the same account, and what was known of it', async () => {
      await saveToken(user.stores(), ada, EXPIRY)
      await saveToken(user.stores(), {...ada, token: 'HRKU-newer'})
      expect(held()).to.deep.equal({[ada.account]: 'HRKU-newer'})
      expect(readLoginState(user.dataDir).tokens).to.deep.equal([
        recordFor({...ada, token: 'HRKU-newer'}, 'secret-service'),
      ])
    })

    it('remembers which API host it is for', async () => {
      await saveToken(user.stores({HEROKU_HOST: 'staging.herokudev.com'}), ada)
      const {tokens} = readLoginState(user.dataDir)
      expect(tokens.map(({apiHost}) => apiHost)).to.deep.equal(['api.staging.herokudev.com'])
    })

    it('works as well with HEROKU_API_KEY empty', async () => {
      expect(await saveToken(user.stores({HEROKU_API_KEY: ''}), ada)).to.deep.equal(inKeychain)
    })
  })

  describe('in .netrc', () => {
    for (const value of ['true', 'True', 'TRUE']) {
      it(`puts it there alone with HEROKU_NETRC_WRITE=${value}, and starts no keychain`, async () => {
        expect(await saveToken(user.stores({HEROKU_NETRC_WRITE: value}), ada)).to.deep.equal(inNetrc())
        expect(netrc()).to.equal(entries(ada))
        expect(user.memory.calls).to.deep.equal([])
      })
    }

    it('changes nothing of what is on record of the keychain, where it is asked for', async () => {
      await saveToken(user.stores(), grace)
      const before = [user.read(LOGIN_JSON), user.read(OUR_JSON)]
      await saveToken(user.stores({HEROKU_NETRC_WRITE: 'true'}), ada)
      expect([user.read(LOGIN_JSON), user.read(OUR_JSON)]).to.deep.equal(before)
    })

    it('says why where there is no keychain, and what would help', async () => {
      expect(await saveToken(user.stores({}, noKeychain), ada)).to.deep.equal({
        ...inNetrc(),
        because: 'secret-tool is not installed',
        hint: 'install it',
      })
      expect(netrc()).to.equal(entries(ada))
      expect(user.read(LOGIN_JSON)).to.equal(undefined)
      expect(readLoginState(user.dataDir).tokens).to.deep.equal([fallbackRecord()])
    })

    it('does not let the account that was current come back with a keychain that was not there this time', async () => {
      await saveToken(user.stores(), ada)
      await saveToken(user.stores({}, noKeychain), grace)
      expect(user.read(LOGIN_JSON)).to.equal('{"account":"grace@example.com"}\n')
      expect((await findCredential(user.stores())).found).to.include(grace)
    })

    it('is for the user alone', async () => {
      await saveToken(user.stores({}, noKeychain), ada)
      if (process.platform !== 'win32') expect(statSync(user.netrcPath).mode & 0o777).to.equal(0o600)
    })

    it('has the machines of the hosts in use', async () => {
      await saveToken(user.stores({HEROKU_HOST: 'http://localhost:5000'}, noKeychain), ada)
      expect(netrc()).to.equal(entries(ada, ['localhost:5000']))
    })
  })

  describe('when the keychain failed', () => {
    for (const problem of ['locked', 'denied', 'unavailable', 'timed-out', 'refused', 'failed'] satisfies Problem[]) {
      it(`as ${problem}, puts it into .netrc, and says why and what would help`, async () => {
        user.memory.fail(new StorageError(problem, `the keyring was ${problem}`, 'do this'))
        expect(await saveToken(user.stores(), ada)).to.deep.equal({
          ...inNetrc(),
          because: `the keyring was ${problem}`,
          hint: 'do this',
        })
        expect(netrc()).to.equal(entries(ada))
        expect(readLoginState(user.dataDir).tokens).to.deep.equal([fallbackRecord()])
      })
    }

    it('because it could not be opened, does the same', async () => {
      user.memory.faults.set('open', new StorageError('unavailable', 'there is no tool'))
      expect(await saveToken(user.stores(), ada)).to.deep.equal({...inNetrc(), because: 'there is no tool'})
    })

    it('does not let the account that was current before come back with the keychain', async () => {
      await saveToken(user.stores(), grace)
      user.memory.fail(locked())
      await saveToken(user.stores(), ada)
      expect(user.read(LOGIN_JSON)).to.equal('{"account":"ada@example.com"}\n')
      user.memory.recover()
      expect((await findCredential(user.stores())).found).to.include({...ada, source: 'netrc'})
    })

    it('does not cover up a mistake of ours', async () => {
      const mistake = new TypeError('a mistake')
      user.memory.fail(mistake)
      expect(await thrownBy(saveToken(user.stores(), ada))).to.equal(mistake)
      expect(netrc()).to.equal(undefined)
    })
  })

  describe('when no place takes it', () => {
    it('names both causes, and records no login', async () => {
      mkdirSync(user.netrcPath)
      user.memory.fail(locked())
      const error = await thrownBy(saveToken(user.stores(), ada))
      expect(error).to.be.instanceOf(UserError)
      expect(error).to.include({
        message: `no place took the token: the keyring is locked; could not read ${user.netrcPath} (EISDIR)`,
        hint: `move the folder ${user.netrcPath} out of the way`,
      })
      expect(user.read(LOGIN_JSON)).to.equal(undefined)
      expect(user.read(OUR_JSON)).to.equal(undefined)
    })

    it('names the one cause where there is no keychain', async () => {
      user.write('.netrc', 'machine api.heroku.com\0')
      const error = await thrownBy(saveToken(user.stores({}, noKeychain), ada))
      expect(error).to.be.instanceOf(UserError)
      expect(error.message).to.match(/^no place took the token: \S+\.netrc: /u)
      expect(error.message).not.to.include(ada.token)
      expect(netrc()).to.equal('machine api.heroku.com\0')
    })
  })

  const refused = {
    'an empty account': {account: '', token: 'HRKU-1'},
    'an account with a newline': {account: 'ada\n@example.com', token: 'HRKU-1'},
    'an account that recolours the terminal': {account: 'ada\u001B[31m', token: 'HRKU-1'},
    'an empty token': {account: 'ada', token: ''},
    'a token of two lines': {account: 'ada', token: 'HRKU-1\nmachine x'},
    'a token that is not ASCII': {account: 'ada', token: 'HRKU-ü'},
  }
  for (const [what, credential] of Object.entries(refused)) {
    it(`refuses ${what} in every place, and asks none`, async () => {
      for (const stores of [user.stores(), user.stores({HEROKU_NETRC_WRITE: 'true'}), user.stores({}, noKeychain)]) {
        const error = await thrownBy(saveToken(stores, credential))
        expect(error).to.be.instanceOf(StorageError)
        expect(error).to.include({problem: 'refused'})
      }

      expect(user.memory.calls).to.deep.equal([])
      expect([netrc(), user.read(LOGIN_JSON), user.read(OUR_JSON)]).to.deep.equal([undefined, undefined, undefined])
    })
  }

  describe('when it cannot be recorded who logged in', () => {
    const OTHERWISE = () =>
      `make ${user.dataDir} a folder that you can write to, then log in; ` +
      'or log in to .netrc, in plain text: HEROKU_NETRC_WRITE=true heroku login'

    it('fails, and names the folder and the cause', async () => {
      user.write('data', 'a file where the folder would be')
      const error = await thrownBy(saveToken(user.stores(), ada))
      expect(error).to.be.instanceOf(UserError)
      expect(error).to.include({
        message: `cannot record in ${user.dataDir} who is logged in (EEXIST)`,
        hint: OTHERWISE(),
      })
    })

    if (process.platform === 'linux')
      it('stores nothing on a read-only file system, and names a command that works there', () => {
        mkdirSync(user.dataDir)
        const [file, args] = withReadOnly(user.dataDir, process.execPath, ['--import', 'tsx', FIXTURE, user.home])
        const save = (env = {}) =>
          JSON.parse(execFileSync(file, args, {encoding: 'utf8', env: {...process.env, ...env}})) as object
        expect(save()).to.deep.equal({
          message: `cannot record in ${user.dataDir} who is logged in (EROFS)`,
          hint: OTHERWISE(),
          calls: [],
        })
        expect(save({HEROKU_NETRC_WRITE: 'true'})).to.deep.equal({location: user.netrcPath, calls: []})
        expect(netrc()).to.equal(entries(ada))
      })

    it('replaces no older token in the keychain', async () => {
      user.memory.tokens.set(ada.account, 'HRKU-older')
      user.write('data', 'a file where the folder would be')
      await thrownBy(saveToken(user.stores(), ada))
      expect(held()).to.deep.equal({[ada.account]: 'HRKU-older'})
    })

    it('puts back what the keychain held, since the new token is going to be revoked', async () => {
      await saveToken(user.stores(), ada)
      rmSync(join(user.home, LOGIN_JSON))
      mkdirSync(join(user.home, LOGIN_JSON), {recursive: true})
      await thrownBy(saveToken(user.stores(), {...ada, token: 'HRKU-newer'}))
      await thrownBy(saveToken(user.stores(), grace))
      expect(held()).to.deep.equal({[ada.account]: ada.token})
    })

    for (const [what, before] of [
      ['nothing of ours', 'machine x login y password z\n'],
      ['both entries', `machine x login y password z\n${entries(ada)}`],
      ['one entry', entries(ada, ['api.heroku.com'])],
    ] as const)
      it(`puts back what .netrc held, where that was ${what}`, async () => {
        user.write('.netrc', before)
        mkdirSync(join(user.home, OUR_JSON), {recursive: true})
        await thrownBy(saveToken(user.stores({}, noKeychain), {...grace, token: 'HRKU-newer'}))
        expect(netrc()).to.equal(before)
      })

    it('says where the token is where that cannot be undone', async () => {
      mkdirSync(join(user.home, LOGIN_JSON), {recursive: true})
      user.memory.faults.set('remove', locked())
      const error = await thrownBy(saveToken(user.stores(), ada))
      expect(error).to.be.instanceOf(UserError)
      expect(error.message).to.equal(
        'the login is on no record, and its token is still in the keyring: the keyring is locked',
      )
    })

    it('says the same where what was there before was locked, so that it cannot be put back', async () => {
      mkdirSync(join(user.home, LOGIN_JSON), {recursive: true})
      user.memory.peek = () => Promise.resolve('locked')
      const error = await thrownBy(saveToken(user.stores(), ada))
      expect(error.message).to.equal(
        'the login is on no record, and its token is still in the keyring: what it held before was locked',
      )
      expect(held()).to.deep.equal({[ada.account]: ada.token})
    })

    it('puts back what a look without a prompt has shown', async () => {
      mkdirSync(join(user.home, LOGIN_JSON), {recursive: true})
      user.memory.peek = () => Promise.resolve({token: 'HRKU-before'})
      await thrownBy(saveToken(user.stores(), ada))
      expect(held()).to.deep.equal({[ada.account]: 'HRKU-before'})
    })

    it('names the file where it is one file alone that cannot be written', async () => {
      mkdirSync(join(user.home, LOGIN_JSON), {recursive: true})
      const error = await thrownBy(saveToken(user.stores(), ada))
      expect(error).to.be.instanceOf(UserError)
      expect(error.message).to.equal(
        `cannot record in ${user.dataDir} who is logged in (could not write ${join(user.home, LOGIN_JSON)}: it is a folder)`,
      )
    })
  })

  it('takes an account called __proto__ for a name like any other', async () => {
    const odd = {account: '__proto__', token: 'HRKU-odd'}
    await saveToken(user.stores(), odd)
    expect(user.read(LOGIN_JSON)).to.equal('{"account":"__proto__"}\n')
    await writeLoginJson(user.dataDir, 'constructor')
    expect(await findCredential(user.stores())).to.deep.equal({})
    expect([...user.memory.tokens]).to.deep.equal([['__proto__', 'HRKU-odd']])
  })

  it('says that it replaces the login of the same account to another host', async () => {
    const staging = user.stores({HEROKU_HOST: 'staging.herokudev.com'})
    await saveToken(user.stores(), ada)
    await saveToken(user.stores(), {...ada, token: 'HRKU-again'})
    await saveToken(staging, grace)
    expect(user.notices).to.deep.equal([])
    await saveToken(staging, {...ada, token: 'HRKU-staging'})
    expect(user.notices).to.deep.equal(['this replaces the login of ada@example.com to api.heroku.com'])
    await saveToken(user.stores({}, noKeychain), ada)
    expect(user.notices).to.deep.equal([
      'this replaces the login of ada@example.com to api.heroku.com',
      'this replaces the login of ada@example.com to api.staging.herokudev.com',
    ])
  })
})
