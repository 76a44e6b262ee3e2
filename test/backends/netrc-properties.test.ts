import {expect} from 'chai'
import fc from 'fast-check'
import {BackendError} from '../../src/backends/backend.js'
import {readEntry, removeEntries, writeEntry} from '../../src/backends/netrc-document.js'
import {parse} from '../../src/backends/netrc-tokenizer.js'
import {anyNetrc, HOSTS, tokenSoup} from '../fixtures/netrc/arbitrary.js'

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

/** The text's meaning, or undefined if it is refused; anything thrown but a BackendError fails the test. */
function understood<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    expect(error).to.be.instanceOf(BackendError)
    return undefined
  }
}

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
  it('are refused with a BackendError, or keep every promise', () => {
    fc.assert(
      fc.property(tokenSoup, credential, (text, credential) => {
        if (understood(() => parse(text)) === undefined) return
        const after = set(text, credential)
        expect(HOSTS.map((host) => readEntry(after, host))).to.deep.equal(HOSTS.map((host) => ({host, ...credential})))
        const before = strip(text)
        expect(strip(after)).to.equal(before)
        expect(strip(set(before, credential))).to.equal(before)
      }),
      {numRuns: 10000},
    )
  })

  it('made of random bytes never throw anything but a BackendError', () => {
    fc.assert(
      fc.property(fc.uint8Array({maxLength: 200}), (bytes) => {
        const text = Buffer.from(bytes).toString('latin1')
        understood(() => parse(text))
        understood(() => set(text, {account: 'a', token: 't'}))
        understood(() => strip(text))
      }),
      {numRuns: 1000},
    )
  })
})
