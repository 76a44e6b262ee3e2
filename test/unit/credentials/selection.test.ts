import {expect} from 'chai'
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {findAccountCredential, findCredential} from '../../../src/credentials/find.js'
import {findToRemove, removeToken} from '../../../src/credentials/remove.js'
import {saveToken} from '../../../src/credentials/save.js'
import type {Keychain} from '../../../src/backends/resolve.js'
import type {Named} from '../../../src/credentials/selection.js'
import type {SelectedBy, Selection} from '../../../src/credentials/selected-account.js'
import {StorageError, UserError} from '../../../src/errors.js'
import {recordEnded, writeLoginJson} from '../../support/login-record.js'
import {thrownBy} from '../../support/thrown-by.js'
import {ada, entries, freshUser, grace, LOGIN_JSON, noKeychain, OUR_JSON} from '../../support/user.js'

const mary = {account: 'mary@example.com', token: 'HRKU-marys'}
const byProject = (name: string, file = '.git/config'): Selection => ({name, by: 'git config', file})

describe('a selected account', () => {
  const user = freshUser()

  /** What selects an account, for one lookup. */
  interface Sources {
    flag?: string
    url?: string
    variable?: string
    project?: string
    env?: NodeJS.ProcessEnv
  }
  const stores = ({env = {}, project, variable}: Sources = {}, keychain: Keychain = user.memory.keychain) =>
    user.stores({...env, ...(variable === undefined ? {} : {HEROKU_ACCOUNT: variable})}, keychain, {
      selectedByProject: () => (project === undefined ? undefined : byProject(project)),
    })
  const namedBy = ({flag, url}: Sources): Named => ({account: flag, username: url})
  const find = async (sources: Sources, keychain?: Keychain) => {
    const lookup = await findCredential(stores(sources, keychain), namedBy(sources))
    return lookup.outcome === 'found' ? lookup.credential : lookup
  }
  const failure = async (sources: Sources, keychain?: Keychain) => {
    const error = await thrownBy(find(sources, keychain))
    if (!(error instanceof UserError)) throw error
    return error
  }
  const filesOf = () =>
    Object.fromEntries(
      readdirSync(user.home, {recursive: true, withFileTypes: true})
        .filter((each) => each.isFile())
        .map(({name, parentPath}) => [join(parentPath, name), readFileSync(join(parentPath, name), 'utf8')]),
    )

  beforeEach(async () => {
    await saveToken(user.stores(), grace)
    await saveToken(user.stores(), ada)
    user.notices.length = 0
  })

  it("is the login's if nothing selects another", async () => {
    expect(await find({}))
      .to.include({...ada})
      .and.not.to.have.property('selected')
  })

  const each: [SelectedBy, Sources][] = [
    ['--account', {flag: grace.account}],
    ['URL', {url: grace.account}],
    ['HEROKU_ACCOUNT', {variable: grace.account}],
    ['git config', {project: grace.account}],
  ]
  for (const [by, sources] of each)
    it(`by ${by} is used, and nothing is written`, async () => {
      const before = filesOf()
      expect(await find(sources)).to.deep.include({...grace, source: 'secret-service'})
      expect(await find(sources)).to.have.nested.property('selected.by', by)
      expect(filesOf()).to.deep.equal(before)
      expect(await find({})).to.include(ada)
    })

  it('is the one that comes first of --account, the URL, HEROKU_ACCOUNT and git', async () => {
    const others = {url: mary.account, variable: mary.account, project: mary.account}
    expect(await find({flag: grace.account, ...others})).to.include(grace)
    expect(await find({url: grace.account, project: mary.account})).to.include(grace)
    expect(await find({variable: grace.account, project: mary.account})).to.include(grace)
  })

  it('is not looked up in git where that cannot affect the result', async () => {
    let calls = 0
    const counting = (env = {}) =>
      user.stores(env, undefined, {
        selectedByProject() {
          calls += 1
          return undefined
        },
      })
    await findCredential(counting({HEROKU_API_KEY: 'HRKU-key'}))
    await findCredential(counting({HEROKU_ACCOUNT: grace.account}))
    await findCredential(counting(), {account: grace.account})
    await findCredential(counting(), {username: grace.account})
    expect(calls).to.equal(0)
    await findCredential(counting())
    expect(calls).to.equal(1)
  })

  it("is refused if the remote's URL and HEROKU_ACCOUNT differ, with both names", async () => {
    const {message} = await failure({url: grace.account, variable: ada.account})
    expect(message).to.equal("the remote's URL selects grace@example.com, and HEROKU_ACCOUNT selects ada@example.com")
    expect(await find({url: grace.account, variable: grace.account})).to.include(grace)
  })

  it('does not come from a username that is no account, such as heroku', async () => {
    for (const url of ['heroku', '', 'ada']) {
      expect(await find({url})).to.include(ada)
      expect(await find({url, variable: grace.account})).to.include(grace)
    }
  })

  describe('by an alias of heroku accounts', () => {
    beforeEach(() => {
      user.write('.config/heroku/accounts/work', `username: ${grace.account}\n`)
    })

    for (const [by, sources] of [
      ['--account', {flag: 'work'}],
      ['URL', {url: 'work'}],
      ['HEROKU_ACCOUNT', {variable: 'work'}],
      ['git config', {project: 'work'}],
    ] as const)
      it(`from ${by} is found`, async () => {
        expect(await find(sources)).to.include(grace)
      })

    it('is never a path', async () => {
      user.write('.config/heroku/elsewhere', `username: ${grace.account}\n`)
      expect((await failure({variable: '../elsewhere'})).message).to.equal(
        'not logged in: HEROKU_ACCOUNT selects ../elsewhere, which is neither an e-mail address nor an alias of heroku accounts',
      )
    })

    it('that does not exist is an error, not the current account', async () => {
      for (const sources of [{flag: 'play'}, {variable: 'play'}, {project: 'play'}])
        expect(await failure(sources)).to.include({exitCode: 100})
    })
  })

  describe('that is not logged in', () => {
    for (const [text, sources] of [
      ['--account', {flag: mary.account}],
      ["the remote's URL", {url: mary.account}],
      ['HEROKU_ACCOUNT', {variable: mary.account}],
      ['git config heroku.account in .git/config', {project: mary.account}],
    ] as const)
      it(`is an error that names ${text}, and no other account is used`, async () => {
        const error = await failure(sources)
        expect(error.message).to.equal(`not logged in as mary@example.com (selected by ${text})`)
        expect(error).to.include({exitCode: 100, hint: 'heroku login'})
      })

    it('is not replaced by what .netrc holds', async () => {
      user.write('.netrc', entries(ada))
      const {exitCode, message} = await failure({variable: mary.account})
      expect(message).to.equal(
        `not logged in as mary@example.com (selected by HEROKU_ACCOUNT): ${user.netrcPath} holds ada@example.com's token, which was not used`,
      )
      expect(exitCode).to.equal(100)
      expect((await failure({variable: mary.account}, noKeychain)).message).to.equal(
        "secret-tool is not installed, so mary@example.com's token cannot be read (selected by HEROKU_ACCOUNT); " +
          `${user.netrcPath} holds ada@example.com's token, which was not used`,
      )
    })

    it('is found in .netrc', async () => {
      user.write('.netrc', entries(mary))
      expect(await find({variable: mary.account})).to.include({...mary, source: 'netrc'})
      expect(await find({variable: mary.account}, noKeychain)).to.include({...mary, source: 'netrc'})
    })
  })

  it('with HEROKU_NETRC_WRITE is the one in .netrc, or an error', async () => {
    user.write('.netrc', entries(grace))
    const env = {HEROKU_NETRC_WRITE: 'true'}
    expect(await find({env, variable: grace.account})).to.include({...grace, source: 'netrc'})
    expect(await find({env})).to.include(grace)
    expect(await failure({env, variable: ada.account})).to.include({exitCode: 100})
  })

  it('loses to HEROKU_API_KEY, except by --account', async () => {
    const env = {HEROKU_API_KEY: 'HRKU-key'}
    for (const sources of [{url: grace.account}, {variable: grace.account}, {project: grace.account}])
      expect(await find({env, ...sources})).to.include({token: 'HRKU-key', source: 'HEROKU_API_KEY'})
    expect(await find({env, flag: grace.account})).to.include(grace)
  })

  it("whose keychain fails is the keychain's error, with the account and what selected it", async () => {
    user.memory.fail(new StorageError('locked', 'the keyring is locked', 'unlock it'))
    user.write('.netrc', entries(ada))
    const error = await failure({variable: grace.account})
    expect(error).to.include({exitCode: 1, hint: 'unlock it'})
    expect(error.message).to.equal(
      "the keyring is locked, so grace@example.com's token cannot be read (selected by HEROKU_ACCOUNT); " +
        `${user.netrcPath} holds ada@example.com's token, which was not used`,
    )
    user.write('.netrc', '')
    expect(await find({variable: grace.account}))
      .to.have.property('error')
      .that.include({
        problem: 'locked',
        message: 'the keyring is locked (needed for grace@example.com, selected by HEROKU_ACCOUNT)',
        hint: 'unlock it',
      })
  })

  it('of another host is not used', async () => {
    const env = {HEROKU_HOST: 'staging.herokudev.com'}
    const {message} = await failure({env, variable: grace.account})
    expect(message).to.match(
      /^not logged in as grace@example\.com \(selected by HEROKU_ACCOUNT\): .*not to api\.staging/u,
    )
  })

  it('is not used if a logout revoked its token', async () => {
    await recordEnded(user.dataDir, grace.token, true)
    expect((await failure({variable: grace.account})).message).to.include('a logout revoked')
  })

  describe('where git cannot say what the project selects', () => {
    const unsure = (env = {}) =>
      user.stores(env, undefined, {
        selectedByProject() {
          throw new UserError('git did not say')
        },
      })

    it('is an error if there are several accounts, unless HEROKU_ACCOUNT decides', async () => {
      expect(await thrownBy(findCredential(unsure()))).to.have.property('message', 'git did not say')
      const lookup = await findCredential(unsure({HEROKU_ACCOUNT: grace.account}))
      expect(lookup).to.have.nested.property('credential.token', grace.token)
    })

    it('is the only account there is', async () => {
      const found = await findToRemove(user.stores({HEROKU_ACCOUNT: grace.account}))
      if (found) await removeToken(user.stores(), found)
      expect(await findCredential(unsure())).to.have.nested.property('credential.token', ada.token)
    })
  })

  describe('and a login', () => {
    const loginJson = () => user.read(LOGIN_JSON)

    it('of that account replaces its token, and the current account stays', async () => {
      await saveToken(stores({variable: grace.account}), {...grace, token: 'HRKU-new'})
      expect(loginJson()).to.equal(`{"account":"${ada.account}"}\n`)
      expect(await find({variable: grace.account})).to.include({token: 'HRKU-new'})
      expect(await find({})).to.include(ada)
    })

    it('of another account makes that current', async () => {
      await saveToken(stores({variable: grace.account}), mary)
      expect(await find({})).to.include(mary)
      expect(await find({variable: grace.account})).to.include(grace)
    })

    it('of that account makes it current if no account is', async () => {
      for (const {account} of [ada, grace]) {
        const found = await findToRemove(stores({variable: account}))
        if (found) await removeToken(stores({variable: account}), found)
      }
      await saveToken(stores({variable: grace.account}), grace)
      expect(await find({})).to.include(grace)
    })
  })

  describe('and a logout', () => {
    it('of an account that is not the current one leaves login.json and the other token', async () => {
      const found = await findToRemove(stores({project: grace.account}))
      expect(found).to.include(grace)
      if (found) await removeToken(stores({project: grace.account}), found)
      expect([...user.memory.tokens.keys()]).to.deep.equal([ada.account])
      expect(await find({})).to.include(ada)
    })

    it('of the current account removes login.json', async () => {
      const found = await findToRemove(stores({project: ada.account}))
      if (found) await removeToken(stores({project: ada.account}), found)
      expect(user.read(LOGIN_JSON)).to.equal(undefined)
      expect([...user.memory.tokens.keys()]).to.deep.equal([grace.account])
    })

    it('with nothing to remove is an error', async () => {
      expect(await thrownBy(findToRemove(stores({variable: mary.account})))).to.include({exitCode: 100})
    })
  })

  it('does not replace an account that a command of the CLI names', async () => {
    const lookup = await findAccountCredential(stores({variable: grace.account}), ada.account)
    expect(lookup).to.have.nested.property('credential.token', ada.token)
  })

  it('is not recorded, although its token is on no record', async () => {
    user.memory.tokens.set(mary.account, mary.token)
    await writeLoginJson(user.dataDir, ada.account)
    const before = user.read(OUR_JSON)
    expect(await find({variable: mary.account})).to.include(mary)
    expect(user.read(OUR_JSON)).to.equal(before)
  })
})
