// Runs last, after all other files of the folder.
import {expect} from 'chai'
import {triedSoFar} from '../support/fuzz.js'

describe('all properties together', () => {
  it('are tried with a hundred thousand cases, or with FUZZ_RUNS', () => {
    const {cases} = triedSoFar()
    expect(cases).to.be.at.least(Number(process.env.FUZZ_RUNS ?? 100_000))
  })
})
