// A .netrc that cannot be read is no failure for a user whose token is in a keychain.
import {expect} from 'chai'
import {spawnSync} from 'node:child_process'
import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs'
import {StorageError} from '../../../src/errors.js'
import {findCredential} from '../../support/lookup.js'
import {readLoginState} from '../../../src/credentials/login-files.js'
import {findToRemove, removeToken} from '../../../src/credentials/remove.js'
import {removeAccount} from '../../../src/credentials/remove-account.js'
import {saveToken} from '../../../src/credentials/save.js'
import {ada, entries, freshUser, grace} from '../../support/user.js'

const KEYRING = 'the keyring'

describe('a user of the keychain, with a .netrc', () => {
  const user = freshUser()

  const kinds: Record<string, () => void> = {
    'that is a named pipe': () => spawnSync('mkfifo', [user.netrcPath]),
    'that is a link to a named pipe': () => {
      spawnSync('mkfifo', [`${user.netrcPath}.pipe`])
      symlinkSync(`${user.netrcPath}.pipe`, user.netrcPath)
    },
    'that is a folder': () => {
      mkdirSync(user.netrcPath)
    },
    'that is /dev/null': () => {
      symlinkSync('/dev/null', user.netrcPath)
    },
    'that is a disk': () => spawnSync('mknod', [user.netrcPath, 'b', '7', '200']),
    'in UTF-16 without a byte order mark': () => {
      writeFileSync(user.netrcPath, entries(grace), 'utf16le')
    },
    'in Latin-1': () => {
      writeFileSync(user.netrcPath, '# caf\u00E9\nmachine x login \u00E9\n', 'latin1')
    },
    'with an unknown word': () => {
      writeFileSync(user.netrcPath, 'prose here\nmachine x\n  refresh y\n')
    },
    'with a quote that is not closed': () => {
      writeFileSync(user.netrcPath, 'machine x login "y\n')
    },
  }
  for (const [what, make] of Object.entries(kinds)) {
    it(`${what}, logs in and out, and acts by the keychain's token`, async function () {
      if (process.platform === 'win32') this.skip()
      make()
      expect((await saveToken(user.stores(), ada)).savedIn).to.equal('secret-service')
      const found = await findToRemove(user.stores())
      expect(found).to.include({...ada, source: 'secret-service'})
      if (!found) return
      expect(await removeToken(user.stores(), found)).to.deep.equal({removedFrom: [KEYRING], left: [], failures: []})
      expect([...user.memory.tokens]).to.deep.equal([])
      expect(readLoginState(user.dataDir).loggedOut).to.equal(true)
    })

    it(`${what}, removes an account`, async function () {
      if (process.platform === 'win32') this.skip()
      make()
      await saveToken(user.stores(), ada)
      expect(await removeAccount(user.stores(), ada.account)).to.deep.equal({
        removedFrom: [KEYRING],
        left: [],
        failures: [],
      })
    })
  }

  it('that is a named pipe, hears of the keychain where that fails', async function () {
    if (process.platform === 'win32') this.skip()
    await saveToken(user.stores(), ada)
    spawnSync('mkfifo', [user.netrcPath])
    user.memory.fail(new StorageError('locked', 'the keyring is locked', 'unlock it'))
    expect(await findCredential(user.stores())).to.include({because: 'the keyring is locked'})
  })

  it('in UTF-16 without a byte order mark, hears of the copy that a logout cannot take out of it', async () => {
    await saveToken(user.stores(), ada)
    writeFileSync(user.netrcPath, entries(ada), 'utf16le')
    const found = await findToRemove(user.stores())
    const {failures, removedFrom} = await removeToken(user.stores(), found ?? {...ada, source: 'netrc', location: ''})
    expect(removedFrom).to.deep.equal([KEYRING])
    expect(failures.map(({error, location: place}) => [place, error.message])).to.deep.equal([
      [user.netrcPath, `${user.netrcPath}: line 1 holds a NUL byte, and the token is in it`],
    ])
    expect(readLoginState(user.dataDir)).to.include({lastAccount: ada.account, loggedOut: false})
  })

  it("logs out though there is a named pipe among the files of 'heroku accounts'", async function () {
    if (process.platform === 'win32') this.skip()
    await saveToken(user.stores(), ada)
    user.write('.heroku/accounts/work', `username: ${ada.account}\npassword: ${ada.token}\n`)
    spawnSync('mkfifo', [`${user.home}/.heroku/accounts/pipe`])
    const found = await findToRemove(user.stores())
    const {failures, removedFrom} = await removeToken(user.stores(), found ?? {...ada, source: 'netrc', location: ''})
    expect({failures, removedFrom}).to.deep.equal({
      failures: [],
      removedFrom: [KEYRING, `${user.home}/.heroku/accounts/work`],
    })
  })
})
