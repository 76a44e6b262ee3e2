import {expect} from 'chai'
import {mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync} from 'node:fs'
import {join} from 'node:path'
import {StorageError, UserError} from '../../../src/errors.js'
import {findCredential} from '../../support/lookup.js'
import {readLoginState} from '../../../src/credentials/login-files.js'
import {recordLogout} from '../../support/login-record.js'
import type {MigrateOptions} from '../../../src/migrate/plan.js'
import type {Verdict, Verify} from '../../../src/migrate/survey.js'
import {saveToken} from '../../../src/credentials/save.js'
import {watchFiles} from '../../support/file-operations.js'
import {migrate} from '../../support/migrate.js'
import {thrownBy} from '../../support/thrown-by.js'
import {ada, entries, freshUser, grace, LOGIN_JSON} from '../../support/user.js'

const edsger = {account: 'edsger@example.com', token: 'HRKU-edsgers'}
const FOREIGN_BEFORE = '# mine\r\nmachine github.com login bob password "x y"\n'
const FOREIGN_AFTER = 'default login anonymous password me@example.com\n'
const ALIASES = '.config/heroku/accounts'

describe('migrating to the keychain', () => {
  const user = freshUser()
  const held = () => Object.fromEntries(user.memory.tokens)
  const go = (wishes: MigrateOptions & {verify?: Verify} = {}, env = {}) =>
    migrate(user.stores(env), 'keychain', wishes)
  const alias = (name: string, {account, token}: {account: string; token: string}) => {
    user.write(`${ALIASES}/${name}`, `username: ${account}\npassword: ${token}\n`)
  }
  const current = async () => (await findCredential(user.stores())).found
  const conflicts = async (wishes: MigrateOptions & {verify?: Verify} = {}) =>
    (await go(wishes)).conflicts?.map(({about, candidates}) => [about, ...candidates])
  /** An API for which only these tokens are valid. */
  const knowing =
    (...known: {account: string; token: string}[]): Verify =>
    (token) =>
      Promise.resolve<Verdict>(known.find((each) => each.token === token) ?? 'invalid')

  describe('from .netrc', () => {
    it('moves the token, keeps all other bytes, and makes its account current', async () => {
      user.write('.netrc', FOREIGN_BEFORE + entries(ada) + FOREIGN_AFTER)
      const {done} = await go()
      expect(done).to.deep.equal([
        `Copied the token of ada@example.com from ${user.netrcPath} to the keyring`,
        'Configured git to take the token from the keyring',
        `Removed the token of ada@example.com from ${user.netrcPath} (api.heroku.com and git.heroku.com)`,
      ])
      expect(user.read('.netrc')).to.equal(FOREIGN_BEFORE + FOREIGN_AFTER)
      expect(held()).to.deep.equal({[ada.account]: ada.token})
      expect(user.read(LOGIN_JSON)).to.equal('{"account":"ada@example.com"}\n')
      expect(await current()).to.include({...ada, source: 'secret-service'})
    })

    it('has nothing to do the second time, and does not call the keychain', async () => {
      user.write('.netrc', entries(ada))
      await go()
      user.memory.calls.length = 0
      expect((await go()).done).to.deep.equal([])
      expect(user.memory.calls).to.deep.equal([])
    })

    it('keeps the copies with --keep, and has nothing to do with --keep the second time', async () => {
      user.write('.netrc', entries(ada))
      expect((await go({keep: true})).done).to.have.length(2)
      expect(user.read('.netrc')).to.equal(entries(ada))
      expect(held()).to.deep.equal({[ada.account]: ada.token})
      expect((await go({keep: true})).done).to.deep.equal([])
      expect((await go()).done).to.have.length(2)
      expect(user.read('.netrc')).to.equal('')
    })

    it('uses the account and expiry that the API reports', async () => {
      const expiresAt = '2030-01-01T00:00:00.000Z'
      user.write('.netrc', entries({...ada, account: 'lovelace@example.com'}))
      const {plan} = await go({verify: () => Promise.resolve({account: ada.account, expiresAt})})
      expect(held()).to.deep.equal({[ada.account]: ada.token})
      expect(plan?.notes).to.deep.equal([
        `${user.netrcPath} names lovelace@example.com, but its token is that of ada@example.com`,
      ])
      expect(await current()).to.include({...ada, expiresAt})
    })

    it('uses the API’s account for an entry without a login, and asks without the API', async () => {
      user.write('.netrc', entries({token: ada.token}))
      expect(await conflicts()).to.deep.equal([['owner']])
      expect(user.read('.netrc')).to.equal(entries({token: ada.token}))
      await go({account: grace.account})
      expect(held()).to.deep.equal({[grace.account]: ada.token})
      user.memory.tokens.clear()
      await recordLogout(user.dataDir, grace.account)
      user.write('.netrc', entries({token: ada.token}))
      await go({verify: knowing(ada)})
      expect(held()).to.deep.equal({[ada.account]: ada.token})
    })

    it('asks the API about each token once', async () => {
      const asked: string[] = []
      user.write('.netrc', entries(ada))
      alias('work', ada)
      await go({
        verify(token) {
          asked.push(token)
          return Promise.resolve({account: ada.account})
        },
      })
      expect(asked).to.deep.equal([ada.token])
    })

    it('changes nothing if the API does not answer', async () => {
      user.write('.netrc', entries(ada))
      const offline = new UserError('cannot reach api.heroku.com')
      expect(await thrownBy(go({verify: () => Promise.reject(offline)}))).to.equal(offline)
      expect(user.read('.netrc')).to.equal(entries(ada))
      expect(user.memory.calls).to.deep.equal([])
    })

    it('leaves an invalid token in place, and prints how to remove it', async () => {
      user.write('.netrc', FOREIGN_BEFORE + entries(ada))
      const {done, plan} = await go({verify: knowing()})
      expect(done).to.deep.equal([])
      expect(plan?.notes).to.deep.equal([
        `the token of ada@example.com in ${user.netrcPath} is not valid any more; to remove it: --prune`,
      ])
      expect(user.read('.netrc')).to.equal(FOREIGN_BEFORE + entries(ada))
      expect(held()).to.deep.equal({})
    })

    it('removes an invalid token with --prune, and stores it nowhere', async () => {
      user.write('.netrc', FOREIGN_BEFORE + entries(ada))
      expect((await go({verify: knowing(), prune: true})).done).to.deep.equal([
        `Removed the token of ada@example.com from ${user.netrcPath} (api.heroku.com and git.heroku.com), which is not valid any more`,
      ])
      expect(user.read('.netrc')).to.equal(FOREIGN_BEFORE)
      expect(held()).to.deep.equal({})
    })

    it('moves the entries of the hosts in use, and leaves those of others', async () => {
      const env = {HEROKU_HOST: 'staging.herokudev.com'}
      const theirs = entries(grace, ['api.staging.herokudev.com', 'git.staging.herokudev.com'])
      user.write('.netrc', entries(ada) + theirs)
      alias('work', edsger)
      const {plan} = await go({}, env)
      expect(user.read('.netrc')).to.equal(entries(ada))
      expect(held()).to.deep.equal({[grace.account]: grace.token})
      expect(readLoginState(user.dataDir).tokens.map(({apiHost}) => apiHost)).to.deep.equal([
        'api.staging.herokudev.com',
      ])
      expect(plan?.notes).to.deep.equal([
        `the tokens in ${join(user.home, ALIASES, 'work')} were left alone: they are for api.heroku.com, not api.staging.herokudev.com`,
      ])
    })

    it('follows a link into a repository of dotfiles', async () => {
      user.write('dotfiles/netrc', FOREIGN_BEFORE + entries(ada))
      symlinkSync('dotfiles/netrc', user.netrcPath)
      await go()
      expect(user.read('dotfiles/netrc')).to.equal(FOREIGN_BEFORE)
      expect(readdirSync(join(user.home, 'dotfiles'))).to.deep.equal(['netrc'])
      expect(readlinkSync(user.netrcPath)).to.equal('dotfiles/netrc')
    })

    it('finds tokens in duplicate entries, one per migrate', async () => {
      user.write('.netrc', entries(ada) + entries({...ada, token: 'HRKU-older'}, ['api.heroku.com']))
      await go()
      expect(user.read('.netrc')).to.equal(entries({...ada, token: 'HRKU-older'}, ['api.heroku.com']))
      expect(await conflicts()).to.deep.equal([['token', ada.account]])
    })

    it('skips text that cannot be a token', async () => {
      user.write('.netrc', entries({...ada, token: 'tökén'}))
      const {done, plan} = await go()
      expect(done).to.deep.equal([])
      expect(plan?.notes).to.deep.equal([`${user.netrcPath} was left alone: what it holds is no token`])
    })

    it('refuses a file that it cannot parse', async () => {
      user.write('.netrc', 'machine api.heroku.com\0')
      expect(await thrownBy(go())).to.be.instanceOf(StorageError)
      expect(user.memory.calls).to.deep.equal([])
    })
  })

  describe('with two hosts', () => {
    const two = (api: typeof ada, git: typeof ada) =>
      entries(api, ['api.heroku.com']) + entries(git, ['git.heroku.com'])

    it('stops if they have different tokens of one account; --force keeps the API host’s', async () => {
      const before = two(ada, {...ada, token: 'HRKU-git'})
      user.write('.netrc', before)
      expect(await conflicts()).to.deep.equal([['token', ada.account]])
      expect(user.read('.netrc')).to.equal(before)
      const {done} = await go({force: true})
      expect(done?.slice(2)).to.deep.equal([
        `Removed the token of ada@example.com from ${user.netrcPath} (api.heroku.com)`,
        `Removed the token of ada@example.com from ${user.netrcPath} (git.heroku.com), which was another one`,
      ])
      expect(held()).to.deep.equal({[ada.account]: ada.token})
      expect(user.read('.netrc')).to.equal('')
    })

    it('stops if they have different accounts; --account selects the current one, and both are kept', async () => {
      user.write('.netrc', two(ada, grace))
      expect(await conflicts()).to.deep.equal([['current', ada.account, grace.account]])
      await go({account: grace.account})
      expect(held()).to.deep.equal({[ada.account]: ada.token, [grace.account]: grace.token})
      expect(await current()).to.include(grace)
      expect(user.read('.netrc')).to.equal('')
    })

    it("makes the API host's account current with --force", async () => {
      user.write('.netrc', two(ada, grace))
      await go({force: true})
      expect(await current()).to.include(ada)
    })

    it('fails if there is no token of the account that --account names', async () => {
      user.write('.netrc', entries(ada))
      const error = await thrownBy(go({account: 'nobody@example.com'}))
      expect(error).to.be.instanceOf(UserError)
      expect(error).to.include({message: 'there is no token of nobody@example.com'})
      expect(user.read('.netrc')).to.equal(entries(ada))
    })

    it('makes an account in the keychain current if there is nothing else to do', async () => {
      await saveToken(user.stores(), grace)
      await saveToken(user.stores(), ada)
      expect((await thrownBy(go({account: 'nobody@example.com'}))).message).to.equal(
        'there is no token of nobody@example.com',
      )
      const {done, plan} = await go({account: grace.account})
      expect(plan?.current).to.equal(grace.account)
      expect(done).to.deep.equal([
        'Made grace@example.com the active account',
        'Configured git to take the token from the keyring',
      ])
      expect(await current()).to.include(grace)
      expect((await go({account: grace.account})).done).to.deep.equal([])
    })

    it('makes no account current if there are no tokens', async () => {
      expect((await go({account: ada.account})).plan).to.deep.equal({to: 'keychain', steps: [], notes: []})
    })

    it('moves an entry for the git host alone', async () => {
      user.write('.netrc', entries(ada, ['git.heroku.com']))
      await go()
      expect(await current()).to.include(ada)
      expect(user.read('.netrc')).to.equal('')
    })
  })

  describe('into a keychain that is not empty', () => {
    it('stops if it holds another token of the account; --force replaces it', async () => {
      user.memory.tokens.set(ada.account, 'HRKU-older')
      user.write('.netrc', entries(ada))
      expect(await conflicts()).to.deep.equal([['token', ada.account]])
      expect(held()).to.deep.equal({[ada.account]: 'HRKU-older'})
      expect((await go({force: true})).done?.[0]).to.equal(
        `Copied the token of ada@example.com from ${user.netrcPath} to the keyring, in place of the one there`,
      )
      expect(held()).to.deep.equal({[ada.account]: ada.token})
      expect(user.read('.netrc')).to.equal('')
    })

    it('does not ask if the keychain had refused the newer token', async () => {
      await saveToken(user.stores(), {...ada, token: 'HRKU-older'})
      user.memory.fail(new StorageError('locked', 'the keyring is locked'))
      await saveToken(user.stores(), ada)
      user.memory.recover()
      await go()
      expect(held()).to.deep.equal({[ada.account]: ada.token})
      expect(await current()).to.include({...ada, source: 'secret-service'})
      expect(user.read('.netrc')).to.equal('')
    })

    it('finishes a migrate that has stored the token already', async () => {
      user.memory.tokens.set(ada.account, ada.token)
      user.write('.netrc', entries(ada))
      await go()
      expect(user.memory.calls.filter((call) => call.startsWith('set'))).to.deep.equal([])
      expect(user.read(LOGIN_JSON)).to.equal('{"account":"ada@example.com"}\n')
      expect(user.read('.netrc')).to.equal('')
    })

    it('stops if another account is current in it: the CLI and git use different accounts', async () => {
      await saveToken(user.stores(), grace)
      user.write('.netrc', entries(ada))
      expect(await conflicts()).to.deep.equal([['current', grace.account, ada.account]])
      expect(user.read('.netrc')).to.equal(entries(ada))
      await go({account: grace.account})
      expect(await current()).to.include(grace)
      expect(held()).to.deep.equal({[ada.account]: ada.token, [grace.account]: grace.token})
    })

    it('records the account that was current because it was the only one', async () => {
      user.memory.tokens.set(grace.account, grace.token)
      alias('work', ada)
      await go()
      expect(await current()).to.include(grace)
      expect(user.read(LOGIN_JSON)).to.equal('{"account":"grace@example.com"}\n')
    })
  })

  describe('from alias files', () => {
    it('stores them all, and makes the account of .netrc current', async () => {
      user.write('.netrc', entries(ada))
      alias('home', grace)
      alias('personal', ada)
      user.write('.heroku/accounts/work', `:username: ${edsger.account}\n:password: ${edsger.token}\n`)
      await go()
      expect(held()).to.deep.equal({
        [ada.account]: ada.token,
        [grace.account]: grace.token,
        [edsger.account]: edsger.token,
      })
      expect(await current()).to.include(ada)
      expect(user.read(`${ALIASES}/home`)).to.equal('username: grace@example.com\n')
      expect(user.read(`${ALIASES}/personal`)).to.equal('username: ada@example.com\n')
      expect(user.read('.heroku/accounts/work')).to.equal(':username: edsger@example.com\n')
      expect(readdirSync(join(user.home, ALIASES)).sort()).to.deep.equal(['home', 'personal'])
      expect((await go()).done).to.deep.equal([])
    })

    it('stores the current account first: a crash in between must not make another account current', async () => {
      user.write('.netrc', entries(ada))
      alias('a', grace)
      alias('b', edsger)
      await go()
      const sets = user.memory.calls.filter((call) => call.startsWith('set'))
      expect(sets).to.deep.equal(['set ada@example.com', 'set grace@example.com', 'set edsger@example.com'])
    })

    it('asks which account to make current if none is', async () => {
      alias('a', grace)
      alias('b', edsger)
      expect(await conflicts()).to.deep.equal([['current', grace.account, edsger.account]])
      await go({account: edsger.account})
      expect(await current()).to.include(edsger)
    })

    it('makes the only account current, but not after a logout', async () => {
      alias('a', grace)
      await go()
      expect(await current()).to.include(grace)
      await recordLogout(user.dataDir, grace.account)
      alias('b', edsger)
      await go()
      expect(await current()).to.equal(undefined)
      expect(held()).to.deep.equal({[grace.account]: grace.token, [edsger.account]: edsger.token})
    })

    it('stops if an alias has another token than .netrc', async () => {
      user.write('.netrc', entries(ada))
      alias('work', {...ada, token: 'HRKU-older'})
      expect(await conflicts()).to.deep.equal([['token', ada.account]])
      await go({force: true})
      expect(held()).to.deep.equal({[ada.account]: ada.token})
      expect(user.read(`${ALIASES}/work`)).to.equal('username: ada@example.com\n')
    })

    it('writes the account that the API names to the file, since accounts:set uses it', async () => {
      user.write(`${ALIASES}/work`, `# mine\nusername: old@example.com\npassword: ${ada.token}\nmore: kept\n`)
      await go({verify: knowing(ada)})
      expect(user.read(`${ALIASES}/work`))
        .to.match(/more: kept/u)
        .and.match(/username: ada@example.com/u)
      expect(user.read(`${ALIASES}/work`)).not.to.include(ada.token)
    })

    it('keeps their tokens for a CLI whose accounts:set reads them, and has nothing to do the second time', async () => {
      user.write('.netrc', entries(ada))
      alias('work', grace)
      const {plan} = await go({keepAliases: 'this CLI reads them'})
      expect(plan?.notes).to.deep.equal(['this CLI reads them'])
      expect(user.read(`${ALIASES}/work`)).to.include(grace.token)
      expect(user.read('.netrc')).to.equal('')
      expect((await go({keepAliases: 'this CLI reads them'})).done).to.deep.equal([])
    })

    it('skips files that are not aliases, and prints that', async () => {
      user.write(`${ALIASES}/nonsense`, '[1, 2')
      user.write(`${ALIASES}/list`, '- a\n')
      user.write(`${ALIASES}/empty`, '')
      user.write(`${ALIASES}/clean`, 'username: ada@example.com\n')
      mkdirSync(join(user.home, ALIASES, 'folder'))
      const {done, plan} = await go()
      expect(done).to.deep.equal([])
      expect(plan?.notes).to.deep.equal(
        ['list', 'nonsense'].map(
          (name) => `${join(user.home, ALIASES, name)} was left alone: it is not what an alias looks like`,
        ),
      )
    })

    it('never creates another file in their folder, which the CLI would take for an alias', async () => {
      alias('work', ada)
      const seen: string[] = []
      const stop = await watchFiles(user.home, () => {
        seen.push(...readdirSync(join(user.home, ALIASES)))
      })
      await go().finally(stop)
      expect([...new Set(seen)]).to.deep.equal(['work'])
      expect(user.read(`${ALIASES}/work`)).not.to.include(ada.token)
    })

    it('keeps a token that looks like a number unchanged', async () => {
      user.write(`${ALIASES}/work`, 'username: ada@example.com\npassword: 0123e5\n')
      await go()
      expect(held()).to.deep.equal({[ada.account]: '0123e5'})
    })

    it('reads a folder with two names once', async () => {
      alias('work', ada)
      mkdirSync(join(user.home, '.heroku'))
      symlinkSync(join(user.home, ALIASES), join(user.home, '.heroku', 'accounts'))
      expect((await go()).done).to.have.length(3)
    })

    it('leaves a file unchanged that holds its token in a comment too, after storing the token', async () => {
      const text = `# ${ada.token}\nusername: ada@example.com\npassword: ${ada.token}\n`
      user.write(`${ALIASES}/work`, text)
      const {failures} = await go()
      expect(failures?.map(({error}) => error.message)).to.deep.equal([
        `could not take the token out of ${join(user.home, ALIASES, 'work')}: it is there twice`,
      ])
      expect(user.read(`${ALIASES}/work`)).to.equal(text)
      expect(held()).to.deep.equal({[ada.account]: ada.token})
    })
  })

  describe('while other programs change the stores', () => {
    it('replaces no token that a login has just stored', async () => {
      user.write('.netrc', entries(ada))
      const verify: Verify = async () => {
        await Promise.resolve()
        return {account: ada.account}
      }
      const get = user.memory.get.bind(user.memory)
      let asked = 0
      user.memory.get = (account) => {
        asked += 1
        // The first call is the survey's, the second the check before the store.
        if (asked === 2) user.memory.tokens.set(ada.account, 'HRKU-newer')
        return get(account)
      }
      const error = await thrownBy(go({verify}))
      expect(error).to.be.instanceOf(StorageError)
      expect(error).to.include({message: 'the keyring has just been changed by another program'})
      expect(held()).to.deep.equal({[ada.account]: 'HRKU-newer'})
      expect(user.read('.netrc')).to.equal(entries(ada))
    })

    it('removes no copy of a token that is no longer in the keychain', async () => {
      user.write('.netrc', entries(ada))
      const set = user.memory.set.bind(user.memory)
      user.memory.set = async (credential) => {
        await set(credential)
        user.memory.tokens.delete(ada.account)
      }
      const {failures} = await go()
      expect(failures).to.have.length(1)
      expect(user.read('.netrc')).to.equal(entries(ada))
    })

    it('keeps a copy that has become another token', async () => {
      user.write('.netrc', entries(ada))
      const set = user.memory.set.bind(user.memory)
      user.memory.set = async (credential) => {
        await set(credential)
        user.write('.netrc', entries({...ada, token: 'HRKU-newer'}))
      }
      await go()
      expect(user.read('.netrc')).to.equal(entries({...ada, token: 'HRKU-newer'}))
    })
  })

  it('stores nothing if it cannot be recorded', async () => {
    user.write('.netrc', entries(ada))
    user.write('data', 'a file where the folder would be')
    const error = await thrownBy(go())
    expect(error).to.be.instanceOf(UserError)
    expect(held()).to.deep.equal({})
    expect(user.read('.netrc')).to.equal(entries(ada))
    rmSync(user.dataDir)
    await go()
    expect(user.read('.netrc')).to.equal('')
  })
})
