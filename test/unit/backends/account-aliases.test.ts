import {expect} from 'chai'
import {holdsToken} from '../../../src/backends/account-aliases.js'

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
