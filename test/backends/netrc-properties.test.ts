import {expect} from 'chai'
import fc from 'fast-check'
import {readEntry, removeEntries, writeEntry} from '../../src/backends/netrc/document.js'
import {parse} from '../../src/backends/netrc/tokenizer.js'
import {anyNetrc, HOSTS, isUnsure, tokenSoup} from '../fixtures/netrc/arbitrary.js'

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

describe('a .netrc made up by chance', () => {
  it('is read as what it was made from', () => {
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

  it('gives back the credential that was put in, for both hosts', () => {
    fc.assert(
      fc.property(anyNetrc, credential, ({text}, credential) => {
        const after = set(text, credential)
        expect(HOSTS.map((host) => readEntry(after, host))).to.deep.equal(HOSTS.map((host) => ({host, ...credential})))
      }),
      {numRuns: 700},
    )
  })

  it('is the same outside our entries after a credential was put in', () => {
    fc.assert(
      fc.property(anyNetrc, credential, ({text}, credential) => {
        expect(strip(set(text, credential))).to.equal(strip(text))
      }),
      {numRuns: 700},
    )
  })

  it('is the same to the byte after a credential was put in and taken out, if it had none', () => {
    fc.assert(
      fc.property(anyNetrc, credential, ({text}, credential) => {
        const before = strip(text)
        expect(strip(set(before, credential))).to.equal(before)
      }),
      {numRuns: 700},
    )
  })

  it('keeps every other entry, in its order, whatever is done', () => {
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

describe('words thrown together', () => {
  it('keep every promise: nothing but our entries is changed', () => {
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

  it('lose no word but those of our entries', () => {
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
    // A line or pair `keyword value` of an entry of ours goes with it.
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

  it('made of random bytes never make anything throw', () => {
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
