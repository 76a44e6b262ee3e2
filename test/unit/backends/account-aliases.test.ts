import {expect} from 'chai'
import {join, resolve} from 'node:path'
import {aliasFolders, holdsToken} from '../../../src/backends/account-aliases.js'

describe('whether a file of heroku accounts holds a token', () => {
  const texts: [text: string, holds: boolean][] = [
    ['username: a\npassword: HRKU-1\n', true],
    ['---\n:username: a\n:password: 0123\n', true],
    ['{username: a, "password": HRKU-1}\n', true],
    ['username: a\n', false],
    ['username: a\npassword:\n', false],
    ['username: a\npassword: # removed\n', false],
    ['username: a\npassword: ""\n', false],
    ['', false],
    ['# password: HRKU-1\n', false],
    ['- password\n', false],
    ['username: a: b\npassword: HRKU-1\n', true],
    ['username: "a\n:password: HRKU-1\n', true],
    ['username: a: b\npassword:\n', false],
  ]
  for (const [text, holds] of texts)
    it(`is ${holds} for ${JSON.stringify(text)}`, async () => {
      expect(await holdsToken(text)).to.equal(holds)
    })
})

describe('the folders of heroku accounts', () => {
  const below = (...homes: string[]) =>
    homes.flatMap((home) => [join(home, '.heroku/accounts'), join(home, '.config/heroku/accounts')])
  const [home, profile] = [resolve('/msys/ada'), resolve('/Users/ada')]

  it('are in USERPROFILE on Windows, where the CLI keeps them, and in a HOME that differs', () => {
    expect(aliasFolders({HOME: home, USERPROFILE: profile}, 'win32')).to.deep.equal(below(profile, home))
  })

  it('are named once if HOME is USERPROFILE, or is not set', () => {
    expect(aliasFolders({HOME: profile, USERPROFILE: profile}, 'win32')).to.deep.equal(below(profile))
    expect(aliasFolders({USERPROFILE: profile}, 'win32')).to.deep.equal(below(profile))
  })

  it('are in HOME alone elsewhere, and none in a relative one', () => {
    expect(aliasFolders({HOME: home, USERPROFILE: profile}, 'linux')).to.deep.equal(below(home))
    expect(aliasFolders({HOME: 'ada'}, 'linux')).to.deep.equal([])
  })
})
