import {expect} from 'chai'
import {BackendError} from '../src/backends/backend.js'
import {isTold, notLoggedIn, UserError} from '../src/user-error.js'

describe('errors with words for the user', () => {
  it('are ours, and nobody else’s', () => {
    expect([new UserError('no'), notLoggedIn(), new BackendError('failed', 'no')].map(isTold)).to.deep.equal([
      true,
      true,
      true,
    ])
    expect([new Error('no'), new TypeError('no'), undefined, 'no', null, {}].map(isTold)).to.deep.equal(
      Array(6).fill(false),
    )
  })

  it('are known by another copy of their class, which a bundle has', async () => {
    const another = ['../src/backends/backend.js?another=copy', '../src/user-error.js?another=copy']
    const [backends, users] = await Promise.all(another.map((file) => import(file) as Promise<unknown>))
    const copy = {...(backends as {BackendError: typeof BackendError}), ...(users as {UserError: typeof UserError})}
    expect(copy.BackendError).not.to.equal(BackendError)
    expect(copy.UserError).not.to.equal(UserError)
    expect(isTold(new copy.BackendError('failed', 'no'))).to.equal(true)
    expect(new copy.UserError('no')).to.be.instanceOf(UserError)
  })

  it('are not taken for those of a class that is made from theirs', () => {
    class Special extends UserError {}
    expect(new Special('no')).to.be.instanceOf(Special).and.instanceOf(UserError)
    expect(new UserError('no')).not.to.be.instanceOf(Special)
  })
})
