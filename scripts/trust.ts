// Prints the audits' figures: cases, losses and durations. `npm run trust` runs the audits; `--report` uses the last
// run's figures in `.cache/trust`. Exits 1 if anything was lost, or was not tried.
import {spawnSync} from 'node:child_process'
import {readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'

const FIGURES = join('.cache', 'trust')
const SUITES = [
  'test/fuzz',
  'test/faults',
  'test/credentials/crash.test.ts',
  'test/migrate/crash.test.ts',
  'test/hosts/leaks.test.ts',
  'test/hosts/network.test.ts',
  'test/hosts/concurrency.test.ts',
]

interface Row {
  what: string
  tried: string
  lost: number
  ms?: number
}

interface Killed {
  killed: number
  lost: number
  ms: number
}

const read = (name: string): unknown => JSON.parse(readFileSync(join(FIGURES, `${name}.json`), 'utf8'))
const sum = (figures: number[]) => figures.reduce((total, each) => total + each, 0)
const many = (count: number, of: string) => `${count.toLocaleString('en')} ${of}`

const rows: (() => Row)[] = [
  () => {
    const properties = read('fuzz') as {cases: number; failures: number; ms: number}[]
    return {
      what: 'made-up input to everything that reads',
      tried: many(sum(properties.map(({cases}) => cases)), 'cases'),
      lost: sum(properties.map(({failures}) => failures)),
      ms: sum(properties.map(({ms}) => ms)),
    }
  },
  () => {
    const runs = read('faults') as {verdict: string; ms: number}[]
    return {
      what: 'every call, request and file operation failing',
      tried: many(runs.length, 'faults'),
      lost: runs.filter(({verdict}) => verdict === 'lost').length,
      ms: sum(runs.map(({ms}) => ms)),
    }
  },
  () => {
    const {killed, lost, ms} = read('crashes') as Killed
    return {what: 'a migrate killed, there and back', tried: many(killed, 'kills'), lost, ms}
  },
  () => {
    const {killed, lost, ms} = read('killed') as Killed
    return {what: 'a login and a logout killed at every operation', tried: many(killed, 'kills'), lost, ms}
  },
  () => {
    const {cells, leaks, ms} = read('leaks') as {cells: number; leaks: number; ms: number}
    return {what: 'a token searched for wherever it might leak', tried: many(cells, 'commands'), lost: leaks, ms}
  },
  () => {
    const {connections, stray} = read('network') as {connections: number; stray: number}
    return {what: 'connections to anybody but Heroku', tried: many(connections, 'connections'), lost: stray}
  },
  () => {
    const {halfWritten, processes, unexplained} = read('concurrency') as Record<
      'halfWritten' | 'processes' | 'unexplained',
      number
    >
    return {
      what: 'logins, logouts and commands at once',
      tried: many(processes, 'processes'),
      lost: halfWritten + unexplained,
    }
  },
]

function report(): boolean {
  const all = rows.map((row) => row())
  const cells = [
    ['tried', 'how often', 'lost', 'took'],
    ...all.map(({lost, ms, tried, what}) => [
      what,
      tried,
      String(lost),
      ms === undefined ? '' : `${Math.round(ms / 1000)} s`,
    ]),
  ]
  for (const [what = '', tried = '', lost = '', took = ''] of cells)
    process.stdout.write(`${what.padEnd(48)}${tried.padStart(18)}${lost.padStart(8)}${took.padStart(8)}\n`)
  return all.every(({lost}) => lost === 0)
}

if (!process.argv.includes('--report')) {
  rmSync(FIGURES, {recursive: true, force: true})
  const {status} = spawnSync('npx', ['--no-install', 'mocha', ...SUITES], {stdio: 'inherit'})
  process.exitCode = status ?? 1
}

if (!report()) process.exitCode = 1
