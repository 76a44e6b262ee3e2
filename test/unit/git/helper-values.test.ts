import {expect} from 'chai'
import fc from 'fast-check'
import type {Entry} from '../../../src/git/config.js'
import {launcherValue} from '../../../src/git/launcher.js'
import {
  helperName,
  isOwnKeyLast,
  isOwnKeyRight,
  isSharedKeyRight,
  ownKey,
  restoredValues,
  sharedKey,
  wantedValues,
} from '../../../src/git/helper-values.js'

const HOST = 'git.heroku.com'
const LAUNCHER = launcherValue({HOME: '/home/ada'})
const FALLBACK = '!heroku git:credentials'
const shared = (...values: string[]): Entry[] => values.map((value) => ({key: sharedKey(HOST), value}))
const own = (...values: string[]): Entry[] => values.map((value) => ({key: ownKey(HOST), value}))

describe("the values of git's helper settings", () => {
  it("are an empty one, our launcher, the user's, and the one that the CLI checks", () => {
    expect(wantedValues(shared('theirs', FALLBACK, '', 'theirs'), HOST, LAUNCHER).shared).to.deep.equal([
      '',
      LAUNCHER,
      'theirs',
      FALLBACK,
    ])
  })

  it('are right only if they equal the wanted values', () => {
    const wanted = wantedValues([], HOST, LAUNCHER)
    const entries = [...shared(...wanted.shared), ...own(...wanted.own)]
    expect([isSharedKeyRight(entries, HOST, LAUNCHER), isOwnKeyRight(entries, HOST, LAUNCHER)]).to.deep.equal([
      true,
      true,
    ])
    expect(isSharedKeyRight(shared(...wanted.shared, FALLBACK), HOST, LAUNCHER)).to.equal(false)
    expect(isOwnKeyRight(own(...wanted.own, FALLBACK), HOST, LAUNCHER)).to.equal(false)
  })

  for (const [key, counts] of [
    [sharedKey(HOST), true],
    ['credential.helper', true],
    ['credential.https://*.heroku.com.helper', true],
    ['credential.git.heroku.com.helper', true],
    ['credential.https://github.com.helper', false],
    ['credential.http://git.heroku.com.helper', false],
    ['credential.https://git.heroku.com/app.git.helper', false],
    ['user.name', false],
  ] as const)
    it(`must be ${counts ? 'after' : 'before or after'} ${key}`, () => {
      const other = {key, value: 'store'}
      const ours = own('', LAUNCHER)
      expect(isOwnKeyLast([other, ...ours], ours, HOST)).to.equal(true)
      expect(isOwnKeyLast([...ours, other], ours, HOST)).to.equal(!counts)
      const [first, second] = ours as [Entry, Entry]
      expect(isOwnKeyLast([first, other, second], ours, HOST)).to.equal(!counts)
    })

  it('must be in the file that git writes to', () => {
    const inOther = own('', LAUNCHER)
    expect(isOwnKeyLast(inOther, [], HOST)).to.equal(false)
    const written = own('', LAUNCHER)
    const general = {key: 'credential.helper', value: 'store'}
    expect(isOwnKeyLast([...inOther, general, ...written], written, HOST)).to.equal(true)
    expect(isOwnKeyLast([...inOther, ...written, general], written, HOST)).to.equal(false)
  })

  it('are written once and can be restored, for any previous values', () => {
    const some = fc.array(fc.constantFrom('', FALLBACK, 'theirs', 'cache --timeout=60'), {maxLength: 5})
    fc.assert(
      fc.property(some, (before) => {
        const wanted = wantedValues(shared(...before), HOST, LAUNCHER)
        const written = [...shared(...wanted.shared), ...own(...wanted.own)]
        expect(isSharedKeyRight(written, HOST, LAUNCHER) && isOwnKeyRight(written, HOST, LAUNCHER)).to.equal(true)
        const restored = restoredValues(written, HOST, before)
        expect(new Set(restored)).to.deep.equal(new Set(before))
        expect(restored).not.to.include(LAUNCHER)
      }),
    )
  })

  for (const [value, name] of [
    ['store', 'store'],
    ['store --file /home/ada/secret', 'store'],
    ['cache --timeout=60', 'cache'],
    ['/usr/lib/git-core/git-credential-libsecret', '/usr/lib/git-core/git-credential-libsecret'],
    ['C:/tools/helper.exe --password=secret', 'C:/tools/helper.exe'],
    ['!echo password=secret', 'a shell command'],
    [' !echo password=secret', 'a shell command'],
    ['\t', 'a shell command'],
    ['password=secret', 'a shell command'],
    ['--password secret', 'a shell command'],
    ['"$(cat secret)"', 'a shell command'],
    ['user:secret@host', 'a shell command'],
    ['user:secret', 'a shell command'],
  ] as const)
    it(`are shown only by name: ${JSON.stringify(value)}`, () => {
      expect(helperName(value)).to.equal(name)
    })
})
