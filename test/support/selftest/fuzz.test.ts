import {expect} from 'chai'
import fc from 'fast-check'
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {tryProperty} from '../fuzz.js'
import {thrownBy} from '../thrown-by.js'

describe('checking a property', () => {
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

  it('tries the given number of cases', async () => {
    const {cases, failures} = await tryProperty(property(), {}, fixtures)
    expect({cases, failures}).to.deep.equal({cases: 500, failures: 0})
    expect(seen).to.have.length(500)
  })

  it('scales the number of cases by FUZZ_RUNS', async () => {
    expect((await tryProperty(property(), {FUZZ_RUNS: '200000'}, fixtures)).cases).to.equal(1000)
    expect((await tryProperty(property(), {FUZZ_RUNS: '1000'}, fixtures)).cases).to.equal(5)
  })

  it('shrinks a failing case, reports the seed, and keeps the case', async () => {
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

  it('tries the same cases for the same commit', async () => {
    await tryProperty(property(), {}, fixtures)
    const first = seen
    seen = []
    await tryProperty(property(), {}, fixtures)
    expect(seen).to.deep.equal(first)
  })

  it('tries kept cases first, and fails at once while one still breaks the property', async () => {
    await thrownBy(tryProperty(property(noX), {}, fixtures))
    seen = []
    const error = await thrownBy(tryProperty(property(noX), {}, fixtures))
    expect(error.message).to.include('breaks again with').and.to.include('there is an x')
    expect(seen).to.deep.equal(['x'])
    seen = []
    await tryProperty(property(), {}, fixtures)
    expect(seen[0]).to.equal('x')
  })

  it('prepares all new cases together before it tries the first', async () => {
    const prepared: string[] = []
    const prepare = (values: string[]) => {
      expect(seen).to.deep.equal([])
      prepared.push(...values)
      return Promise.resolve()
    }
    await tryProperty({...property(), prepare}, {}, fixtures)
    expect(prepared).to.deep.equal(seen)
  })

  it('also fails on a rejected promise', async () => {
    const rejecting = {...property(), holds: () => Promise.reject(new Error('later'))}
    expect((await thrownBy(tryProperty(rejecting, {}, fixtures))).message).to.include('later')
  })

  it('does not keep a case that JSON would change', async () => {
    const bytes = {name: 'texts', runs: 5, values: fc.uint8Array(), holds: () => Promise.reject(new Error('no'))}
    expect((await thrownBy(tryProperty(bytes, {}, fixtures))).message).to.include('JSON cannot hold it')
  })

  it('ignores files that are no fixtures', async () => {
    mkdirSync(join(fixtures, 'texts'))
    writeFileSync(join(fixtures, 'texts', 'README'), 'not JSON')
    expect((await tryProperty(property(), {}, fixtures)).cases).to.equal(500)
  })
})
