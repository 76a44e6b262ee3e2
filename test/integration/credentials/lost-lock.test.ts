// A process that was stopped for a while, and lost the lock to another one, must not write over what that wrote.
import {expect} from 'chai'
import {mkdirSync, rmSync, utimesSync} from 'node:fs'
import {join} from 'node:path'
import {StorageError} from '../../../src/errors.js'
import type {LoginState} from '../../../src/credentials/login-state.js'
import {recordCurrent, recordLogin, recordLogout, recordToken, writeLoginJson} from '../../support/login-record.js'
import {readLoginState} from '../../../src/credentials/login-files.js'
import {recordLoginJson, withLoginLock} from '../../../src/credentials/login-writer.js'
import {removeToken} from '../../../src/credentials/remove.js'
import {saveToken} from '../../../src/credentials/save.js'
import {until} from '../../support/listen.js'
import {thrownBy} from '../../support/thrown-by.js'
import {ada, freshUser, grace, LOGIN_JSON, OUR_JSON} from '../../support/user.js'

const lost = () => {
  throw new StorageError('failed', 'lost the lock to another program', 'try again')
}

describe('the record of logins', () => {
  const user = freshUser()
  const files = () => [user.read(LOGIN_JSON), user.read(OUR_JSON)]
  const lockPath = () => join(user.dataDir, 'heroku-keychain.lock')
  const record = {account: ada.account, apiHost: 'api.heroku.com', fingerprint: 'f', savedIn: 'secret-service'} as const

  for (const [what, write] of Object.entries({
    recordLogin: () => recordLogin(user.dataDir, record, true, lost),
    recordToken: () => recordToken(user.dataDir, record, lost),
    recordCurrent: () => recordCurrent(user.dataDir, ada.account, lost),
    recordLogout: () => recordLogout(user.dataDir, grace.account, lost),
    writeLoginJson: () => writeLoginJson(user.dataDir, ada.account, lost),
  }))
    it(`is not changed by ${what} once the lock was lost`, async () => {
      await saveToken(user.stores(), grace)
      const before = files()
      expect((await thrownBy(write())).message).to.equal('lost the lock to another program')
      expect(files()).to.deep.equal(before)
    })

  /** Takes the lock from its holder, as another process does that finds it stale; resolves once the holder knows. */
  const steal = async (assertHeld: () => void) => {
    rmSync(lockPath(), {recursive: true})
    mkdirSync(lockPath())
    utimesSync(lockPath(), new Date(), new Date(Date.now() - 1000))
    await until(() => {
      try {
        assertHeld()
        return false
      } catch {
        return true
      }
    })
  }

  it('reports a lost lock to its holder', async () => {
    mkdirSync(user.dataDir, {recursive: true})
    await withLoginLock({dataDir: user.dataDir, waitMs: 0}, steal)
  })

  it("has no other process's newer token replaced, where a login puts back what was there before", async () => {
    const newer = {...ada, token: 'HRKU-newer'}
    const {memory} = user
    await saveToken(user.stores(), ada)
    const open: typeof memory.keychain.open = async (options) => ({
      ...(await memory.keychain.open(options)),
      set: async (credential) => {
        await memory.set(credential)
        // Another process takes the lock, and logs in; then nothing can be recorded.
        memory.tokens.set(newer.account, newer.token)
        rmSync(join(user.home, OUR_JSON))
        mkdirSync(join(user.home, OUR_JSON))
      },
    })
    await thrownBy(saveToken(user.stores({}, {...memory.keychain, open}), {...ada, token: 'HRKU-lost'}))
    expect(memory.tokens.get(ada.account)).to.equal(newer.token)
  })
})

describe('remembering who login.json names', () => {
  const user = freshUser()
  const lockPath = () => join(user.dataDir, 'heroku-keychain.lock')
  const state = (): LoginState => readLoginState(user.dataDir)

  it('takes no lock where there is nothing to remember', async () => {
    await saveToken(user.stores(), ada)
    mkdirSync(lockPath())
    await recordLoginJson(user.dataDir)
    expect(state().lastAccount).to.equal(ada.account)
  })

  it('does not undo a logout that goes on at the same time', async () => {
    await saveToken(user.stores(), grace)
    await writeLoginJson(user.dataDir, ada.account)
    let remembering: Promise<void> | undefined
    await withLoginLock({dataDir: user.dataDir, waitMs: 0}, async (assertHeld) => {
      // It has looked before the logout, and comes to write after it.
      remembering = recordLoginJson(user.dataDir)
      await recordLogout(user.dataDir, ada.account, assertHeld)
    })
    await remembering
    expect(state()).to.include({loggedOut: true}).and.not.to.have.any.keys('loginJsonAccount', 'lastAccount')
  })

  it('writes nothing while another process has the lock', async () => {
    await writeLoginJson(user.dataDir, ada.account)
    mkdirSync(lockPath())
    await thrownBy(recordLoginJson(user.dataDir))
    expect(user.read(OUR_JSON)).to.equal(undefined)
  })

  it('leaves no account logged in after a logout at the same time as many commands', async () => {
    await saveToken(user.stores(), ada)
    await writeLoginJson(user.dataDir, ada.account)
    const found = {...ada, source: 'secret-service', location: 'the keyring'} as const
    await Promise.all([
      removeToken(user.stores(), found),
      ...Array.from({length: 8}, () => recordLoginJson(user.dataDir).catch(() => undefined)),
    ])
    expect(state()).to.include({loggedOut: true}).and.not.to.have.any.keys('loginJsonAccount', 'lastAccount')
  })
})
