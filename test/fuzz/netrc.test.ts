import {expect} from 'chai'
import fc from 'fast-check'
import {BackendError} from '../../src/backends/backend.js'
import {readEntry, removeEntries, writeEntry} from '../../src/backends/netrc-document.js'
import {parse} from '../../src/backends/netrc-tokenizer.js'
import {HOSTS} from '../fixtures/netrc/arbitrary.js'
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

/** What may be said of a text that is not understood: which line, and never what stands there. */
const REFUSAL = /^line \d+ [a-z ,]+$/iu

/** Whether the text is understood to the last word; whatever is thrown but a BackendError breaks the property. */
function isUnderstood(text: string): boolean {
  try {
    parse(text)
    return true
  } catch (error) {
    if (!(error instanceof BackendError)) throw error
    expect(error.message).to.match(REFUSAL)
    return false
  }
}

describe('any text of a .netrc', () => {
  fuzz('is understood, or refused with a BackendError that repeats nothing of it, by every verb alike', {
    name: 'netrc-refusal',
    runs: 20_000,
    values: anyText,
    holds(text) {
      const understood = isUnderstood(text)
      for (const verb of [
        () => readEntry(text, 'api.heroku.com'),
        () => strip(text),
        () => set(text, {account: 'a', token: 't'}),
      ])
        if (understood) verb()
        else expect(verb).to.throw(BackendError)
    },
  })

  fuzz('is the same to the byte outside our entries, whatever is put in or taken out', {
    name: 'netrc-round-trip',
    runs: 14_000,
    values: fc.record({text: anyText, credential}),
    holds({credential, text}) {
      if (!isUnderstood(text)) return
      const before = strip(text)
      const after = set(text, credential)
      expect(HOSTS.map((host) => readEntry(after, host))).to.deep.equal(HOSTS.map((host) => ({host, ...credential})))
      expect(strip(after)).to.equal(before)
      expect(strip(set(before, credential))).to.equal(before)
      expect(strip(before)).to.equal(before)
    },
  })

  fuzz('loses an entry of ours to a removal by account only if that account is in it', {
    name: 'netrc-selective-removal',
    runs: 6000,
    values: fc.record({text: anyText, account: fc.constantFrom('a', 'b', '', 'nobody')}),
    holds({account, text}) {
      if (!isUnderstood(text)) return
      const left = removeEntries(text, HOSTS, {account})
      const others = (text: string) => HOSTS.filter((host) => readEntry(text, host)?.account !== account).length
      expect(strip(left)).to.equal(strip(text))
      expect(others(left)).to.be.at.least(others(text))
    },
  })
})
