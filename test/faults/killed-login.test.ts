// A login and a logout that are killed before every operation that changes a file, and before, during and after every
// call of a store's tool.
import {expect} from 'chai'
import {rm} from 'node:fs/promises'
import {join} from 'node:path'
import {findCredential} from '../support/lookup.js'
import {recordLogin} from '../support/login-record.js'
import {recordFor} from '../../src/credentials/token-record.js'
import {findToRemove, removeToken} from '../../src/credentials/remove.js'
import {saveToken} from '../../src/credentials/save.js'
import {NEW_TOKEN} from '../fixtures/killed/new-token.js'
import {killAtEachOperation, peopleWhoAreKilled, type Person, type Work} from '../support/killed.js'
import type {RealStoreName} from '../support/real-stores.js'
import {saveFigures} from '../support/trust.js'
import {ada, entries} from '../support/user.js'

const FOREIGN = '# mine\nmachine example.com login me password "kept # this"\n'

const STORES = {keyring: 'the keyring', pass: 'the password store', helper: 'a git credential helper'} as const

describe('a process that is killed', function () {
  this.timeout(200_000)
  const figures = {killed: 0, lost: 0}
  const begun = performance.now()
  after(() => {
    saveFigures('killed', {...figures, ms: performance.now() - begun})
  })

  for (const [name, title] of Object.entries(STORES) as [RealStoreName, string][])
    describe(`with ${title}`, () => {
      const {people} = peopleWhoAreKilled(name)

      const begin = async (person: Person, netrc: string) => {
        const {home, store} = person
        await rm(join(home, 'data'), {recursive: true, force: true})
        await store.clear()
        await store.store(ada)
        person.write('.netrc', netrc)
        await recordLogin(join(home, 'data'), recordFor(ada, 'api.heroku.com', store.savedIn), true)
      }

      const expectSoundFiles = (person: Person, when: string) => {
        expect(person.read('.netrc').startsWith(FOREIGN), `${when}: ${person.read('.netrc')}`).to.equal(true)
        for (const name of ['login.json', 'heroku-keychain.json']) {
          const text = person.read(`data/${name}`)
          if (text !== '') expect(() => JSON.parse(text) as unknown, `${when}: ${name}`).not.to.throw()
        }
        expect(person.filesWith(NEW_TOKEN), when).to.deep.equal([])
        expect([[], ['.netrc']], when).to.deep.include(person.filesWith(ada.token))
      }

      /** Kills the work at one operation after the other, until it is done before it is killed. */
      const killAtEvery = async (
        work: Work,
        afterwards: (person: Person, when: string) => Promise<void>,
        netrc = FOREIGN + entries(ada),
      ) => {
        const kills = await killAtEachOperation(people, async (person, operation, when) => {
          await begin(person, netrc)
          const killed = await person.killed(work, {operation})
          figures.lost += 1
          expectSoundFiles(person, when)
          await person.ageLeftovers()
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
          expect((await findCredential(person.stores())).found, when).to.include({
            account: ada.account,
            token: NEW_TOKEN,
          })
          expect(await person.store.secretOf(ada.account), when).to.equal(NEW_TOKEN)
        })
        expect(kills).to.be.greaterThan(15)
      })

      const expectLogout = async (person: Person, when: string) => {
        const found = await findToRemove(person.stores())
        if (found)
          expect(
            (await removeToken(person.stores(), found)).failures.map(({error}) => error.message),
            when,
          ).to.deep.equal([])
        expect(await findCredential(person.stores()), when).to.deep.equal({})
        expect(await person.store.isEmpty(), when).to.equal(true)
        expect(person.read('.netrc'), when).to.equal(FOREIGN)
      }

      it('while it logs in leaves what a logout removes', async () => {
        expect(await killAtEvery('login', expectLogout, FOREIGN)).to.be.greaterThan(15)
      })

      it('while it logs out leaves what the next logout removes', async () => {
        expect(await killAtEvery('logout', expectLogout)).to.be.greaterThan(15)
      })
    })
})
