import {expect} from 'chai'
import {decoded} from '../../../src/ui/prompts.js'

describe('a text on stdin', () => {
  const text = 'HRKU-canary\r\n'
  const utf16 = Buffer.from(`\uFEFF${text}`, 'utf16le')
  const texts: Record<string, Buffer> = {
    'UTF-8': Buffer.from(text),
    'UTF-8 with a byte order mark': Buffer.from(`\uFEFF${text}`),
    'UTF-16, as PowerShell writes it': utf16,
    'UTF-16 with the high byte first': Buffer.from(utf16).swap16(),
  }
  for (const [encoding, bytes] of Object.entries(texts))
    it(`is decoded from ${encoding}`, () => {
      expect(decoded(bytes)).to.equal(text)
    })

  it('may be empty', () => {
    expect(decoded(Buffer.alloc(0))).to.equal('')
  })
})
