import {expect} from 'chai'
import fc from 'fast-check'
import {describeExpiry} from '../../../src/ui/expiry.js'

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
