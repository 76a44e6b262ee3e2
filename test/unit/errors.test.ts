import {expect} from 'chai'
import {notLoggedIn, StorageError, UserError} from '../../src/errors.js'

const isUserError = (error: unknown) => error instanceof UserError

describe('errors with a message for the user', () => {
  it('are ours, and no others', () => {
    const ours = [new UserError('no'), notLoggedIn(), new StorageError('failed', 'no')]
    expect(ours.map(isUserError)).to.deep.equal([true, true, true])
    const others = [new Error('no'), new TypeError('no'), undefined, 'no', null, {}]
    expect(others.map(isUserError)).to.deep.equal(Array(6).fill(false))
  })

  it('are recognized across copies of their class, as in bundles', async () => {
    const [file] = ['../../src/errors.js?another=copy']
    const copy = (await import(file)) as {
      StorageError: typeof StorageError
      UserError: typeof UserError
    }
    expect(copy.StorageError).not.to.equal(StorageError)
    expect(copy.UserError).not.to.equal(UserError)
    expect(new copy.StorageError('failed', 'no')).to.be.instanceOf(StorageError).and.instanceOf(UserError)
    expect(new copy.UserError('no')).to.be.instanceOf(UserError).and.not.instanceOf(StorageError)
  })

  it('are not instances of a subclass', () => {
    class Special extends UserError {}
    expect(new Special('no')).to.be.instanceOf(Special).and.instanceOf(UserError)
    expect(new UserError('no')).not.to.be.instanceOf(Special)
    expect(new UserError('no')).not.to.be.instanceOf(StorageError)
  })

  it('carry their exit status and next step where oclif looks for them', () => {
    expect(new UserError('no', 'try again', 130)).to.deep.include({oclif: {exit: 130}, suggestions: ['try again']})
    expect(new StorageError('locked', 'no')).to.deep.include({oclif: {exit: 1}, suggestions: []})
  })
})
