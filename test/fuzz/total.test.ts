// The last file of the folder, so that all the others have run.
import {expect} from 'chai'
import {triedSoFar} from '../support/fuzz.js'

describe('all properties together', () => {
  it('were tried with a hundred thousand cases, or as many as FUZZ_RUNS says', () => {
    const {cases} = triedSoFar()
    expect(cases).to.be.at.least(Number(process.env.FUZZ_RUNS ?? 100_000))
  })
})
