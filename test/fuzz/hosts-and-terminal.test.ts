import {expect} from 'chai'
import fc from 'fast-check'
import {describeExpiry} from '../../src/ui/expiry.js'
import {endpointsFrom} from '../../src/heroku/endpoints.js'
import {printable} from '../../src/ui/printable.js'
import {fuzz} from '../support/fuzz.js'

const LISTED = /^(?:[^/@?#\\:\s]*\.)?(?:heroku|herokai|herokuspace|herokudev)\.com(?::\d+)?$/u
const LOOPBACK = /^(?:(?:api\.|git\.)?localhost|127\.0\.0\.1)(?::\d+)?$/u

const piece = fc.oneof(
  fc.constantFrom(
    'heroku.com',
    'herokai.com',
    'localhost',
    '127.0.0.1',
    'evil.com',
    'https://',
    'http://',
    'api',
    'HTTPS://',
  ),
  fc.constantFrom(
    '.',
    '@',
    ':',
    '/',
    '\\',
    '#',
    '?',
    '%2e',
    '%40',
    '\t',
    '\n',
    '。',
    '443',
    '80',
    ' ',
    '\u00AD',
    '[::1]',
    '*',
  ),
  fc.string({maxLength: 3, unit: 'binary'}),
)
const text = fc.oneof(
  {weight: 4, arbitrary: fc.array(piece, {maxLength: 5}).map((pieces) => pieces.join(''))},
  {weight: 1, arbitrary: fc.webUrl()},
  {weight: 1, arbitrary: fc.domain()},
  {weight: 1, arbitrary: fc.string({unit: 'binary'})},
)

describe('with any environment', () => {
  fuzz("a token goes only to Heroku's hosts and this machine, and unencrypted only to this machine", {
    name: 'hosts',
    runs: 10_000,
    values: fc.record({HEROKU_HOST: text, HEROKU_GIT_HOST: text, HEROKU_LOGIN_HOST: text}, {requiredKeys: []}),
    holds(env) {
      const {api, apiUrl, git, loginUrl, warnings} = endpointsFrom(env)
      for (const host of [api, git]) expect(LISTED.test(host) || LOOPBACK.test(host), host).to.equal(true)
      const url = new URL(apiUrl)
      expect({host: url.host, origin: url.origin}).to.deep.equal({host: api, origin: apiUrl})
      expect(url.protocol === 'https:' || LOOPBACK.test(api), apiUrl).to.equal(true)
      const login = new URL(loginUrl)
      expect(login.origin).to.equal(loginUrl)
      expect(LISTED.test(login.host) || LOOPBACK.test(login.host), loginUrl).to.equal(true)
      expect(login.protocol === 'https:' || LOOPBACK.test(login.host), loginUrl).to.equal(true)
      expect(warnings.join('')).not.to.match(/[\p{Cc}\p{Cf}]/u)
    },
  })
})

describe('any text', () => {
  fuzz('is shown without control characters, and unchanged if it has none', {
    name: 'printable',
    runs: 5000,
    values: fc.string({unit: 'binary', maxLength: 400}),
    holds(text) {
      const shown = printable(text)
      expect(shown).not.to.match(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
      expect(shown.length).to.be.at.most(301)
      if (!/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text) && text.length <= 300) expect(shown).to.equal(text)
    },
  })

  fuzz('becomes one of our sentences when it is used as a date', {
    name: 'expiry',
    runs: 2000,
    values: fc.oneof(
      fc.string({unit: 'binary'}),
      fc.date().map(String),
      fc.date({noInvalidDate: true}).map((date) => date.toISOString()),
    ),
    holds(text) {
      expect(describeExpiry(text)).to.match(
        /^(?:the token (?:expires in \d+ (?:day|hour|minute|second)s?|has expired; log in again: heroku login)|it is not known when the token expires)$/u,
      )
    },
  })
})
