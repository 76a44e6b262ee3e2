import {expect} from 'chai'
import {searchFor} from '../canary.js'

const secret = 'HRKU-AAx9/Kq+"7_zLw3-Bv8NcQ2mR5tYu1Ds4Fg6'
const search = searchFor([{name: 'the token', secret}])
const forms = (text: string) => search(text).map(({form}) => form)
const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('the search for a secret', () => {
  for (const [what, text, form] of [
    ['as it is', `Authorization: Bearer ${secret}`, 'plain'],
    ['in part', secret.slice(11, 26), 'plain'],
    ['wrapped, indented and coloured', ` ›   ${secret.slice(0, 9)}\u001B[31m\r\n ›   ${secret.slice(9, 20)}`, 'plain'],
    ['in UTF-16', Buffer.from(secret, 'utf16le').toString('latin1'), 'plain'],
    ['URL-encoded', encodeURIComponent(secret.slice(8, 20)), 'URL-encoded'],
    ['in JSON', JSON.stringify({a: 'x9/Kq+"7_zLw3-B'}), 'JSON'],
    ['in hexadecimal', Buffer.from(secret).toString('hex'), 'hexadecimal'],
    ['in capital hexadecimal', Buffer.from(secret).toString('hex').toUpperCase(), 'hexadecimal'],
    [
      'as node shows a buffer',
      `<Buffer ${Buffer.from(secret).toString('hex').replaceAll(/../g, '$& ')}>`,
      'hexadecimal',
    ],
    [
      'as strace shows a string',
      Buffer.from(secret)
        .toString('hex')
        .replaceAll(/../g, String.raw`\x$&`),
      'hexadecimal',
    ],
    ['as an array of bytes', `[ ${[...Buffer.from(secret)].join(', ')} ]`, 'decimal'],
    ['in base64', base64(secret), 'base64'],
    ['in basic authorization', `Basic ${base64(`:${secret}`)}`, 'base64'],
    ["in basic authorization of git's", `Basic ${base64(`heroku:${secret}`)}`, 'base64'],
    ['in base64 for URLs', Buffer.from(`ab${secret}`).toString('base64url'), 'base64'],
    ['in wrapped base64', base64(`{"a": "${secret}"}`).replaceAll(/.{16}/g, '$&\n'), 'base64'],
  ] as const)
    it(`finds it ${what}`, () => {
      expect(forms(text)).to.deep.equal([form])
    })

  it('finds nothing in unrelated text, nor in a token that the API has masked', () => {
    expect(forms(`HRKU-AAx9**********4Fg6 ${base64('HRKU-AAx9')} HRKU-other`)).to.deep.equal([])
    expect(forms('')).to.deep.equal([])
  })

  it('names the secret that it found, and never shows it', () => {
    const found = searchFor([
      {name: 'the token', secret},
      {name: 'the password', secret: 'correct horse'},
    ])('my correct  horse')
    expect(found).to.deep.equal([{what: 'the password', form: 'plain'}])
  })

  it('refuses a secret that is so short that it would match everywhere', () => {
    expect(() => searchFor([{name: 'a code', secret: '12'}])).to.throw(/found everywhere/u)
  })
})
