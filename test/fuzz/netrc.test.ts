import {expect} from 'chai'
import fc from 'fast-check'
import {readEntry, removeEntries, writeEntry} from '../../src/backends/netrc/document.js'
import {hasWordsBeforeEntry, HOSTS, isUnsure} from '../fixtures/netrc/arbitrary.js'
import {fuzz} from '../support/fuzz.js'
import {anyText} from './netrc-texts.js'

const set = (text: string, credential: {account: string; token: string}) =>
  HOSTS.reduce((text, host) => writeEntry(text, host, credential), text)
const strip = (text: string) => removeEntries(text, HOSTS)

const credential = fc.record({
  account: fc.oneof(fc.emailAddress(), fc.string({unit: 'grapheme', minLength: 1}).filter(isAccount)),
  token: fc.string({unit: 'grapheme-ascii', minLength: 1}),
})

function isAccount(text: string): boolean {
  return !/[\p{Cc}\u2028\u2029]/u.test(text)
}

describe('any text in a .netrc', () => {
  fuzz('makes no function throw', {
    name: 'netrc-refusal',
    runs: 20_000,
    values: anyText,
    holds(text) {
      readEntry(text, 'api.heroku.com')
      strip(text)
      set(text, {account: 'a', token: 't'})
    },
  })

  fuzz('keeps every byte outside of our entries when they are written or removed', {
    name: 'netrc-round-trip',
    runs: 14_000,
    values: fc.record({text: anyText, credential}),
    holds({credential, text}) {
      if (isUnsure(text, credential)) return
      const before = strip(text)
      const after = set(text, credential)
      expect(HOSTS.map((host) => readEntry(after, host))).to.deep.equal(HOSTS.map((host) => ({host, ...credential})))
      expect(strip(after)).to.equal(before)
      expect(strip(set(before, credential))).to.equal(before)
      expect(strip(before)).to.equal(before)
    },
  })

  fuzz('loses one of our entries to a removal by account only if the entry has that account', {
    name: 'netrc-selective-removal',
    runs: 6000,
    values: fc.record({text: anyText, account: fc.constantFrom('a', 'b', '', 'nobody')}),
    holds({account, text}) {
      const left = removeEntries(text, HOSTS, {account})
      if (hasWordsBeforeEntry(text) || [text, left].some((each) => isUnsure(each, {account, token: ''}))) return
      const others = (text: string) => HOSTS.filter((host) => readEntry(text, host)?.account !== account).length
      expect(strip(left)).to.equal(strip(text))
      expect(others(left)).to.be.at.least(others(text))
    },
  })
})
