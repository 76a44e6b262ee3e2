import {expect} from 'chai'
import fc from 'fast-check'
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {tryProperty} from '../support/fuzz.js'
import {thrownBy} from '../support/thrown-by.js'

describe('trying a property', () => {
  let fixtures: string
  let seen: string[]

  beforeEach(() => {
    fixtures = mkdtempSync(join(tmpdir(), 'keychain-fuzz-'))
    seen = []
  })
  afterEach(() => {
    rmSync(fixtures, {recursive: true, force: true})
  })

  const property = (holds: (text: string) => void = () => undefined) => ({
    name: 'texts',
    runs: 500,
    values: fc.string(),
    holds: (text: string) => {
      seen.push(text)
      holds(text)
    },
  })
  const noX = (text: string) => {
    if (text.includes('x')) throw new Error('there is an x')
  }
  const kept = () => readdirSync(join(fixtures, 'texts')).map((name) => join(fixtures, 'texts', name))

  it('tries as many cases as it says', async () => {
    const {cases, failures} = await tryProperty(property(), {}, fixtures)
    expect({cases, failures}).to.deep.equal({cases: 500, failures: 0})
    expect(seen).to.have.length(500)
  })

  it('tries more cases, or fewer, where FUZZ_RUNS says so', async () => {
    expect((await tryProperty(property(), {FUZZ_RUNS: '200000'}, fixtures)).cases).to.equal(1000)
    expect((await tryProperty(property(), {FUZZ_RUNS: '1000'}, fixtures)).cases).to.equal(5)
  })

  it('shrinks what breaks it, names the seed, and keeps the case', async () => {
    const error = await thrownBy(tryProperty(property(noX), {FUZZ_SEED: '7'}, fixtures))
    expect(error.message).to.include('FUZZ_SEED=7').and.to.include('there is an x')
    const [file = ''] = kept()
    expect(error.message).to.include(file)
    expect(JSON.parse(readFileSync(file, 'utf8'))).to.equal('x')
  })

  it('tries the same cases again with the same seed', async () => {
    await tryProperty(property(), {FUZZ_SEED: '7'}, fixtures)
    const first = seen
    seen = []
    await tryProperty(property(), {FUZZ_SEED: '7'}, fixtures)
    expect(seen).to.deep.equal(first)
  })

  it('tries what was kept before anything else, and fails at once while it still breaks', async () => {
    await thrownBy(tryProperty(property(noX), {}, fixtures))
    seen = []
    const error = await thrownBy(tryProperty(property(noX), {}, fixtures))
    expect(error.message).to.include('breaks again with').and.to.include('there is an x')
    expect(seen).to.deep.equal(['x'])
    seen = []
    await tryProperty(property(), {}, fixtures)
    expect(seen[0]).to.equal('x')
  })

  it('has the new cases prepared together, before any is tried', async () => {
    const prepared: string[] = []
    const prepare = (values: string[]) => {
      expect(seen).to.deep.equal([])
      prepared.push(...values)
      return Promise.resolve()
    }
    await tryProperty({...property(), prepare}, {}, fixtures)
    expect(prepared).to.deep.equal(seen)
  })

  it('breaks for a promise that is rejected, too', async () => {
    const rejecting = {...property(), holds: () => Promise.reject(new Error('later'))}
    expect((await thrownBy(tryProperty(rejecting, {}, fixtures))).message).to.include('later')
  })

  it('keeps no case that JSON would change', async () => {
    const bytes = {name: 'texts', runs: 5, values: fc.uint8Array(), holds: () => Promise.reject(new Error('no'))}
    expect((await thrownBy(tryProperty(bytes, {}, fixtures))).message).to.include('JSON cannot hold it')
  })

  it('does not take another file for a fixture', async () => {
    mkdirSync(join(fixtures, 'texts'))
    writeFileSync(join(fixtures, 'texts', 'README'), 'not JSON')
    expect((await tryProperty(property(), {}, fixtures)).cases).to.equal(500)
  })
})
