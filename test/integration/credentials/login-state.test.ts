import {expect} from 'chai'
import fc from 'fast-check'
import {spawnSync} from 'node:child_process'
import {chmodSync, chownSync, mkdirSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {recordLogin, recordLogout, writeLoginJson} from '../../support/login-record.js'
import {readLoginState} from '../../../src/credentials/login-files.js'
import {cannotRecordLogin, cannotRecordRemoval, changeLoginState} from '../../../src/credentials/login-writer.js'
import {loggedIn, loggedOut} from '../../../src/credentials/login-state.js'
import {fingerprint, recordOf, type TokenRecord} from '../../../src/credentials/token-record.js'
import {ada, freshUser, grace, LOGIN_JSON, OUR_JSON} from '../../support/user.js'
import {thrownBy} from '../../support/thrown-by.js'

const windows = process.platform === 'win32'

const recordFor = ({account, token}: typeof ada, more: Partial<TokenRecord> = {}): TokenRecord => ({
  account,
  apiHost: 'api.heroku.com',
  fingerprint: fingerprint(token),
  savedIn: 'secret-service',
  ...more,
})

describe('who is logged in, on record', () => {
  const user = freshUser()
  const read = () => readLoginState(user.dataDir)
  const nothing = {loggedOut: false, tokens: []}

  it('is no account before the first record, and reading records nothing', () => {
    expect(read()).to.deep.equal(nothing)
    expect(user.read(LOGIN_JSON)).to.equal(undefined)
    expect(user.read(OUR_JSON)).to.equal(undefined)
  })

  it('is the account of the login, with the record of its token', async () => {
    const record = recordFor(ada, {expiresAt: '2030-01-01T00:00:00.000Z'})
    await recordLogin(user.dataDir, record, true)
    expect(read()).to.deep.equal({
      loginJsonAccount: ada.account,
      lastAccount: ada.account,
      loggedOut: false,
      tokens: [record],
    })
  })

  it("has login.json byte for byte as the Heroku CLI's, and files for the user alone", async () => {
    await recordLogin(user.dataDir, recordFor(ada), true)
    expect(user.read(LOGIN_JSON)).to.equal('{"account":"ada@example.com"}\n')
    if (windows) return
    const modes = ['', '/login.json', '/heroku-keychain.json'].map((name) => statSync(user.dataDir + name).mode & 0o777)
    expect(modes).to.deep.equal([0o700, 0o600, 0o600])
  })

  it('has its files made private by the same login again, if others could change them', async () => {
    if (windows) return
    const files = ['/login.json', '/heroku-keychain.json'].map((name) => user.dataDir + name)
    await recordLogin(user.dataDir, recordFor(ada), true)
    for (const file of files) chmodSync(file, 0o666)
    await recordLogin(user.dataDir, recordFor(ada), true)
    expect(files.map((file) => statSync(file).mode & 0o777)).to.deep.equal([0o600, 0o600])
  })

  it('has no token in any file', async () => {
    await recordLogin(user.dataDir, recordFor(ada), true)
    expect(`${user.read(LOGIN_JSON) ?? ''}${user.read(OUR_JSON) ?? ''}`).not.to.include(ada.token)
  })

  it('leaves login.json as it is where it is not to be named', async () => {
    await writeLoginJson(user.dataDir, grace.account)
    await recordLogin(user.dataDir, recordFor(ada), false)
    expect(read()).to.include({loginJsonAccount: grace.account, lastAccount: ada.account})
  })

  it('keeps one record for each account, the newest', async () => {
    await recordLogin(user.dataDir, recordFor(ada), true)
    await recordLogin(user.dataDir, recordFor(grace), true)
    const newer = recordFor({...ada, token: 'HRKU-newer'}, {savedIn: 'netrc'})
    await recordLogin(user.dataDir, newer, true)
    expect(read()).to.deep.equal({
      loginJsonAccount: ada.account,
      lastAccount: ada.account,
      loggedOut: false,
      tokens: [recordFor(grace), newer],
    })
  })

  it('is no account after a logout, and the records of the others are kept', async () => {
    await recordLogin(user.dataDir, recordFor(grace), true)
    await recordLogin(user.dataDir, recordFor(ada), true)
    await recordLogout(user.dataDir, ada.account)
    expect(read()).to.deep.equal({loggedOut: true, tokens: [recordFor(grace)]})
    expect(user.read(LOGIN_JSON)).to.equal(undefined)
  })

  it('is no account after a logout of an unnamed account, on a machine without a login', async () => {
    await recordLogout(user.dataDir, undefined)
    expect(read()).to.deep.equal({loggedOut: true, tokens: []})
  })

  it('is an account again after the next login', async () => {
    await recordLogout(user.dataDir, ada.account)
    await recordLogin(user.dataDir, recordFor(ada), true)
    expect(read()).to.include({loginJsonAccount: ada.account, loggedOut: false})
  })

  const senseless = {
    'an empty file': '',
    'half a file': '{"account":"ada@exam',
    'no object': '"ada@example.com"',
    null: 'null',
    'a list': '["ada@example.com"]',
    'a number as the account': '{"account":5}',
    'an empty account': '{"account":""}',
    'another key': '{"user":"ada@example.com"}',
    'an account by way of __proto__': '{"__proto__":{"account":"ada@example.com"}}',
    'binary rubbish': '\u0000\uFFFD\u0001',
  }
  for (const [what, content] of Object.entries(senseless)) {
    it(`takes login.json and our own file for missing that hold ${what}`, () => {
      user.write(LOGIN_JSON, content)
      user.write(OUR_JSON, content)
      expect(read()).to.deep.equal(nothing)
    })
  }

  it('takes folders in place of the files for missing', () => {
    mkdirSync(`${user.dataDir}/login.json`, {recursive: true})
    mkdirSync(`${user.dataDir}/heroku-keychain.json`)
    expect(read()).to.deep.equal(nothing)
  })

  it('drops invalid records, and keeps the others', () => {
    const good = recordFor(ada)
    const bad = [null, 1, 'x', [], {}, {...good, account: ''}, {...good, fingerprint: 1}, {...good, expiresAt: 0}]
    user.write(OUR_JSON, JSON.stringify({version: 1, account: 7, loggedOut: 'yes', tokens: [...bad, good]}))
    expect(read()).to.deep.equal({loggedOut: false, tokens: [good]})
  })

  it('replaces rubbish at the next login', async () => {
    user.write(LOGIN_JSON, 'rubbish')
    user.write(OUR_JSON, '{"tokens":{}}')
    await recordLogin(user.dataDir, recordFor(ada), true)
    expect(read()).to.deep.include({loginJsonAccount: ada.account, tokens: [recordFor(ada)]})
  })

  for (const account of ['__proto__', 'constructor', 'hasOwnProperty', 'å"\\@例.example', ' a b ']) {
    it(`takes the account ${account} for a name like any other`, async () => {
      const record = recordFor({account, token: 'HRKU-1'})
      await recordLogin(user.dataDir, record, true)
      expect(read()).to.deep.equal({
        loginJsonAccount: account,
        lastAccount: account,
        loggedOut: false,
        tokens: [record],
      })
      await recordLogout(user.dataDir, account)
      expect(read()).to.deep.equal({loggedOut: true, tokens: []})
    })
  }

  it('cannot be recorded where the folder cannot be made, and says so', async () => {
    user.write('data', 'a file where the folder would be')
    expect(await thrownBy(recordLogin(user.dataDir, recordFor(ada), true))).to.include({code: 'EEXIST'})
  })

  it('is no account if a file is a named pipe, which does not block the reader', function () {
    if (process.platform === 'win32') this.skip()
    mkdirSync(user.dataDir)
    for (const name of [LOGIN_JSON, OUR_JSON]) expect(spawnSync('mkfifo', [join(user.home, name)]).status).to.equal(0)
    expect(readLoginState(user.dataDir)).to.deep.equal({loggedOut: false, tokens: []})
  })

  it('is recorded in a folder that others can no longer write to', async function () {
    if (process.platform === 'win32') this.skip()
    mkdirSync(user.dataDir)
    chmodSync(user.dataDir, 0o777)
    await writeLoginJson(user.dataDir, ada.account)
    expect(statSync(user.dataDir).mode & 0o777).to.equal(0o755)
  })
})

describe('recognising a token', () => {
  const state = (...tokens: TokenRecord[]) => ({loggedOut: false, tokens})

  it('goes by account and token together', () => {
    const adas = recordFor(ada)
    const known = state(recordFor(grace), adas)
    expect(recordOf(ada, known)).to.equal(adas)
    expect(recordOf({...ada, token: grace.token}, known)).to.equal(undefined)
    expect(recordOf({...ada, account: 'ADA@example.com'}, known)).to.equal(undefined)
    expect(recordOf({token: ada.token}, known)).to.equal(undefined)
    expect(recordOf({account: ada.account}, known)).to.equal(undefined)
  })

  it('needs twelve hexadecimal digits of a mark, none of them the token', () => {
    fc.assert(
      fc.property(fc.string({minLength: 1}), fc.string({minLength: 1}), (one, other) => {
        expect(fingerprint(one)).to.match(/^[\da-f]{12}$/u)
        expect(fingerprint(one) === fingerprint(other)).to.equal(one === other)
      }),
    )
  })
})

describe("another user's files and folders, as sudo -E leaves them", () => {
  const user = freshUser()
  const NOBODY = 65_534
  // Only root can become another user.
  const isRoot = process.getuid?.() === 0
  const asNobody = async <T>(work: () => Promise<T>): Promise<T> => {
    process.seteuid?.(NOBODY)
    try {
      return await work()
    } finally {
      process.seteuid?.(0)
    }
  }
  const record = recordFor(ada)
  const assertHeld = () => undefined

  if (isRoot)
    it("replaces root's files in the user's own folder", async () => {
      await recordLogin(user.dataDir, recordFor(grace), true)
      chmodSync(user.home, 0o755)
      chownSync(user.dataDir, NOBODY, NOBODY)
      await asNobody(() => recordLogin(user.dataDir, record, true))
      expect(readLoginState(user.dataDir)).to.include({loginJsonAccount: ada.account, lastAccount: ada.account})
      expect(statSync(join(user.home, OUR_JSON)).uid).to.equal(NOBODY)
      expect(statSync(join(user.home, LOGIN_JSON)).uid).to.equal(NOBODY)
    })

  if (isRoot)
    it("names the command that gives root's folder back", async () => {
      const dataDir = join(user.home, 'heroku')
      mkdirSync(dataDir, {mode: 0o755})
      chmodSync(user.home, 0o755)
      chownSync(user.home, NOBODY, NOBODY)
      const fix = `sudo chown -R ${NOBODY}:${process.getegid?.()} ${dataDir}`
      const login = await asNobody(() =>
        thrownBy(
          changeLoginState({dataDir, waitMs: 0}, (state) => loggedIn(state, record, true), {
            assertHeld,
            failure: cannotRecordLogin('then log in'),
          }),
        ),
      )
      expect(login.hint).to.equal(`${fix}, then log in`)
      const removal = await asNobody(() =>
        thrownBy(
          changeLoginState({dataDir, waitMs: 0}, (state) => loggedOut(state, ada.account), {
            assertHeld,
            failure: cannotRecordRemoval('the user is logged out'),
          }),
        ),
      )
      expect(removal.hint).to.equal(fix)
    })
})
