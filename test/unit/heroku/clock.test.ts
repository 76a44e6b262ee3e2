import {expect} from 'chai'
import {watchClock} from '../../../src/heroku/clock.js'

const HOUR = 60 * 60 * 1000
const exchange = {method: 'GET', timeoutMs: 1000} as const

describe('the comparison of this clock with the server', () => {
  const isWrongAfter = async (...dates: (string | undefined)[]) => {
    let date: string | undefined
    const {http, isClockWrong} = watchClock(() =>
      Promise.resolve({status: 200, body: {}, ...(date === undefined ? {} : {date})}),
    )
    for (date of dates) expect(await http('https://api.heroku.com', exchange)).to.include({status: 200})
    return isClockWrong()
  }
  const ahead = (hours: number) => new Date(Date.now() + hours * HOUR).toUTCString()

  for (const [hours, isWrong] of [
    [0, false],
    [23.9, false],
    [-23.9, false],
    [24.1, true],
    [-24.1, true],
    [24 * 365, true],
  ] as const)
    it(`finds it ${isWrong ? 'wrong' : 'right'} if the server's is ${hours} hours ahead`, async () => {
      expect(await isWrongAfter(ahead(hours))).to.equal(isWrong)
    })

  it('takes one wrong response for enough, and no valid date for right', async () => {
    expect(await isWrongAfter(ahead(0), ahead(48), ahead(0))).to.equal(true)
    expect(await isWrongAfter()).to.equal(false)
    expect(await isWrongAfter(undefined, 'soon', '')).to.equal(false)
  })
})
