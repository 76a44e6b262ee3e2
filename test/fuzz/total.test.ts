import {expect} from 'chai'
import {propertyTimeoutMs, triedInThisRun} from '../support/fuzz.js'

describe('all properties together', () => {
  it('were tried with a hundred thousand cases, or as many as FUZZ_RUNS says', async function () {
    this.timeout(0)
    const wanted = Number(process.env.FUZZ_RUNS ?? 100_000)
    const cases = () => triedInThisRun().reduce((sum, {cases}) => sum + cases, 0)
    // mocha starts this file last of its folder, while other workers may still try the properties before it: wait as
    // long as they come in.
    let seen = cases()
    let since = Date.now()
    while (seen < wanted && Date.now() - since < propertyTimeoutMs(process.env)) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      if (cases() === seen) continue
      seen = cases()
      since = Date.now()
    }
    expect(seen).to.be.at.least(wanted)
  })
})
