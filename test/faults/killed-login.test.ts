// A login and a logout that are killed before every operation that changes a file, and before, during and after every
// call of the keyring's tool.
import {expect} from 'chai'
import {rm} from 'node:fs/promises'
import {join} from 'node:path'
import {findCredential} from '../support/lookup.js'
import {recordLogin} from '../support/login-record.js'
import {fingerprint} from '../../src/credentials/token-record.js'
import {findToRemove, removeToken} from '../../src/credentials/remove.js'
import {saveToken} from '../../src/credentials/save.js'
import {NEW_TOKEN} from '../fixtures/killed/new-token.js'
import {peopleWhoAreKilled, type Person, share, type Work} from '../support/killed.js'
import {ageLocks} from '../support/migrate.js'
import {saveFigures} from '../support/trust.js'
import {ada, entries} from '../support/user.js'

const FOREIGN = '# mine\nmachine example.com login me password "kept # this"\n'

describe('a process that is killed', function () {
  this.timeout(200_000)
  const {people} = peopleWhoAreKilled()
  const figures = {killed: 0, lost: 0}
  const begun = performance.now()
  after(() => {
    saveFigures('killed', {...figures, ms: performance.now() - begun})
  })

  const begin = async (person: Person) => {
    await rm(join(person.home, 'data'), {recursive: true, force: true})
    await person.clear()
    await person.store(ada)
    person.write('.netrc', FOREIGN + entries(ada))
    const known = {apiHost: 'api.heroku.com', savedIn: 'secret-service', fingerprint: fingerprint(ada.token)} as const
    await recordLogin(join(person.home, 'data'), {account: ada.account, ...known}, true)
  }

  const expectSoundFiles = (person: Person, when: string) => {
    expect(person.read('.netrc').startsWith(FOREIGN), `${when}: ${person.read('.netrc')}`).to.equal(true)
    for (const name of ['login.json', 'heroku-keychain.json']) {
      const text = person.read(`data/${name}`)
      if (text !== '') expect(() => JSON.parse(text) as unknown, `${when}: ${name}`).not.to.throw()
    }
  }

  /** Kills the work at one operation after the other, until it is done before it is killed. */
  const killAtEvery = async (work: Work, afterwards: (person: Person, when: string) => Promise<void>) => {
    let next = 1
    let kills = 0
    await share(people, async (person) => {
      const operation = next++
      const when = `operation ${operation}`
      await begin(person)
      const killed = await person.killed(work, {operation})
      if (killed) kills += 1
      figures.lost += 1
      expectSoundFiles(person, when)
      await ageLocks(person.home, join(person.home, 'data'))
      await afterwards(person, when)
      expectSoundFiles(person, when)
      figures.lost -= 1
      return killed
    })
    figures.killed += kills
    return kills
  }

  it('while it logs in leaves the token from before or the new one, and the next login is whole', async () => {
    const kills = await killAtEvery('login', async (person, when) => {
      const {found} = await findCredential(person.stores())
      expect([ada.token, NEW_TOKEN], when).to.include(found?.token)
      await saveToken(person.stores(), {account: ada.account, token: NEW_TOKEN})
      expect((await findCredential(person.stores())).found, when).to.include({account: ada.account, token: NEW_TOKEN})
      expect(await person.secretOf(ada.account), when).to.equal(NEW_TOKEN)
    })
    expect(kills).to.be.greaterThan(15)
  })

  it('while it logs out leaves what the next logout removes', async () => {
    const kills = await killAtEvery('logout', async (person, when) => {
      const found = await findToRemove(person.stores())
      if (found) expect((await removeToken(person.stores(), found)).failures, when).to.deep.equal([])
      expect(await findCredential(person.stores()), when).to.deep.equal({})
      expect(await person.secretOf(ada.account), when).to.equal('')
      expect(person.read('.netrc'), when).to.equal(FOREIGN)
    })
    expect(kills).to.be.greaterThan(15)
  })
})
