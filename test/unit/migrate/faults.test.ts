// Every call of the keychain and every operation on a file fails once, in both directions.
import {expect} from 'chai'
import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {StorageError, UserError} from '../../../src/errors.js'
import {findCredential} from '../../support/lookup.js'
import {saveToken} from '../../../src/credentials/save.js'
import {watchFiles} from '../../support/file-operations.js'
import {ageLocks, migrate, type Migrated} from '../../support/migrate.js'
import {ada, entries, freshUser, grace, type User} from '../../support/user.js'

const FOREIGN = '# mine\nmachine github.com login bob password "x y"\n'
const ALIAS = '.config/heroku/accounts/work'

/** A direction, with its initial and its final state. */
interface Way {
  to: 'keychain' | 'netrc'
  prepare: (user: User) => Promise<void>
  netrc: string
  keychain: Record<string, string>
}

const WAYS: Way[] = [
  {
    to: 'keychain',
    prepare(user) {
      user.write('.netrc', FOREIGN + entries(ada))
      user.write(ALIAS, `username: ${grace.account}\npassword: ${grace.token}\n`)
      return Promise.resolve()
    },
    netrc: FOREIGN,
    keychain: {[ada.account]: ada.token, [grace.account]: grace.token},
  },
  {
    to: 'netrc',
    async prepare(user) {
      user.write('.netrc', FOREIGN)
      user.memory.tokens.set(grace.account, grace.token)
      await saveToken(user.stores(), ada)
    },
    netrc: FOREIGN + entries(ada),
    keychain: {[grace.account]: grace.token},
  },
]

const KEYCHAIN_VERBS = ['get', 'set', 'remove', 'accounts'] as const

for (const {keychain, netrc, prepare, to} of WAYS)
  describe(`migrating to ${to === 'netrc' ? '.netrc' : 'the keychain'}, with a fault`, function () {
    this.timeout(60_000)
    const user = freshUser()
    const go = () => migrate(user.stores(), to)
    const held = () => Object.fromEntries(user.memory.tokens)

    /** Sets the initial state in the same home. */
    const begin = async () => {
      user.memory.tokens.clear()
      for (const path of ['data/login.json', 'data/heroku-keychain.json', ALIAS]) user.write(path, '')
      await prepare(user)
    }

    const outcome = async (): Promise<Migrated | Error> => {
      try {
        return await go()
      } catch (error) {
        return error as Error
      }
    }

    const expectNothingLost = async (when: string) => {
      const text = user.read('.netrc') ?? ''
      const stores = [...user.memory.tokens.values(), text, user.read(ALIAS) ?? ''].join('\n')
      expect(stores, when).to.include(ada.token).and.include(grace.token)
      expect(text.startsWith(FOREIGN), when).to.equal(true)
      expect((await findCredential(user.stores())).found, when).to.include(ada)
    }

    const expectFinished = async (when: string) => {
      const {conflicts, failures} = await go()
      expect(conflicts, when).to.equal(undefined)
      expect(failures, when).to.deep.equal([])
      expect(user.read('.netrc'), when).to.equal(netrc)
      expect(held(), when).to.deep.equal(keychain)
      expect((await findCredential(user.stores())).found, when).to.include(ada)
      expect(user.read(ALIAS), when).not.to.include('password')
    }

    const expectRefusal = (ended: Migrated | Error, when: string) => {
      const errors = ended instanceof Error ? [ended] : (ended.failures ?? []).map(({error}) => error)
      for (const error of errors)
        expect(error instanceof UserError || error instanceof StorageError, `${when}: ${error.stack ?? ''}`).to.equal(
          true,
        )
      return errors.length > 0
    }

    for (const done of [false, true])
      it(`of any one call of the keychain${done ? ', which had its effect all the same' : ''}`, async () => {
        const {memory} = user
        const originals = Object.fromEntries(KEYCHAIN_VERBS.map((verb) => [verb, memory[verb].bind(memory)]))
        let refusals = 0
        for (let failing = 1; ; failing++) {
          await begin()
          let calls = 0
          for (const verb of KEYCHAIN_VERBS)
            Object.assign(memory, {
              async [verb](...args: never[]) {
                calls += 1
                const fails = calls === failing
                const failure = new StorageError('failed', `the keyring failed at ${verb}`)
                if (fails && !done) throw failure
                const answer: unknown = await (originals[verb] as (...args: never[]) => Promise<unknown>)(...args)
                if (fails) throw failure
                return answer
              },
            })
          const ended = await outcome()
          Object.assign(memory, originals)
          const when = `call ${failing}`
          if (calls < failing) break
          expect(expectRefusal(ended, when), when).to.equal(true)
          refusals += 1
          await expectNothingLost(when)
          await expectFinished(when)
        }

        expect(refusals).to.be.at.least(5)
      })

    it('of any one operation on a file', async () => {
      await begin()
      await go()
      const seen: string[] = []
      for (let failing = 1; ; failing++) {
        await begin()
        let operations = 0
        let failed = ''
        let aging: NodeJS.Timeout | undefined
        const stop = await watchFiles(user.home, (operation) => {
          operations += 1
          if (operations !== failing) return
          failed = operation
          // Otherwise every later lock would wait until this one, whose holder is this process, counts as stale.
          if (operation === 'lock.rmdir') aging = setInterval(() => void ageLocks(user.home, user.dataDir), 20)
          throw Object.assign(new Error(`EIO: i/o error, ${operation}`), {code: 'EIO'})
        })
        const ended = await outcome()
        stop()
        clearInterval(aging)
        await ageLocks(user.home, user.dataDir)
        if (failed === '') break
        const when = `operation ${failing}, ${failed}`
        seen.push(failed)
        expectRefusal(ended, when)
        await expectNothingLost(when)
        await expectFinished(when)
        const left = readdirSync(user.home).filter((name) => name.includes('.tmp'))
        if (failed !== 'unlink') expect(left, when).to.deep.equal([])
      }

      expect(seen.length).to.be.greaterThan(30)
      expect(seen).to.include.members(['open', 'rename', 'handle.writeFile', 'handle.sync', 'lock.mkdir'])
    })

    it('of an empty token, which a process leaves that is killed while it stores one', async () => {
      await begin()
      if (to === 'netrc') return expectFinished('nothing empty')
      user.memory.tokens.set(ada.account, '')
      await expectNothingLost('an empty token')
      await expectFinished('an empty token')
      return undefined
    })

    it('of a full disk', async () => {
      await begin()
      const stop = await watchFiles(user.home, (operation) => {
        if (['open', 'handle.writeFile', 'lock.mkdir'].includes(operation))
          throw Object.assign(new Error('ENOSPC'), {code: 'ENOSPC'})
      })
      const ended = await outcome()
      stop()
      await ageLocks(user.home, user.dataDir)
      expect(expectRefusal(ended, 'disk full')).to.equal(true)
      expect(user.read('.netrc')).to.equal(to === 'netrc' ? FOREIGN : FOREIGN + entries(ada))
      await expectNothingLost('disk full')
      await expectFinished('disk full')
      expect(readdirSync(join(user.home, 'data')).filter((name) => name.endsWith('.tmp'))).to.deep.equal([])
    })
  })
