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
    const another = '../src/backends/backend.js?another=copy'
    const copy = (await import(another)) as {BackendError: typeof BackendError}
    expect(copy.BackendError).not.to.equal(BackendError)
    expect(isTold(new copy.BackendError('failed', 'no'))).to.equal(true)
  })
})
