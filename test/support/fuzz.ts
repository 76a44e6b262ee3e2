// Property tests with generated input. A case that breaks a property is shrunk and kept as a fixture, and fixtures
// are tried before new cases.
//
//   FUZZ_RUNS   number of cases in all (default: a little over 100,000)
//   FUZZ_SEED   the seed, as a failure prints it (default: the commit's, so that a commit passes or fails each time)
import fc from 'fast-check'
import {spawnSync} from 'node:child_process'
import {createHash, randomInt} from 'node:crypto'
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {partsOf, readFigures, saveFigures} from './trust.js'

const FIXTURES = fileURLToPath(new URL('../fixtures/fuzz', import.meta.url))

/** The number of cases of all properties together, unless FUZZ_RUNS is set. */
const USUAL_RUNS = 100_000

export interface Property<T> {
  /** The name of its fixtures' folder, and its name in the report. */
  name: string
  /** The number of cases in a default run. */
  runs: number
  /** Called once with all new cases before each is tried, for work that is faster in a batch. */
  prepare?: (values: T[]) => Promise<void>
  /** Generates JSON values, since fixtures are JSON. */
  values: fc.Arbitrary<T>
  /** Throws for a value that breaks the property. */
  holds: (value: T) => void | Promise<void>
}

export interface Tried {
  name: string
  /** Includes fixtures. */
  cases: number
  failures: number
  ms: number
  seed: number
}

/** The seed of every property in a run of the tests. */
export const seedOf = ({FUZZ_SEED}: NodeJS.ProcessEnv) => (FUZZ_SEED === undefined ? seedOfCommit() : Number(FUZZ_SEED))

function seedOfCommit(): number {
  const {status, stdout} = spawnSync('git', ['rev-parse', 'HEAD'], {cwd: FIXTURES, encoding: 'utf8'})
  return status === 0 ? Number.parseInt(stdout.slice(0, 7), 16) : randomInt(2 ** 31)
}

const timesOf = ({FUZZ_RUNS}: NodeJS.ProcessEnv) => (FUZZ_RUNS === undefined ? 1 : Number(FUZZ_RUNS) / USUAL_RUNS)

/** The cases that have broken the property before, by file. */
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
 * Checks a property: its fixtures, then new cases.
 * @param fixtures the folder of all fixtures
 * @throws {Error} with the seed, the shrunk case and the fixture file that it was written to
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
  // The same seed generates the same values on every machine.
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
  // A fixture that holds a different value from the one that broke the property would hide the failure.
  if (fc.stringify(JSON.parse(text)) !== fc.stringify(value)) return 'nowhere, since JSON cannot hold it'
  mkdirSync(folder, {recursive: true})
  const file = join(folder, `${createHash('sha256').update(text).digest('hex').slice(0, 12)}.json`)
  writeFileSync(file, text)
  return file
}

const wordsOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error))

/** How long one property may take, in milliseconds. */
export const propertyTimeoutMs = (env: NodeJS.ProcessEnv) => Math.max(300_000, 300_000 * timesOf(env))

/** One line of the report. */
interface Recorded extends Tried {
  run: number
}

/** The same in all workers of a run of mocha: the process that has started them, or this one. */
const RUN = process.env.MOCHA_WORKER_ID === undefined ? process.pid : process.ppid

/** Defines a test for a property, and adds a line to the report. */
export function fuzz<T>(claim: string, property: Property<T>): void {
  it(claim, async function () {
    this.timeout(propertyTimeoutMs(process.env))
    const tried: Recorded = {name: property.name, cases: 0, failures: 1, ms: 0, seed: 0, run: RUN}
    try {
      Object.assign(tried, await tryProperty(property))
    } finally {
      saveFigures(`fuzz/${property.name}`, tried)
    }
  })
}

/** The properties that this run of mocha has tried so far, in all of its workers. */
export const triedInThisRun = (): Tried[] =>
  partsOf('fuzz')
    .map((name) => readFigures(name) as Recorded)
    .filter(({run}) => run === RUN)
