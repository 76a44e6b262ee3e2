// Properties that are tried with made-up input by the thousand. What breaks one is shrunk and kept as a fixture, which
// is tried before anything else from then on.
//
//   FUZZ_RUNS   how many cases in all (default: 100,000 and some)
//   FUZZ_SEED   the seed to begin with, as a failure prints it
import fc from 'fast-check'
import {createHash} from 'node:crypto'
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

const FIXTURES = fileURLToPath(new URL('../fixtures/fuzz', import.meta.url))
const REPORT = fileURLToPath(new URL('../../.cache/trust/fuzz.json', import.meta.url))

/** What all properties together are tried with unless FUZZ_RUNS says otherwise. */
const USUAL_RUNS = 100_000

export interface Property<T> {
  /** The folder of its fixtures, and its name in the report. */
  name: string
  /** How often it is tried in a usual run. */
  runs: number
  /** Given all new cases at once before they are tried one by one, for what is quicker done together. */
  prepare?: (values: T[]) => Promise<void>
  /** Makes values that JSON can hold, since a fixture has to. */
  values: fc.Arbitrary<T>
  /** Throws for a value that breaks the property. */
  holds: (value: T) => void | Promise<void>
}

export interface Tried {
  name: string
  /** Fixtures too. */
  cases: number
  failures: number
  ms: number
  seed: number
}

const seedOf = ({FUZZ_SEED}: NodeJS.ProcessEnv) =>
  FUZZ_SEED === undefined ? Math.trunc(Math.random() * 2 ** 31) : Number(FUZZ_SEED)

const timesOf = ({FUZZ_RUNS}: NodeJS.ProcessEnv) => (FUZZ_RUNS === undefined ? 1 : Number(FUZZ_RUNS) / USUAL_RUNS)

/** The cases that have broken a property before, by file. */
function fixturesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(folder, name))
  } catch {
    return []
  }
}

/**
 * Tries a property: its fixtures, then new cases.
 * @param fixtures the folder of all fixtures
 * @throws {Error} that names the seed, the shrunk case and the fixture that it was written to
 */
export async function tryProperty<T>(
  {holds, name, prepare, runs, values}: Property<T>,
  env: NodeJS.ProcessEnv = process.env,
  fixtures = FIXTURES,
): Promise<Tried> {
  const started = performance.now()
  const folder = join(fixtures, name)
  const seed = seedOf(env)
  const known = fixturesOf(folder)
  for (const file of known) {
    try {
      await holds(JSON.parse(readFileSync(file, 'utf8')) as T)
    } catch (error) {
      throw new Error(`${name} breaks again with ${file}: ${wordsOf(error)}`, {cause: error})
    }
  }

  const numRuns = Math.max(1, Math.round(runs * timesOf(env)))
  // The same seed makes the same values, here and there.
  await prepare?.(fc.sample(values, {seed, numRuns}))
  const result = await fc.check(
    fc.asyncProperty(values, (value) => Promise.resolve(holds(value))),
    {seed, numRuns},
  )
  const cases = known.length + result.numRuns
  if (!result.failed) return {name, cases, failures: 0, ms: performance.now() - started, seed}
  const [value] = result.counterexample ?? []
  const kept = value === undefined ? 'nowhere' : keep(folder, value)
  throw new Error(
    `${name} breaks after ${result.numRuns} cases (FUZZ_SEED=${seed}), shrunk to ${fc.stringify(value)}, kept in ${kept}: ` +
      wordsOf(result.errorInstance),
    {cause: result.errorInstance},
  )
}

function keep(folder: string, value: unknown): string {
  const text = `${JSON.stringify(value, undefined, 2)}\n`
  // A fixture that holds another value than the one that broke the property would hide it.
  if (fc.stringify(JSON.parse(text)) !== fc.stringify(value)) return 'nowhere, since JSON cannot hold it'
  mkdirSync(folder, {recursive: true})
  const file = join(folder, `${createHash('sha256').update(text).digest('hex').slice(0, 12)}.json`)
  writeFileSync(file, text)
  return file
}

const wordsOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error))

const report: Tried[] = []

/** Makes a test of a property, and a line of the report. */
export function fuzz<T>(claim: string, property: Property<T>): void {
  it(claim, async function () {
    this.timeout(Math.max(60_000, 60_000 * timesOf(process.env)))
    const tried: Tried = {name: property.name, cases: 0, failures: 1, ms: 0, seed: 0}
    try {
      Object.assign(tried, await tryProperty(property))
    } finally {
      report.push(tried)
      mkdirSync(dirname(REPORT), {recursive: true})
      writeFileSync(REPORT, `${JSON.stringify(report, undefined, 2)}\n`)
    }
  })
}

/** How many cases were tried in this process so far, in how many properties. */
export const triedSoFar = () => ({properties: report.length, cases: report.reduce((sum, {cases}) => sum + cases, 0)})
