import {expect} from 'chai'
import {removeToken, stillThere} from '../../../src/credentials/remove.js'
import {saveToken} from '../../../src/credentials/save.js'
import {ada, freshUser} from '../../support/user.js'

describe('removing a token that the keychain shows only after a prompt', () => {
  const user = freshUser()

  it('shows no second prompt for a token that was just read, and keeps it and the login', async () => {
    await saveToken(user.stores(), ada)
    user.memory.peek = () => Promise.resolve('locked')
    user.memory.calls.length = 0
    const found = {...ada, source: 'secret-service', location: 'the keyring'} as const
    const removal = await removeToken(user.stores(), found)
    const {failures, removedFrom} = removal
    expect(removedFrom).to.deep.equal([])
    expect(failures.map(({error}) => error.problem)).to.deep.equal(['denied'])
    for (const revoked of [false, true])
      expect(stillThere(removal, revoked).hint)
        .to.include('KeePassXC')
        .and.include('delete the entry')
        .and.include('"Confirm when passwords are retrieved by clients"')
        .and.include('then log out again')
    expect(user.memory.calls).to.deep.equal(['open'])
    expect(user.memory.tokens.get(ada.account)).to.equal(ada.token)
    user.memory.peek = () => Promise.resolve({token: ada.token})
    expect((await removeToken(user.stores(), found)).removedFrom).to.deep.equal(['the keyring'])
  })
})
