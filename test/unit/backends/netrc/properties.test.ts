import {expect} from 'chai'
import fc from 'fast-check'
import {readEntry, removeEntries, writeEntry} from '../../../../src/backends/netrc/document.js'
import {parse} from '../../../../src/backends/netrc/tokenizer.js'
import {anyNetrc, HOSTS, isUnsure, tokenSoup} from '../../../fixtures/netrc/arbitrary.js'

const set = (text: string, credential: {account: string; token: string}) =>
  HOSTS.reduce((text, host) => writeEntry(text, host, credential), text)
const strip = (text: string) => removeEntries(text, HOSTS)

const printable = fc.string({unit: 'grapheme-ascii', minLength: 1})
const account = fc.oneof(
  fc.emailAddress(),
  printable,
  fc.string({unit: 'grapheme', minLength: 1}).filter((text) => !/[\p{Cc}\u2028\u2029]/u.test(text)),
)
const credential = fc.record({account, token: printable})

describe('a generated .netrc', () => {
  it('is read as its model', () => {
    fc.assert(
      fc.property(anyNetrc, ({text, model}) => {
        const read = parse(text).map(({kind, name, properties}) => ({
          kind,
          name: name.says,
          properties: properties.map(({keyword, value}) => [keyword, value.says]),
        }))
        expect(read).to.deep.equal(model)
      }),
      {numRuns: 700},
    )
  })

  it('returns a written credential, for both hosts', () => {
    fc.assert(
      fc.property(anyNetrc, credential, ({text}, credential) => {
        const after = set(text, credential)
        expect(HOSTS.map((host) => readEntry(after, host))).to.deep.equal(HOSTS.map((host) => ({host, ...credential})))
      }),
      {numRuns: 700},
    )
  })

  it('is unchanged outside our entries after a write', () => {
    fc.assert(
      fc.property(anyNetrc, credential, ({text}, credential) => {
        expect(strip(set(text, credential))).to.equal(strip(text))
      }),
      {numRuns: 700},
    )
  })

  it('is unchanged after a write and a removal, if it had no entry of ours', () => {
    fc.assert(
      fc.property(anyNetrc, credential, ({text}, credential) => {
        const before = strip(text)
        expect(strip(set(before, credential))).to.equal(before)
      }),
      {numRuns: 700},
    )
  })

  it('keeps all other entries in their order, after any edit', () => {
    fc.assert(
      fc.property(anyNetrc, credential, ({text, model}, credential) => {
        const others = model.filter(({kind, name}) => kind !== 'machine' || !HOSTS.includes(name.toLowerCase()))
        for (const after of [strip(text), set(text, credential)]) {
          const left = parse(after)
            .filter(({kind, name}) => kind !== 'machine' || !HOSTS.includes(name.says.toLowerCase()))
            .map(({kind, name, properties}) => ({
              kind,
              name: name.says,
              properties: properties.map(({keyword, value}) => [keyword, value.says]),
            }))
          expect(left).to.deep.equal(others)
        }
      }),
      {numRuns: 700},
    )
  })
})

describe('random words', () => {
  it('are unchanged except for our entries', () => {
    fc.assert(
      fc.property(tokenSoup, credential, (text, credential) => {
        fc.pre(!isUnsure(text, credential))
        const after = set(text, credential)
        expect(HOSTS.map((host) => readEntry(after, host))).to.deep.equal(HOSTS.map((host) => ({host, ...credential})))
        const before = strip(text)
        expect(strip(after)).to.equal(before)
        expect(strip(set(before, credential))).to.equal(before)
      }),
      {numRuns: 10000},
    )
  })

  // Found by random input.
  for (const [what, text] of [
    ['a property that only netrc-parser knows, after ours', 'machine api.heroku.com password #x\n\fa git.heroku.com\n'],
    ['a carriage return in a comment of our entry', 'machine git.heroku.com\n  login a #\rmachine c\n  password d\n'],
  ] as const)
    it(`are unchanged except for our entries, with ${what}`, () => {
      const credential = {account: ' ', token: ' '}
      const [before, after] = [strip(text), set(text, credential)]
      expect(HOSTS.map((host) => readEntry(after, host))).to.deep.equal(HOSTS.map((host) => ({host, ...credential})))
      expect([before, strip(after), strip(set(before, credential))]).to.deep.equal(['', '', ''])
    })

  it('lose no word except those of our entries', () => {
    const soup = fc
      .array(
        fc.constantFrom(
          ...['machine api.heroku.com login a password b', 'machine git.heroku.com\n  login a\n  password b\n'],
          ...['machine other ', '\n', '\n\n', '  ', '# note\n', 'w0 ', 'w1 ', 'w2\n', 'w3 w4\n', '  w5\n', '"w6 w7" '],
        ),
        {maxLength: 14},
      )
      .map((words) => words.join(''))
    const wordsOf = (text: string) => text.match(/w\d/g) ?? []
    // A line or pair `keyword value` of our entry is removed with it.
    const owned = (text: string) =>
      parse(text)
        .filter(({name}) => HOSTS.includes(name.says))
        .flatMap(({properties}) => properties.flatMap(({keyword, value}) => wordsOf(`${keyword} ${value.says}`)))
    fc.assert(
      fc.property(soup, (text) => {
        expect([...wordsOf(strip(text)), ...owned(text)].sort()).to.deep.equal(wordsOf(text).sort())
      }),
      {numRuns: 5000},
    )
  })

  it('of random bytes never cause an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({maxLength: 200}), (bytes) => {
        const text = Buffer.from(bytes).toString('latin1')
        parse(text)
        set(text, {account: 'a', token: 't'})
        strip(text)
      }),
      {numRuns: 1000},
    )
  })
})
