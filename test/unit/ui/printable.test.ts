import {expect} from 'chai'
import fc from 'fast-check'
import {printable} from '../../../src/ui/printable.js'

describe('making text safe to print', () => {
  for (const text of ['', 'ada@example.com', 'å日本 👩 "x"', ' a  b ', '<html>'])
    it(`leaves '${text}' unchanged`, () => {
      expect(printable(text)).to.equal(text)
    })

  for (const [what, text, shown] of [
    ['clears the screen', 'a\u001B[2Jb', 'a\uFFFD[2Jb'],
    ['begins another line', 'a\nError: b\r', 'a\uFFFDError: b\uFFFD'],
    ['rings and goes back', '\u0007\u0008\u007F', '\uFFFD\uFFFD\uFFFD'],
    ['is a control sequence in one character', '\u009B31m', '\uFFFD31m'],
    ['ends with NUL', 'a\0', 'a\uFFFD'],
    ['turns the direction around', 'a\u202Emoc.live\u2066', 'a\uFFFDmoc.live\uFFFD'],
    ['hides in no width', 'a\u200Bb\uFEFF', 'a\uFFFDb\uFFFD'],
    ['is a line of its own in Unicode', 'a\u2028b\u2029', 'a\uFFFDb\uFFFD'],
  ] as const)
    it(`replaces what ${what}`, () => {
      expect(printable(text)).to.equal(shown)
    })

  it('cuts at 300 characters, or at the given length, and marks the cut', () => {
    expect(printable('x'.repeat(300))).to.equal('x'.repeat(300))
    expect(printable('x'.repeat(301))).to.equal(`${'x'.repeat(300)}…`)
    expect(printable('abcdef', 3)).to.equal('abc…')
  })

  it('leaves no control character in any text, and changes nothing twice', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary', maxLength: 400}), (text) => {
        const once = printable(text)
        expect(once).not.to.match(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
        expect(printable(once, 1000)).to.equal(once)
        expect(once.length).to.be.at.most(301)
      }),
    )
  })
})
