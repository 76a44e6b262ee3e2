// A token in plain text because no encrypted store took it: the user is warned once a day.
import {expect} from 'chai'
import {readLoginState} from '../../../src/credentials/login-files.js'
import {saveToken} from '../../../src/credentials/save.js'
import {StorageError} from '../../../src/errors.js'
import {chosenBy} from '../../../src/credentials/chosen-store.js'
import {warnDaily} from '../../../src/credentials/warn-daily.js'
import type {StoresContext} from '../../../src/credentials/stores.js'
import {localDay} from '../../../src/ui/expiry.js'
import {recordWarning} from '../../support/login-record.js'
import {findCredential} from '../../support/lookup.js'
import {ada, freshUser, noKeychain, OUR_JSON} from '../../support/user.js'

const LOCKED = new StorageError('locked', 'the keyring is locked', 'unlock it')
const YESTERDAY = localDay(new Date(Date.now() - 24 * 60 * 60 * 1000))

describe('a token in plain text', () => {
  const user = freshUser()
  /** A command that uses the token. */
  const use = async (env: NodeJS.ProcessEnv = {}, changes: Partial<StoresContext> = {}) => {
    const stores = user.stores(env, undefined, changes)
    const {found} = await findCredential(stores)
    if (!found) return expect.fail('not found')
    await warnDaily(stores, found)
    return user.notices.splice(0)
  }
  const logIn = async (changes: Partial<StoresContext> = {}) => {
    await saveToken(user.stores({}, undefined, changes), ada)
    user.notices.length = 0
  }
  const yesterday = () => recordWarning(user.dataDir, ada, YESTERDAY, 'plainTextWarnedOn')
  const warning = () =>
    `the token is in ${user.netrcPath}, in plain text, because no encrypted store took it; ` +
    'to see what is missing: heroku auth:status'
  const days = () => readLoginState(user.dataDir).tokens.map(({plainTextWarnedOn}) => plainTextWarnedOn)

  it('is warned of once a day, if the keychain refused it; at login the login warns', async () => {
    user.memory.fail(LOCKED)
    await logIn()
    expect(days()).to.deep.equal([localDay(new Date())])
    expect(await use()).to.deep.equal([])
    await yesterday()
    expect([await use(), await use()]).to.deep.equal([[warning()], []])
    expect(days()).to.deep.equal([localDay(new Date())])
  })

  it('is warned of if there was no keychain', async () => {
    const without = {keychain: noKeychain}
    await logIn(without)
    await yesterday()
    expect([await use({}, without), await use({}, without)]).to.deep.equal([[warning()], []])
  })

  it('is not warned of if the user wants it there', async () => {
    const chosen = chosenBy('--store', 'netrc')
    if (!chosen) return expect.fail('no choice')
    await logIn({chosen})
    expect(await use()).to.deep.equal([])
    expect(days()).to.deep.equal([undefined])

    user.memory.fail(LOCKED)
    await logIn()
    await yesterday()
    const before = user.read(OUR_JSON)
    expect(await use({HEROKU_NETRC_WRITE: 'true'})).to.deep.equal([])
    expect(await use({}, {chosen})).to.deep.equal([])
    expect(user.read(OUR_JSON)).to.equal(before)
  })

  it('is not warned of once a keychain has taken it', async () => {
    user.memory.fail(LOCKED)
    await logIn()
    await yesterday()
    user.memory.recover()
    await logIn()
    expect(await use()).to.deep.equal([])
    expect(days()).to.deep.equal([undefined])
  })
})
