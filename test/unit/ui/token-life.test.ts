import {expect} from 'chai'
import {UserError} from '../../../src/errors.js'
import {assertLives, parseDuration} from '../../../src/ui/token-life.js'

const NOW = Date.parse('2030-01-01T00:00:00.000Z')
const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const withExpiry = (expiresAt: string | undefined) => (expiresAt === undefined ? {} : {expiresAt})
const after = (seconds: number) => new Date(NOW + seconds * 1000).toISOString()

describe('a duration', () => {
  for (const [text, seconds] of [
    ['0s', 0],
    ['45s', 45],
    ['30m', 30 * MINUTE],
    ['8h', 8 * HOUR],
    ['007d', 7 * DAY],
  ] as const)
    it(`of ${text} is ${seconds} seconds`, () => {
      expect(parseDuration(text)).to.deep.equal({text, seconds})
    })

  for (const text of [
    '',
    '30',
    'm',
    '-1m',
    '1.5h',
    '1 h',
    '1M',
    '1w',
    '1h30m',
    ' 1h',
    '1h\n',
    '1e3s',
    '٣m',
    '9999999999s',
  ])
    it(`is not ${JSON.stringify(text)}`, () => {
      expect(() => parseDuration(text))
        .to.throw(UserError, 'a whole number with a unit')
        .with.property('exitCode', 2)
    })
})

describe('a token that must live for 30 minutes', () => {
  for (const seconds of [30 * MINUTE, 8 * HOUR])
    it(`may expire in ${seconds} seconds`, () => {
      assertLives(withExpiry(after(seconds)), parseDuration('30m'), NOW)
    })

  for (const [title, expiresAt, message] of [
    [
      'expires a second too early',
      after(30 * MINUTE - 1),
      'the token expires in 29 minutes, sooner than --min-ttl 30m',
    ],
    ['has expired', after(0), 'the token has expired'],
    ['expires at an unknown time', undefined, 'it is not known when the token expires, as --min-ttl 30m requires'],
    ['has an invalid date', 'soon', 'it is not known when the token expires, as --min-ttl 30m requires'],
  ] as const)
    it(`is refused if it ${title}`, () => {
      expect(() => {
        assertLives(withExpiry(expiresAt), parseDuration('30m'), NOW)
      })
        .to.throw(UserError)
        .that.includes({message, hint: 'heroku login', exitCode: 1})
    })

  it('is refused for HEROKU_API_KEY with another next step than a login', () => {
    expect(() => {
      assertLives({source: 'HEROKU_API_KEY'}, parseDuration('30m'))
    })
      .to.throw(UserError)
      .that.includes({hint: 'unset HEROKU_API_KEY, whose expiry is not known'})
  })

  it('is measured at the current time', () => {
    assertLives({expiresAt: new Date(Date.now() + 31 * MINUTE * 1000).toISOString()}, parseDuration('30m'))
    expect(() => {
      assertLives({expiresAt: new Date(Date.now() + 29 * MINUTE * 1000).toISOString()}, parseDuration('30m'))
    }).to.throw('sooner than')
  })
})
