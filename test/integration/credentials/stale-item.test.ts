// An item of the account in another collection, which is locked: an old keyring, or one that only a login of another desktop
// opens. The keyring prefers an unlocked item, and prompts where there is none. On a real GNOME Keyring.
import {expect} from 'chai'
import {resolveKeychain} from '../../../src/backends/resolve.js'
import {recordToken} from '../../support/login-record.js'
import {readLoginState} from '../../../src/credentials/login-files.js'
import {CredentialStores} from '../../../src/credentials/stores.js'
import {recordFor} from '../../../src/credentials/token-record.js'
import {findToRemove, removeToken} from '../../../src/credentials/remove.js'
import {saveToken} from '../../../src/credentials/save.js'
import {endpointsFrom} from '../../../src/heroku/endpoints.js'
import {run, type RunTool} from '../../../src/process/run.js'
import {type Collection, type Keyring, startKeyring} from '../../support/keyring.js'
import {migrate} from '../../support/migrate.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'
import {countTestsHere} from '../../support/trust.js'
import {ada, entries, freshUser} from '../../support/user.js'

const stale = {
  label: 'Heroku CLI',
  attributes: {service: 'heroku-cli', account: ada.account},
  secret: 'HRKU-stale',
}

describe('with a stale item of the account in another, locked collection', function () {
  countTestsHere('unavailable/stale-item')
  this.timeout(60_000)
  const user = freshUser()
  let sandbox: Sandbox
  let keyring: Keyring
  let other: Collection
  const stores = () => {
    const sandboxed = {...sandbox.env, ...keyring.env}
    const runHere: RunTool = (file, args, options) => {
      const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
      return run(file, args, {...options, env: {...cleared, ...sandboxed, ...options.env}})
    }
    const env = {HOME: user.home, PATH: process.env.PATH}
    return new CredentialStores({
      env,
      dataDir: user.dataDir,
      endpoints: endpointsFrom(env),
      keychain: resolveKeychain(env, 'linux'),
      run: runHere,
      timeoutMs: 10_000,
      notify: (line) => user.notices.push(line),
    })
  }
  const secrets = async () => {
    const before = (await keyring.items()).map(({secret}) => secret)
    await other.unlock()
    const all = (await keyring.items()).map(({secret}) => secret)
    await other.lock()
    return {before, all: all.sort()}
  }

  beforeEach(async () => {
    sandbox = openSandbox()
    keyring = await startKeyring(sandbox)
    other = await keyring.addCollection()
    await other.store(stale)
    await other.lock()
  })
  afterEach(async () => {
    await keyring.stop()
    await sandbox.close()
  })

  it('a migrate asks whether to store beside it, and does with --force', async () => {
    user.write('.netrc', entries(ada))
    const {conflicts} = await migrate(stores(), 'keychain')
    expect(conflicts).to.deep.equal([
      {
        about: 'token',
        candidates: [ada.account],
        message: `the keyring has a locked item of ada@example.com, which may be another token than that in ${user.netrcPath}`,
        question: `store the one in ${user.netrcPath}?`,
      },
    ])
    expect(user.read('.netrc')).to.equal(entries(ada))
    const {failures, plan} = await migrate(stores(), 'keychain', {force: true})
    expect(failures).to.deep.equal([])
    expect(plan).to.include({current: ada.account})
    expect(user.read('.netrc')).to.equal('')
    expect((await secrets()).all).to.deep.equal([ada.token, stale.secret])
    // Then it is not in the way.
    user.write('.netrc', entries(ada))
    expect((await migrate(stores(), 'keychain')).failures).to.deep.equal([])
    expect(user.read('.netrc')).to.equal('')
  })

  it('a logout of a token in .netrc removes that, and leaves the item alone', async () => {
    user.write('.netrc', entries(ada))
    const found = await findToRemove(stores())
    expect(found).to.include({...ada, source: 'netrc'})
    const removal = await removeToken(stores(), {...ada, source: 'netrc', location: user.netrcPath})
    expect(removal).to.deep.equal({
      removedFrom: [user.netrcPath],
      left: [],
      failures: [],
      notQueried: 'the keyring',
    })
    expect((await secrets()).all).to.deep.equal([stale.secret])
    expect(readLoginState(user.dataDir)).to.include({loggedOut: true})
  })

  it('a logout of a token in .netrc removes its copy in the login keyring too', async () => {
    await saveToken(stores(), ada)
    user.write('.netrc', entries(ada))
    const removal = await removeToken(stores(), {...ada, source: 'netrc', location: user.netrcPath})
    expect(removal).to.deep.include({removedFrom: ['the keyring', user.netrcPath], failures: []})
    expect((await secrets()).all).to.deep.equal([stale.secret])
  })

  it('a logout fails where our record says that the token was stored in the keyring, and it is locked', async () => {
    user.write('.netrc', entries(ada))
    for (const token of [ada.token, 'HRKU-another-one']) {
      await recordToken(user.dataDir, recordFor({...ada, token}, 'api.heroku.com', {name: 'secret-service'}))
      const removal = await removeToken(stores(), {...ada, source: 'netrc', location: user.netrcPath})
      expect(removal.failures.map(({location: place}) => place)).to.deep.equal(['the keyring'])
      expect(removal).not.to.have.property('notQueried')
    }
  })
})
