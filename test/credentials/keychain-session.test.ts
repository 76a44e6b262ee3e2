import {expect} from 'chai'
import {mock} from 'node:test'
import {type Problem, StorageError} from '../../src/errors.js'
import {patience} from '../../src/backends/resolve.js'
import {GuardedKeychain} from '../../src/credentials/guarded-keychain.js'
import {run} from '../../src/process/run.js'
import {memoryKeychain, type MemoryKeychain} from '../support/memory-keychain.js'
import {thrownBy} from '../support/thrown-by.js'

describe('a session with the keychain', () => {
  let memory: MemoryKeychain
  let session: GuardedKeychain
  let notices: string[]

  beforeEach(() => {
    memory = memoryKeychain()
    notices = []
    session = new GuardedKeychain(memory.keychain, {run, timeoutMs: 5000, notify: (line) => notices.push(line)})
  })

  it('starts nothing before it is asked, and opens the keychain once', async () => {
    expect(memory.calls).to.deep.equal([])
    memory.tokens.set('ada', 'HRKU-1')
    expect(await session.ask((backend) => backend.get('ada'))).to.equal('HRKU-1')
    expect(await session.ask((backend) => backend.accounts())).to.deep.equal(['ada'])
    expect(memory.calls).to.deep.equal(['open', 'get ada', 'accounts'])
  })

  it('says what keychain it is', () => {
    expect([session.name, session.title]).to.deep.equal(['secret-service', 'the keyring'])
  })

  for (const problem of ['locked', 'denied', 'unavailable', 'timed-out', 'failed'] satisfies Problem[]) {
    it(`does not ask again in the same process once the keychain was ${problem}`, async () => {
      const failure = new StorageError(problem, 'something is wrong')
      memory.fail(failure)
      expect(await thrownBy(session.ask((backend) => backend.get('ada')))).to.equal(failure)
      expect(session.failure).to.equal(failure)
      memory.mend()
      expect(await thrownBy(session.ask((backend) => backend.remove('ada')))).to.equal(failure)
      expect(memory.calls).to.deep.equal(['open', 'get ada'])
    })
  }

  it('asks again after it refused an account, which says nothing of the keychain', async () => {
    memory.tokens.set('ada', 'HRKU-1')
    expect(await thrownBy(session.ask((backend) => backend.get('a\nb')))).to.include({problem: 'refused'})
    expect(await session.ask((backend) => backend.get('ada'))).to.equal('HRKU-1')
  })

  it('asks again after a mistake of our own', async () => {
    const mistake = new TypeError('a mistake')
    expect(await thrownBy(session.ask(() => Promise.reject(mistake)))).to.equal(mistake)
    expect(await session.ask((backend) => backend.accounts())).to.deep.equal([])
  })

  it('fails as opening does', async () => {
    const failure = new StorageError('unavailable', 'there is no tool')
    memory.faults.set('open', failure)
    expect(await thrownBy(session.ask((backend) => backend.get('ada')))).to.equal(failure)
    expect(await thrownBy(session.ask((backend) => backend.get('ada')))).to.equal(failure)
    expect(memory.calls).to.deep.equal(['open'])
  })

  describe('with the clock in our hands', () => {
    beforeEach(() => {
      mock.timers.enable({apis: ['setTimeout']})
    })
    afterEach(() => {
      mock.timers.reset()
    })

    const WAITING = 'waiting for the keyring (5 s at most)'

    it('says that it may be showing a prompt only where one can be shown', async () => {
      for (const env of [{DISPLAY: ':0'}, {}]) {
        const timeoutMs = patience(env, 'linux', true)
        let answer: () => void = () => undefined
        const answered = new Promise<void>((resolve) => (answer = resolve))
        session = new GuardedKeychain(memory.keychain, {run, timeoutMs, notify: (line) => notices.push(line)})
        const asked = session.ask(() => answered)
        mock.timers.tick(3000)
        answer()
        await asked
      }
      expect(notices).to.deep.equal([
        'waiting for the keyring (60 s at most); it may be showing a prompt',
        'waiting for the keyring (5 s at most)',
      ])
    })

    it('says after two seconds what is being waited for, once, and how long at most', async () => {
      let answer: (token: string) => void = () => undefined
      const answered = new Promise<string>((resolve) => (answer = resolve))
      const asked = session.ask(() => answered)
      mock.timers.tick(1999)
      expect(notices).to.deep.equal([])
      mock.timers.tick(1)
      expect(notices).to.deep.equal([WAITING])
      mock.timers.tick(60_000)
      answer('HRKU-1')
      expect(await asked).to.equal('HRKU-1')
      expect(notices).to.deep.equal([WAITING])
    })

    it('says nothing where the keychain has answered, or failed, in time', async () => {
      await session.ask((backend) => backend.accounts())
      memory.fail(new StorageError('locked', 'it is locked'))
      await thrownBy(session.ask((backend) => backend.accounts()))
      mock.timers.tick(60_000)
      expect(notices).to.deep.equal([])
    })
  })
})
