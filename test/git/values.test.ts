import {expect} from 'chai'
import fc from 'fast-check'
import type {Entry} from '../../src/git/git-config.js'
import {isOwnRight, isSharedRight, ownKey, restoredValues, sharedKey, wantedValues} from '../../src/git/values.js'

const HOST = 'git.heroku.com'
const LAUNCHER = "!'/home/ada/.local/share/heroku/git-credential-helper'"
const FALLBACK = '!heroku git:credentials'
const shared = (...values: string[]): Entry[] => values.map((value) => ({key: sharedKey(HOST), value}))
const own = (...values: string[]): Entry[] => values.map((value) => ({key: ownKey(HOST), value}))

describe("the values of git's configuration", () => {
  it('are an empty one, our launcher, those of the user, and the one that the CLI looks for', () => {
    expect(wantedValues(shared('theirs', FALLBACK, '', 'theirs'), HOST, LAUNCHER).shared).to.deep.equal([
      '',
      LAUNCHER,
      'theirs',
      FALLBACK,
    ])
  })

  it('are right as they are wanted, and only with our own key below the shared one', () => {
    const wanted = wantedValues([], HOST, LAUNCHER)
    const below = [...shared(...wanted.shared), ...own(...wanted.own)]
    const above = [...own(...wanted.own), ...shared(...wanted.shared)]
    expect([isSharedRight(below, HOST, LAUNCHER), isOwnRight(below, HOST, LAUNCHER)]).to.deep.equal([true, true])
    expect([isSharedRight(above, HOST, LAUNCHER), isOwnRight(above, HOST, LAUNCHER)]).to.deep.equal([true, false])
    expect(isSharedRight(shared(...wanted.shared, FALLBACK), HOST, LAUNCHER)).to.equal(false)
  })

  it('need to be written once, and go back to what they were, whatever they were', () => {
    const some = fc.array(fc.constantFrom('', FALLBACK, 'theirs', 'cache --timeout=60'), {maxLength: 5})
    fc.assert(
      fc.property(some, (before) => {
        const wanted = wantedValues(shared(...before), HOST, LAUNCHER)
        const written = [...shared(...wanted.shared), ...own(...wanted.own)]
        expect(isSharedRight(written, HOST, LAUNCHER) && isOwnRight(written, HOST, LAUNCHER)).to.equal(true)
        const restored = restoredValues(written, HOST, LAUNCHER, before)
        expect(new Set(restored)).to.deep.equal(new Set(before))
        expect(restored).not.to.include(LAUNCHER)
      }),
    )
  })
})
