// A migrate that is killed: before every operation that changes a file; before, during and after every call of a store's tool; and
// at random moments; with real stores and real files, in both directions.
import {expect} from 'chai'
import {rm} from 'node:fs/promises'
import {join} from 'node:path'
import {recordLogin} from '../support/login-record.js'
import {findCredential} from '../support/lookup.js'
import {fingerprint, recordFor} from '../../src/credentials/token-record.js'
import {killAtEachOperation, peopleWhoAreKilled, type Person, share} from '../support/killed.js'
import {migrate} from '../support/migrate.js'
import {saveFigures} from '../support/trust.js'
import {ada, entries, grace} from '../support/user.js'

const FOREIGN = Array.from({length: 8}, (_, index) => `machine m${index}.example login a password "b ${index}"\n`).join(
  '',
)
const ALIAS = '.config/heroku/accounts/work'
/** For each direction, in addition to those at every operation. */
const RANDOM_KILLS = 50

type Direction = 'keychain' | 'netrc'

const figures = {killed: 0, lost: 0}
const begun = performance.now()
after(() => {
  saveFigures('crashes', {...figures, ms: performance.now() - begun})
})

async function countLoss(expectation: Promise<unknown>): Promise<void> {
  try {
    await expectation
  } catch (error) {
    figures.lost += 1
    throw error
  }
}

const workTo = (to: Direction) => (to === 'keychain' ? 'migrate' : 'migrate back')

describe('a migrate that is killed', function () {
  this.timeout(400_000)
  const {people} = peopleWhoAreKilled('keyring')

  const begin = async (person: Person, to: Direction) => {
    await rm(join(person.home, 'data'), {recursive: true, force: true})
    await person.keyring.clear()
    if (to === 'keychain') {
      person.write('.netrc', FOREIGN + entries(ada))
      person.write(ALIAS, `username: ${grace.account}\npassword: ${grace.token}\n`)
      return
    }

    person.write('.netrc', FOREIGN)
    person.write(ALIAS, `username: ${grace.account}\n`)
    for (const each of [ada, grace]) await person.keyring.store(each)
    const known = {apiHost: 'api.heroku.com', savedIn: 'secret-service'}
    const tokens = [ada, grace].map(({account, token}) => ({account, fingerprint: fingerprint(token), ...known}))
    person.write(
      'data/heroku-keychain.json',
      JSON.stringify({version: 1, account: ada.account, loggedOut: false, tokens}),
    )
    person.write('data/login.json', JSON.stringify({account: ada.account}))
  }

  const expectNothingLost = async (person: Person, when: string) => {
    const netrc = person.read('.netrc')
    const stores = [
      netrc,
      person.read(ALIAS),
      await person.keyring.secretOf(ada.account),
      await person.keyring.secretOf(grace.account),
    ]
    expect(stores.join('\n'), when).to.include(ada.token).and.include(grace.token)
    expect(netrc.startsWith(FOREIGN), `${when}: ${netrc}`).to.equal(true)
    const {found} = await findCredential(person.stores())
    expect(found, when).to.include(ada)
  }

  const expectFinished = async (person: Person, to: Direction, when: string) => {
    await person.ageLeftovers()
    const {conflicts, failures} = await migrate(person.stores(), to)
    expect({conflicts, failures}, when).to.deep.equal({conflicts: undefined, failures: []})
    expect(person.read('.netrc'), when).to.equal(to === 'netrc' ? FOREIGN + entries(ada) : FOREIGN)
    expect(person.read(ALIAS), when).to.equal(`username: ${grace.account}\n`)
    expect(await person.keyring.secretOf(ada.account), when).to.equal(to === 'netrc' ? '' : ada.token)
    expect(await person.keyring.secretOf(grace.account), when).to.equal(grace.token)
    expect((await findCredential(person.stores())).found, when).to.include(ada)
  }

  for (const to of ['keychain', 'netrc'] as const) {
    it(`on the way to ${to === 'netrc' ? '.netrc' : 'the keychain'} at any operation, loses nothing, and the next one finishes`, async () => {
      const kills = await killAtEachOperation(people, async (person, operation, when) => {
        await begin(person, to)
        const killed = await person.killed(workTo(to), {operation})
        if (killed) await countLoss(expectNothingLost(person, when))
        await expectFinished(person, to, when)
        return killed
      })
      figures.killed += kills
      expect(kills).to.be.greaterThan(30)
    })

    it(`on the way to ${to === 'netrc' ? '.netrc' : 'the keychain'} at any moment, loses nothing either`, async () => {
      const [person] = people
      if (!person) throw new Error('no sandbox is open')
      await begin(person, to)
      const started = performance.now()
      await migrate(person.stores(), to)
      const took = performance.now() - started
      let left = RANDOM_KILLS
      let kills = 0
      await share(people, async (person) => {
        left -= 1
        const afterMs = Math.random() * took
        const when = `${afterMs} ms`
        await begin(person, to)
        if (await person.killed(workTo(to), {afterMs})) {
          kills += 1
          await countLoss(expectNothingLost(person, when))
        }
        await expectFinished(person, to, when)
        return left > 0
      })
      figures.killed += kills
      expect(kills).to.be.greaterThan(RANDOM_KILLS / 4)
    })
  }
})

describe('a migrate between two stores that is killed', function () {
  this.timeout(200_000)
  const {people} = peopleWhoAreKilled('pass')

  for (const to of ['pass', 'keyring'] as const) {
    const storesOf = ({keyring, store: pass}: Person) =>
      to === 'pass' ? {from: keyring, to: pass} : {from: pass, to: keyring}

    const begin = async (person: Person) => {
      const dataDir = join(person.home, 'data')
      const {from, to} = storesOf(person)
      await rm(dataDir, {recursive: true, force: true})
      for (const each of [from, to]) await each.clear()
      await from.store(ada)
      await recordLogin(dataDir, recordFor(ada, 'api.heroku.com', from.savedIn), true)
    }

    const expectNothingLost = async (person: Person, when: string) => {
      const {from, to} = storesOf(person)
      expect([await from.secretOf(ada.account), await to.secretOf(ada.account)], when).to.include(ada.token)
      // With no store chosen, as after `--to`.
      expect((await findCredential(person.stores(''))).found, when).to.include(ada)
      expect(person.filesWith(ada.token), when).to.deep.equal([])
    }

    const expectFinished = async (person: Person, when: string) => {
      await person.ageLeftovers()
      const {from, to} = storesOf(person)
      const {conflicts, failures} = await migrate(person.stores(to.option), 'keychain', {fromKeychains: true})
      expect({conflicts, failures}, when).to.deep.equal({conflicts: undefined, failures: []})
      await expectNothingLost(person, when)
      expect(await to.secretOf(ada.account), when).to.equal(ada.token)
      expect(await from.isEmpty(), when).to.equal(true)
    }

    it(`on the way to ${to} at any operation, loses nothing, and the next one finishes`, async () => {
      const kills = await killAtEachOperation(people, async (person, operation, when) => {
        await begin(person)
        const killed = await person.killed('migrate from another store', {operation}, storesOf(person).to.option)
        if (killed) await countLoss(expectNothingLost(person, when))
        await expectFinished(person, when)
        return killed
      })
      figures.killed += kills
      expect(kills).to.be.greaterThan(15)
    })
  }
})
