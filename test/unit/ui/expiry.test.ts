import {expect} from 'chai'
import fc from 'fast-check'
import {describeExpiry, expiresSoon, isExpired, localDay, localTime} from '../../../src/ui/expiry.js'

const NOW = Date.parse('2030-01-01T00:00:00.000Z')
const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const OVER = 'the token has expired; log in again: heroku login'

describe('the description of an expiry', () => {
  const after = (seconds: number) => describeExpiry(new Date(NOW + seconds * 1000).toISOString(), NOW)

  for (const [seconds, said] of [
    [1, '1 second'],
    [2, '2 seconds'],
    [59, '59 seconds'],
    [59.6, '59 seconds'],
    [MINUTE, '1 minute'],
    [2 * MINUTE - 1, '1 minute'],
    [2 * MINUTE, '2 minutes'],
    [HOUR - 1, '59 minutes'],
    [HOUR, '1 hour'],
    [DAY - 1, '23 hours'],
    [DAY, '1 day'],
    [30 * DAY, '30 days'],
    [400 * DAY, '400 days'],
  ] as const)
    it(`is ${said} for ${seconds} seconds`, () => {
      expect(after(seconds)).to.equal(`the token expires in ${said}`)
    })

  for (const seconds of [0, -1, -DAY])
    it(`is expired for ${seconds} seconds, with the next step`, () => {
      expect(after(seconds)).to.equal(OVER)
    })

  for (const text of ['', 'soon', '{}', '99999-99-99'])
    it(`is unknown for '${text}'`, () => {
      expect(describeExpiry(text, NOW)).to.equal('it is not known when the token expires')
    })

  it('uses the current time', () => {
    expect(describeExpiry(new Date(Date.now() + 90_000).toISOString())).to.equal('the token expires in 1 minute')
    expect(describeExpiry(new Date(Date.now() - 90_000).toISOString())).to.equal(OVER)
  })

  it('never exceeds the remaining time', () => {
    const sizes = {second: 1, minute: MINUTE, hour: HOUR, day: DAY}
    fc.assert(
      fc.property(fc.integer({min: 1, max: 400 * DAY}), (seconds) => {
        const [, count = '', unit = ''] = /in (\d+) (second|minute|hour|day)s?$/u.exec(after(seconds)) ?? []
        const promised = Number(count) * sizes[unit as keyof typeof sizes]
        expect(promised).to.be.within(1, seconds)
        expect(promised + sizes[unit as keyof typeof sizes]).to.be.greaterThan(seconds)
      }),
    )
  })
})

describe('the lifetime of a token', () => {
  const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString()

  for (const [seconds, expired] of [
    [-DAY, true],
    [0, true],
    [1, false],
    [DAY, false],
  ] as const)
    it(`${expired ? 'is over' : 'continues'} for an expiry in ${seconds} seconds`, () => {
      expect(isExpired({expiresAt: at(seconds)}, NOW)).to.equal(expired)
    })

  for (const [life, left, soon] of [
    [30 * DAY, 3 * DAY, false],
    [30 * DAY, 3 * DAY - 1, true],
    [12 * HOUR + 1, HOUR, true],
    [12 * HOUR, 30 * MINUTE, false],
    [12 * HOUR, 30 * MINUTE - 1, true],
    [8 * HOUR, 8 * HOUR, false],
    [DAY, DAY, true],
    [undefined, 3 * DAY, false],
    [undefined, 3 * DAY - 1, true],
  ] as const)
    it(`${soon ? 'ends soon' : 'does not end soon'} with ${left} seconds left of ${life ?? 'an unknown number'}`, () => {
      const recordedAt = life === undefined ? undefined : at(left - life)
      expect(expiresSoon({expiresAt: at(left), recordedAt}, NOW)).to.equal(soon)
    })

  it('is unknown for an expiry that cannot be parsed', () => {
    for (const expiresAt of [undefined, '', 'soon', '{}', '99999-99-99']) {
      expect(isExpired({expiresAt}, NOW)).to.equal(false)
      expect(expiresSoon({expiresAt}, NOW)).to.equal(false)
    }
    expect(expiresSoon({expiresAt: at(DAY), recordedAt: 'soon'}, NOW)).to.equal(true)
  })

  it('is shown in local time, with two digits', () => {
    const time = new Date(2026, 2, 4, 5, 6)
    expect([localDay(time), localTime(time)]).to.deep.equal(['2026-03-04', '05:06'])
    const late = new Date(2026, 10, 24, 14, 5)
    expect([localDay(late), localTime(late)]).to.deep.equal(['2026-11-24', '14:05'])
  })
})
