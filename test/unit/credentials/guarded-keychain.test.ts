import {expect} from 'chai'
import {mock} from 'node:test'
import {type Problem, StorageError} from '../../../src/errors.js'
import {patience} from '../../../src/backends/patience.js'
import {GuardedKeychain} from '../../../src/credentials/guarded-keychain.js'
import {describeKeychain} from '../../contract/keychain-contract.js'
import {LONGEST_TOKEN, memoryKeychain, type MemoryKeychain} from '../../support/memory-keychain.js'
import {openOptions} from '../../support/open-options.js'
import {thrownBy} from '../../support/thrown-by.js'

describe('the guarded keychain', () => {
  let memory: MemoryKeychain
  let keychain: GuardedKeychain
  let notices: string[]

  const open = ({keychain}: MemoryKeychain) =>
    new GuardedKeychain(keychain, {...openOptions(), notify: () => undefined})
  describeKeychain('guarded', () => Promise.resolve(open(memoryKeychain())), {longestToken: () => LONGEST_TOKEN})

  beforeEach(() => {
    memory = memoryKeychain()
    notices = []
    keychain = new GuardedKeychain(memory.keychain, {...openOptions(), notify: (line) => notices.push(line)})
  })

  it('starts nothing before the first call, and opens the keychain once', async () => {
    expect(memory.calls).to.deep.equal([])
    memory.tokens.set('ada', 'HRKU-1')
    expect(await keychain.get('ada')).to.equal('HRKU-1')
    expect(await keychain.accounts()).to.deep.equal(['ada'])
    expect(memory.calls).to.deep.equal(['open', 'get ada', 'accounts'])
  })

  it('has the name and title of the keychain', () => {
    expect([keychain.name, keychain.title]).to.deep.equal(['secret-service', 'the keyring'])
  })

  for (const problem of ['locked', 'denied', 'unavailable', 'timed-out', 'failed'] satisfies Problem[]) {
    it(`is not called again in the process once the keychain was ${problem}`, async () => {
      const failure = new StorageError(problem, 'something is wrong')
      memory.fail(failure)
      expect(await thrownBy(keychain.get('ada'))).to.equal(failure)
      expect(keychain.failure).to.equal(failure)
      memory.recover()
      expect(await thrownBy(keychain.remove('ada'))).to.equal(failure)
      expect(memory.calls).to.deep.equal(['open', 'get ada'])
    })
  }

  it('is called again after it refused an account, which is no failure of the keychain', async () => {
    memory.tokens.set('ada', 'HRKU-1')
    expect(await thrownBy(keychain.get('a\nb'))).to.include({problem: 'refused'})
    expect(await keychain.get('ada')).to.equal('HRKU-1')
  })

  it('is called again after an error in our own code', async () => {
    const mistake = new TypeError('a mistake')
    memory.faults.set('get', mistake)
    expect(await thrownBy(keychain.get('ada'))).to.equal(mistake)
    expect(await keychain.accounts()).to.deep.equal([])
  })

  it('fails with the error of opening the keychain', async () => {
    const failure = new StorageError('unavailable', 'there is no tool')
    memory.faults.set('open', failure)
    expect(await thrownBy(keychain.get('ada'))).to.equal(failure)
    expect(await thrownBy(keychain.get('ada'))).to.equal(failure)
    expect(memory.calls).to.deep.equal(['open'])
  })

  describe('with a fake clock', () => {
    beforeEach(() => {
      mock.timers.enable({apis: ['setTimeout']})
    })
    afterEach(() => {
      mock.timers.reset()
    })

    const WAITING = 'waiting for the keyring (5 s at most)'
    /** Resolves once the keychain is open, and its operation has started. */
    const opened = () => new Promise((resolve) => setImmediate(resolve))

    it('says that it may be showing a prompt only where one can be shown', async () => {
      for (const [env, platform] of [
        [{DISPLAY: ':0'}, 'linux'],
        [{}, 'linux'],
        [{CI: 'true'}, 'win32'],
      ] as const) {
        const timeoutMs = patience(env, platform, platform === 'linux')
        let answer: (token: string) => void = () => undefined
        memory.get = () => new Promise((resolve) => (answer = resolve))
        keychain = new GuardedKeychain(memory.keychain, {
          ...openOptions({timeoutMs}),
          notify: (line) => notices.push(line),
        })
        const token = keychain.get('ada')
        await opened()
        mock.timers.tick(3000)
        answer('HRKU-1')
        await token
      }
      expect(notices).to.deep.equal([
        'waiting for the keyring (60 s at most); it may be showing a prompt',
        'waiting for the keyring (5 s at most)',
        'waiting for the keyring (20 s at most)',
      ])
    })

    it('says after two seconds what is being waited for, once, and how long at most', async () => {
      let answer: (token: string) => void = () => undefined
      memory.get = () => new Promise((resolve) => (answer = resolve))
      const token = keychain.get('ada')
      await opened()
      mock.timers.tick(1999)
      expect(notices).to.deep.equal([])
      mock.timers.tick(1)
      expect(notices).to.deep.equal([WAITING])
      mock.timers.tick(60_000)
      answer('HRKU-1')
      expect(await token).to.equal('HRKU-1')
      expect(notices).to.deep.equal([WAITING])
    })

    it('says so once in a process, even if several operations are slow', async () => {
      const slowGet = async () => {
        let answer: (token: string) => void = () => undefined
        memory.get = () => new Promise((resolve) => (answer = resolve))
        const token = keychain.get('ada')
        await opened()
        mock.timers.tick(3000)
        answer('HRKU-1')
        await token
      }
      await slowGet()
      await slowGet()
      expect(notices).to.deep.equal([WAITING])
    })

    it('says nothing where the keychain has answered, or failed, in time', async () => {
      await keychain.accounts()
      memory.fail(new StorageError('locked', 'it is locked'))
      await thrownBy(keychain.accounts())
      mock.timers.tick(60_000)
      expect(notices).to.deep.equal([])
    })
  })
})
