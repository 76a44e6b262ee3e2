// A migrate that is killed: before every operation that changes a file; before, during and after every call of the keyring's tool;
// and at random moments; with a real keyring and real files, in both directions.
import {expect} from 'chai'
import {rm} from 'node:fs/promises'
import {join} from 'node:path'
import {findCredential} from '../support/lookup.js'
import {fingerprint} from '../../src/credentials/token-record.js'
import {peopleWhoAreKilled, type Person, share} from '../support/killed.js'
import {ageLocks, migrate} from '../support/migrate.js'
import {saveFigures} from '../support/trust.js'
import {ada, entries, grace} from '../support/user.js'

const FOREIGN = Array.from({length: 8}, (_, index) => `machine m${index}.example login a password "b ${index}"\n`).join(
  '',
)
const ALIAS = '.config/heroku/accounts/work'
/** For each direction, in addition to those at every operation. */
const RANDOM_KILLS = 50

type Direction = 'keychain' | 'netrc'

const workTo = (to: Direction) => (to === 'keychain' ? 'migrate' : 'migrate back')

describe('a migrate that is killed', function () {
  this.timeout(400_000)
  const {people} = peopleWhoAreKilled()

  const begin = async (person: Person, to: Direction) => {
    await rm(join(person.home, 'data'), {recursive: true, force: true})
    await person.clear()
    if (to === 'keychain') {
      person.write('.netrc', FOREIGN + entries(ada))
      person.write(ALIAS, `username: ${grace.account}\npassword: ${grace.token}\n`)
      return
    }

    person.write('.netrc', FOREIGN)
    person.write(ALIAS, `username: ${grace.account}\n`)
    for (const each of [ada, grace]) await person.store(each)
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
    const stores = [netrc, person.read(ALIAS), await person.secretOf(ada.account), await person.secretOf(grace.account)]
    expect(stores.join('\n'), when).to.include(ada.token).and.include(grace.token)
    expect(netrc.startsWith(FOREIGN), `${when}: ${netrc}`).to.equal(true)
    const {found} = await findCredential(person.stores())
    expect(found, when).to.include(ada)
  }

  const expectFinished = async (person: Person, to: Direction, when: string) => {
    await ageLocks(person.home, join(person.home, 'data'))
    const {conflicts, failures} = await migrate(person.stores(), to)
    expect({conflicts, failures}, when).to.deep.equal({conflicts: undefined, failures: []})
    expect(person.read('.netrc'), when).to.equal(to === 'netrc' ? FOREIGN + entries(ada) : FOREIGN)
    expect(person.read(ALIAS), when).to.equal(`username: ${grace.account}\n`)
    expect(await person.secretOf(ada.account), when).to.equal(to === 'netrc' ? '' : ada.token)
    expect(await person.secretOf(grace.account), when).to.equal(grace.token)
    expect((await findCredential(person.stores())).found, when).to.include(ada)
  }

  const figures = {killed: 0, lost: 0}
  const begun = performance.now()
  after(() => {
    saveFigures('crashes', {...figures, ms: performance.now() - begun})
  })
  const countLoss = async (expectation: Promise<unknown>) => {
    try {
      await expectation
    } catch (error) {
      figures.lost += 1
      throw error
    }
  }

  for (const to of ['keychain', 'netrc'] as const) {
    it(`on the way to ${to === 'netrc' ? '.netrc' : 'the keychain'} at any operation, loses nothing, and the next one finishes`, async () => {
      let next = 1
      let kills = 0
      await share(people, async (person) => {
        const operation = next++
        const when = `operation ${operation}`
        await begin(person, to)
        const killed = await person.killed(workTo(to), {operation})
        if (killed) {
          kills += 1
          await countLoss(expectNothingLost(person, when))
        }
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
