import {expect} from 'chai'
import {StorageError} from '../../../src/errors.js'
import {describeKeychain} from '../../contract/keychain-contract.js'
import {LONGEST_TOKEN, memoryKeychain} from '../memory-keychain.js'
import {thrownBy} from '../thrown-by.js'

describe('the memory keychain of other tests', () => {
  describeKeychain('memory', () => Promise.resolve(memoryKeychain()), {longestToken: () => LONGEST_TOKEN})

  it('fails with the given failure, until it is repaired', async () => {
    const memory = memoryKeychain()
    const locked = new StorageError('locked', 'it is locked')
    memory.fail(locked)
    expect(await thrownBy(memory.get('ada'))).to.equal(locked)
    expect(await thrownBy(memory.set({account: 'ada', token: 'HRKU-1'}))).to.equal(locked)
    expect(await thrownBy(memory.remove('ada'))).to.equal(locked)
    expect(await thrownBy(memory.accounts())).to.equal(locked)
    memory.recover()
    expect(await memory.accounts()).to.deep.equal([])
    expect(memory.calls).to.deep.equal(['get ada', 'set ada', 'remove ada', 'accounts', 'accounts'])
  })
})
