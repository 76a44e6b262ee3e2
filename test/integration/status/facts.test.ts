import {expect} from 'chai'
import {execFileSync} from 'node:child_process'
import {chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {type Problem, StorageError} from '../../../src/errors.js'
import {recordLogout, writeLoginJson} from '../../support/login-record.js'
import type {Keychain} from '../../../src/backends/resolve.js'
import {chosenBy} from '../../../src/credentials/chosen-store.js'
import {saveToken} from '../../../src/credentials/save.js'
import {ApiError} from '../../../src/heroku/api.js'
import {NetworkError} from '../../../src/heroku/http.js'
import {InvalidToken} from '../../../src/heroku/verify.js'
import {collectFacts, type FactSources} from '../../../src/status/facts.js'
import {buildReport} from '../../../src/status/checks.js'
import type {Facts, TokenFacts} from '../../../src/status/report.js'
import {memoryKeychain} from '../../support/memory-keychain.js'
import {ada, entries, freshUser, grace, LOGIN_JSON, noKeychain} from '../../support/user.js'

const EXPIRY = '2030-01-01T00:00:00.000Z'
const cli = {name: 'heroku/11.10.0', how: 'provider', clientVersion: '13.2.0'} as const

describe('collectFacts', () => {
  const user = freshUser()
  const keyring = {name: 'secret-service', title: 'the keyring'} as const

  const factsFor = (
    stores = user.stores(),
    verify?: FactSources['verify'],
    automatic: FactSources['automatic'] = [stores.context.keychain],
  ) => {
    const {env, endpoints} = stores.context
    return collectFacts({
      stores,
      automatic,
      // No git: git-facts.test.ts tests it.
      target: {
        env: {...env, PATH: ''},
        dataDir: user.dataDir,
        cacheDir: join(user.home, 'cache'),
        endpoints,
        helper: 'h',
      },
      cli,
      ...(verify ? {verify} : {}),
    })
  }
  const inKeychain: TokenFacts = {
    tier: 'keychain',
    source: 'secret-service',
    place: 'the keyring',
    masked: 'HRKU-********',
    account: ada.account,
    validity: 'not checked',
  }
  const inNetrc = (tier: TokenFacts['tier'], {account} = ada): TokenFacts => ({
    ...inKeychain,
    tier,
    source: 'netrc',
    place: user.netrcPath,
    account,
  })
  const logIn = async ({account, token} = ada) => {
    user.memory.tokens.set(account, token)
    await writeLoginJson(user.dataDir, account)
  }
  const writeNetrc = (text: string) => {
    user.write('.netrc', text)
  }

  it('collects all facts of a login in the keychain', async () => {
    await logIn()
    user.memory.tokens.set(grace.account, grace.token)
    expect(await factsFor()).to.deep.equal({
      token: inKeychain,
      account: {effective: ada.account, by: 'login.json'},
      shadowed: [],
      keychain: {
        ...keyring,
        state: 'unlocked',
        accounts: [
          {account: ada.account, current: true},
          {account: grace.account, current: false},
        ],
      },
      stores: {inUse: 'keyring', by: 'order', available: [{name: 'secret-service', option: 'keyring'}]},
      plainText: [],
      git: {
        host: 'git.heroku.com',
        state: 'not installed',
        because: 'git is not installed',
        kept: true,
        others: [],
      },
      host: {api: 'api.heroku.com', git: 'git.heroku.com', warnings: []},
      cli,
    } satisfies Facts)
  })

  it('names what selects the account, and what it replaces', async () => {
    await logIn()
    user.memory.tokens.set(grace.account, grace.token)
    const selected = {HEROKU_ACCOUNT: grace.account}
    const account = async (env: NodeJS.ProcessEnv) => (await factsFor(user.stores(env))).account
    expect(await account(selected)).to.deep.equal({
      effective: grace.account,
      by: 'HEROKU_ACCOUNT',
      otherwise: ada.account,
    })
    expect(await account({...selected, HEROKU_API_KEY: 'HRKU-key'})).to.deep.equal({
      by: 'HEROKU_API_KEY',
      otherwise: grace.account,
      overrides: 'HEROKU_ACCOUNT',
    })
    expect(await account({HEROKU_API_KEY: 'HRKU-key'})).to.deep.equal({by: 'HEROKU_API_KEY', otherwise: ada.account})
    expect(await account({HEROKU_ACCOUNT: 'play'})).to.equal(undefined)
  })

  it('finds no token and no failure before the first login', async () => {
    const {keychain, noToken, token} = await factsFor()
    expect({keychain, noToken, token}).to.deep.equal({
      keychain: {...keyring, state: 'answers', accounts: []},
      noToken: undefined,
      token: undefined,
    })
  })

  it('finds no current account after a logout, or among several accounts', async () => {
    user.memory.tokens.set(ada.account, ada.token).set(grace.account, grace.token)
    const accounts = [ada, grace].map(({account}) => ({account, current: false}))
    const several = await factsFor()
    expect(several.keychain.accounts).to.deep.equal(accounts)
    expect(several.noToken).to.deep.equal({
      because: 'the keyring holds several accounts, and none of them is current',
      isTrouble: false,
    })
    await recordLogout(user.dataDir, undefined)
    const {keychain, noToken} = await factsFor()
    expect([keychain.accounts, noToken]).to.deep.equal([accounts, undefined])
  })

  describe('stores', () => {
    const pass = memoryKeychain()
    const passKeychain: Keychain = {
      name: 'password-store',
      title: 'pass',
      because: 'a test says so',
      open: () => Promise.resolve({...pass, name: 'password-store'}),
    }
    const keyringOption = {name: 'secret-service', option: 'keyring'}
    const passOption = {name: 'password-store', option: 'pass'}
    const unavailable = new StorageError('unavailable', 'there is no D-Bus session, so no keyring')
    const context = {keychainNamed: () => passKeychain}
    const facts = (stores = user.stores({}, user.memory.keychain, context)) =>
      factsFor(stores, undefined, [user.memory.keychain, passKeychain])
    beforeEach(() => {
      pass.tokens.clear()
      pass.calls.length = 0
      pass.recover()
    })

    it('are those that can be reached, in the automatic order', async () => {
      expect((await facts()).stores).to.deep.equal({
        inUse: 'keyring',
        by: 'order',
        available: [keyringOption, passOption],
      })
      user.memory.fail(unavailable)
      expect((await facts()).stores.available).to.deep.equal([passOption])
      pass.fail(unavailable)
      expect((await facts()).stores.available).to.deep.equal([])
    })

    it('include one that is locked', async () => {
      user.memory.fail(new StorageError('locked', 'the keyring is locked'))
      pass.fail(new StorageError('locked', 'pass is locked'))
      expect((await facts()).stores.available).to.deep.equal([keyringOption, passOption])
    })

    it("name the one in the account's record as the one in use, and show its state", async () => {
      await saveToken(user.stores({}, passKeychain), ada)
      const {keychain, stores, token} = await facts()
      expect(stores).to.deep.include({inUse: 'pass', by: 'record'})
      expect(keychain).to.deep.equal({
        name: 'password-store',
        title: 'pass',
        state: 'unlocked',
        accounts: [{account: ada.account, current: true}],
      })
      expect(token?.source).to.equal('password-store')
    })

    it('name the one that HEROKU_CREDENTIAL_STORE names as the one in use', async () => {
      await logIn()
      const chosen = chosenBy('HEROKU_CREDENTIAL_STORE', 'pass')
      const {keychain, stores} = await facts(user.stores({}, passKeychain, {...context, ...(chosen && {chosen})}))
      expect(stores).to.deep.equal({
        inUse: 'pass',
        by: 'HEROKU_CREDENTIAL_STORE',
        chosen: 'pass',
        available: [keyringOption, passOption],
      })
      expect(keychain.title).to.equal('pass')
      await saveToken(user.stores(), ada)
      const elsewhere = await facts(user.stores({}, passKeychain, {...context, ...(chosen && {chosen})}))
      expect(elsewhere.stores).to.deep.include({inUse: 'pass', saved: 'keyring'})
    })

    it("name no account for git's own helpers, whose username may be a placeholder", async () => {
      pass.tokens.set('heroku', ada.token)
      const forwarded: Keychain = {
        ...passKeychain,
        name: 'git-forwarded',
        open: () => Promise.resolve({...pass, name: 'git-forwarded'}),
      }
      const chosen = chosenBy('HEROKU_CREDENTIAL_STORE', 'git')
      const stores = user.stores({}, forwarded, {...(chosen && {chosen})})
      const offline = await factsFor(stores)
      expect([offline.token?.source, offline.token?.account]).to.deep.equal(['git-forwarded', undefined])
      expect(offline.keychain).to.deep.include({state: 'unlocked', accounts: []})
      const {token} = await factsFor(stores, () => Promise.resolve({account: ada.account}))
      expect([token?.account, token?.filedUnder]).to.deep.equal([ada.account, undefined])
    })

    it('are not called with HEROKU_NETRC_WRITE', async () => {
      const {stores} = await facts(user.stores({HEROKU_NETRC_WRITE: 'true'}, user.memory.keychain, context))
      expect(stores).to.deep.include({inUse: 'netrc', by: 'HEROKU_NETRC_WRITE'})
      expect([...user.memory.calls, ...pass.calls]).to.deep.equal([])
    })

    it('are .netrc alone where there is no keychain', async () => {
      const {stores} = await factsFor(user.stores({}, noKeychain))
      expect(stores).to.deep.equal({inUse: 'netrc', by: 'order', available: []})
    })
  })

  describe('with HEROKU_API_KEY', () => {
    const key = {HEROKU_API_KEY: 'HRKU-key'}

    it('lists the shadowed tokens without reading them from the keychain', async () => {
      await logIn()
      writeNetrc(entries(grace))
      const {keychain, shadowed, token} = await factsFor(user.stores(key))
      expect(token).to.deep.equal({
        tier: 'HEROKU_API_KEY',
        source: 'HEROKU_API_KEY',
        place: 'HEROKU_API_KEY',
        masked: 'HRKU-********',
        validity: 'not checked',
      })
      expect(shadowed).to.deep.equal([
        {source: 'secret-service', place: 'the keyring', account: ada.account},
        {source: 'netrc', place: user.netrcPath, account: grace.account, same: false},
      ])
      expect(keychain).to.deep.include({state: 'answers', accounts: [{account: ada.account, current: true}]})
      expect(user.memory.calls).to.deep.equal(['open', 'accounts'])
    })

    it('recognizes a copy in .netrc', async () => {
      writeNetrc(entries({account: ada.account, token: key.HEROKU_API_KEY}))
      const {shadowed} = await factsFor(user.stores(key))
      expect(shadowed).to.deep.equal([{source: 'netrc', place: user.netrcPath, account: ada.account, same: true}])
    })
  })

  it('makes no keychain call with HEROKU_NETRC_WRITE', async () => {
    await logIn()
    writeNetrc(entries(grace))
    const {keychain, plainText, shadowed, token} = await factsFor(user.stores({HEROKU_NETRC_WRITE: 'true'}))
    expect({keychain, plainText, shadowed, token}).to.deep.equal({
      keychain: {...keyring, state: 'not used', accounts: []},
      plainText: [],
      shadowed: [],
      token: inNetrc('HEROKU_NETRC_WRITE', grace),
    })
    expect(user.memory.calls).to.deep.equal([])
  })

  it('reports why there is no keychain', async () => {
    writeNetrc(entries(ada))
    const {keychain, token} = await factsFor(user.stores({}, noKeychain))
    expect([keychain, token]).to.deep.equal([
      {state: 'missing', because: 'secret-tool is not installed', hint: 'install it', accounts: []},
      inNetrc('netrc'),
    ])
  })

  it('lists the old token in the keychain as shadowed after a login that it refused', async () => {
    await saveToken(user.stores(), {...ada, token: 'HRKU-old'})
    user.memory.faults.set('set', new StorageError('locked', 'the keyring is locked'))
    await saveToken(user.stores(), ada, EXPIRY)
    user.memory.recover()
    const {shadowed, token} = await factsFor()
    expect(token).to.deep.equal({...inNetrc('netrc'), expiresAt: EXPIRY, recordedAt: token?.recordedAt})
    expect(shadowed).to.deep.equal([{source: 'secret-service', place: 'the keyring', account: ada.account}])
  })

  describe('with a keychain that failed', () => {
    for (const problem of ['locked', 'denied', 'unavailable', 'timed-out', 'failed'] satisfies Problem[])
      it(`reports ${problem} with its hint, and makes no second call`, async () => {
        await logIn()
        user.memory.fail(new StorageError(problem, `the keyring was ${problem}`, 'do this'))
        const {keychain, noToken} = await factsFor()
        const failure = {because: `the keyring was ${problem}`, hint: 'do this'}
        expect(noToken).to.deep.equal({...failure, isTrouble: true})
        expect(keychain).to.deep.equal({...keyring, state: problem, ...failure, accounts: []})
        expect(user.memory.calls).to.deep.equal(['open', `get ${ada.account}`])
      })

    it("uses the same account's token in .netrc, and prints no notice", async () => {
      await logIn()
      writeNetrc(entries(ada))
      user.memory.fail(new StorageError('locked', 'the keyring is locked', 'unlock it'))
      const {keychain, token} = await factsFor()
      expect([token, keychain.state]).to.deep.equal([inNetrc('netrc'), 'locked'])
      expect(user.notices).to.deep.equal([])
    })

    it("does not use another account's token in .netrc", async () => {
      await logIn()
      writeNetrc(entries(grace))
      user.memory.fail(new StorageError('locked', 'the keyring is locked', 'unlock it'))
      const {noToken, token} = await factsFor()
      expect(token).to.equal(undefined)
      expect(noToken?.isTrouble).to.equal(true)
      expect(noToken?.because).to.include(ada.account).and.to.include(grace.account)
    })
  })

  describe('for plain text', () => {
    const copy = (same: boolean, {account} = ada) => ({kind: 'netrc', place: user.netrcPath, account, same})

    it('finds each token in .netrc once, beside the keychain', async () => {
      await logIn()
      writeNetrc(entries(ada))
      const same = await factsFor()
      expect(same.plainText).to.deep.equal([copy(true)])
      expect(same.git.netrc).to.deep.equal({place: user.netrcPath, account: ada.account, same: true})
      expect(same.shadowed).to.deep.equal([{source: 'netrc', place: user.netrcPath, account: ada.account, same: true}])
      writeNetrc(entries(ada, ['api.heroku.com']) + entries(grace, ['git.heroku.com', 'example.com']))
      const {git, plainText} = await factsFor()
      expect(plainText).to.deep.equal([copy(true), copy(false, grace)])
      expect(git.netrc).to.deep.equal({place: user.netrcPath, account: grace.account, same: false})
    })

    it('does not report the token in use, but one only for the git host', async () => {
      writeNetrc(entries(ada, ['api.heroku.com']) + entries(grace, ['git.heroku.com']))
      expect((await factsFor()).plainText).to.deep.equal([copy(false, grace)])
    })

    it('finds files of heroku accounts with a token, old ones too, and shows only their names', async () => {
      user.write('.config/heroku/accounts/work', 'username: w@example.com\npassword: HRKU-work\n')
      user.write('.config/heroku/accounts/keychain', 'username: k@example.com\n')
      user.write('.heroku/accounts/old', '---\n:username: o@example.com\n:password: 0123\n')
      mkdirSync(join(user.home, '.heroku/accounts/folder'))
      const pipe = join(user.home, '.heroku/accounts/pipe')
      if (process.platform !== 'win32') execFileSync('mkfifo', [pipe])
      const facts = await factsFor()
      expect(facts.plainText).to.deep.equal([
        {kind: 'alias', place: join(user.home, '.heroku/accounts/old')},
        ...(process.platform === 'win32'
          ? []
          : [
              {
                kind: 'unreadable',
                place: pipe,
                because: `could not read ${pipe}: it is a named pipe`,
                hint: `mv ${pipe} ${pipe}.old`,
              },
            ]),
        {kind: 'alias', place: join(user.home, '.config/heroku/accounts/work')},
      ])
      expect(JSON.stringify(facts)).not.to.include('HRKU-work')
    })

    it('reports a data folder, its files and a .netrc that other users can write to', async function () {
      if (process.platform === 'win32') this.skip()
      await logIn()
      writeNetrc('machine x\n')
      user.write('data/heroku-keychain.json', '{}')
      const stores = [user.dataDir, ...['login.json', 'heroku-keychain.json'].map((name) => join(user.dataDir, name))]
      for (const place of [...stores, user.netrcPath]) chmodSync(place, 0o777)
      expect((await factsFor()).plainText).to.deep.equal(
        [...stores, user.netrcPath].map((place) => ({
          kind: 'exposed',
          place,
          because: `other users can write to ${place}`,
          hint: `chmod go-w ${place}`,
        })),
      )
    })

    it('reports a .netrc that cannot be read, and continues', async () => {
      await logIn()
      mkdirSync(user.netrcPath)
      const {plainText, token} = await factsFor()
      expect(token).to.deep.equal(inKeychain)
      expect(plainText).to.deep.equal([
        {
          kind: 'unreadable',
          place: user.netrcPath,
          because: `could not read ${user.netrcPath} (EISDIR)`,
          hint: `move the folder ${user.netrcPath} out of the way`,
        },
      ])
    })

    it('does not decrypt a .netrc.gpg that is not needed', async () => {
      await logIn()
      user.write('.netrc.gpg', 'not even encrypted')
      const {git, plainText} = await factsFor()
      expect([plainText, git.netrc]).to.deep.equal([[], undefined])
    })

    it('reports a failure if the token must come from a .netrc that cannot be read', async () => {
      mkdirSync(user.netrcPath)
      expect((await factsFor()).noToken).to.deep.equal({
        because: `could not read ${user.netrcPath} (EISDIR)`,
        hint: `move the folder ${user.netrcPath} out of the way`,
        isTrouble: true,
      })
    })
  })

  describe('with the API', () => {
    const tokenWith = async (verify: FactSources['verify']) => (await factsFor(user.stores(), verify)).token
    beforeEach(() => logIn())

    it("gets the token's account and expiry", async () => {
      const asked: string[] = []
      const verify = (token: string) => {
        asked.push(token)
        return Promise.resolve({account: ada.account, expiresAt: EXPIRY})
      }
      expect(await tokenWith(verify)).to.deep.equal({...inKeychain, expiresAt: EXPIRY, validity: 'valid'})
      expect(asked).to.deep.equal([ada.token])
    })

    it('prefers its account to the one that the token is stored under', async () => {
      expect(await tokenWith(() => Promise.resolve({account: grace.account}))).to.deep.equal({
        ...inKeychain,
        account: grace.account,
        filedUnder: ada.account,
        validity: 'valid',
      })
    })

    it('distinguishes an invalid token from a failed request', async () => {
      const failing = (error: Error) => tokenWith(() => Promise.reject(error))
      expect(await failing(new InvalidToken('the token is not valid any more'))).to.deep.equal({
        ...inKeychain,
        validity: 'invalid',
      })
      expect(await failing(new NetworkError('cannot reach it', 'check the network'))).to.deep.equal({
        ...inKeychain,
        validity: 'unknown',
        because: 'cannot reach it',
        hint: 'check the network',
      })
      expect(await failing(new ApiError(503, undefined, 'it answered 503'))).to.deep.equal({
        ...inKeychain,
        validity: 'unknown',
        because: 'it answered 503',
        hint: 'see: heroku status',
      })
    })
  })

  it('shows only the kind of a token', async () => {
    const other = '01234567-89ab-cdef-0123-456789abcdef'
    for (const [token, masked] of [
      [ada.token, 'HRKU-********'],
      [other, '********'],
      ['HRKU-', 'HRKU-********'],
    ] as const) {
      await logIn({...ada, token})
      writeNetrc(entries({...grace, token: `${token}-too`}))
      const facts = await factsFor()
      expect(facts.token?.masked).to.equal(masked)
      if (token !== 'HRKU-') expect(JSON.stringify(buildReport(facts, 'heroku'))).not.to.include(token.slice(5))
    }
  })

  it('changes nothing, and does not restore a login.json that a CLI has deleted', async () => {
    await saveToken(user.stores(), ada)
    writeNetrc(entries(grace))
    rmSync(join(user.home, LOGIN_JSON))
    writeFileSync(join(user.home, 'other'), '')
    const all = () =>
      (readdirSync(user.home, {recursive: true}) as string[]).sort().map((name) => {
        const file = join(user.home, name)
        const {ino, mode, mtimeNs} = statSync(file, {bigint: true})
        return [name, ino, mode, mtimeNs, statSync(file).isFile() ? readFileSync(file, 'utf8') : '']
      })
    const before = all()
    expect((await factsFor()).token).to.deep.equal(inKeychain)
    expect(all()).to.deep.equal(before)
    expect(user.memory.calls.filter((call) => /^(?:set|remove)/u.test(call)).length).to.equal(1)
  })

  it('uses the endpoints of HEROKU_HOST', async () => {
    await logIn()
    const stores = user.stores({HEROKU_HOST: 'staging.herokudev.com', HEROKU_GIT_HOST: 'evil.example'})
    const {host, token} = await factsFor(stores)
    expect(token).to.deep.equal(inKeychain)
    expect(host).to.deep.equal({
      api: 'api.staging.herokudev.com',
      git: 'git.staging.herokudev.com',
      warnings: ["HEROKU_GIT_HOST is set to a host that is not Heroku's; it is ignored"],
    })
  })
})
