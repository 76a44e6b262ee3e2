// Prints the audits' figures: cases, losses and durations. `npm run trust` runs the audits; `--report` uses the last
// run's figures in `.cache/trust`. Exits 1 if anything was lost, or was not tried.
import {spawnSync} from 'node:child_process'
import {rmSync} from 'node:fs'
import {FIGURES, type Figures, partsOf, readFigures} from '../test/support/trust.js'

const SUITES = [
  'test/fuzz',
  'test/faults',
  'test/faults/busy-machine.ts',
  'test/unit/credentials/hidden.test.ts',
  'test/integration/credentials/stale-item.test.ts',
  'test/unit/credentials/revoked.test.ts',
  'test/unit/credentials/recorded-in-netrc.test.ts',
  'test/integration/git/shells.test.ts',
  'test/integration/heroku/revoke.test.ts',
  'test/integration/heroku/verify.test.ts',
  'test/e2e/cancelled-login.test.ts',
  'test/e2e/leaks.test.ts',
  'test/e2e/network.test.ts',
  'test/e2e/portal.test.ts',
]

interface Row extends Omit<Figures, 'ms'> {
  what: string
  unit: string
  ms?: number
}

const args = process.argv.slice(2)
const folder = args.find((arg) => !arg.startsWith('--')) ?? FIGURES

class NotTried extends Error {}

function read(name: string): unknown {
  const figures = readFigures(name, folder)
  if (figures === undefined) throw new NotTried(name)
  return figures
}

/** The parts by name, or all that were written. */
const readAll = (audit: string, parts?: string[]) => {
  const names = parts?.map((part) => `${audit}/${part}`) ?? partsOf(audit, folder)
  if (names.length === 0) throw new NotTried(audit)
  return names.map(read)
}

const sum = (figures: number[]) => figures.reduce((total, each) => total + each, 0)

const added = (all: Figures[]): Figures => ({
  tried: sum(all.map(({tried}) => tried)),
  lost: sum(all.map(({lost}) => lost)),
  ms: sum(all.map(({ms}) => ms)),
})

/** Properties of the fuzz suites. */
const properties = (names: (name: string) => boolean) => {
  const all = readAll('fuzz') as {name: string; cases: number; failures: number; ms: number}[]
  return added(all.filter(({name}) => names(name)).map(({cases, failures, ms}) => ({tried: cases, lost: failures, ms})))
}

const killed = (name: string) => {
  const {killed, lost, ms} = read(name) as {killed: number; lost: number; ms: number}
  return {tried: killed, lost, ms}
}

const counted = (audit: string, parts: string[]) => added(readAll(audit, parts) as Figures[])

const ACCOUNTS = ['accounts', 'accounts-alive']

const rows: Record<string, () => Omit<Row, 'what'>> = {
  'made-up input to everything that reads': () => ({
    unit: 'cases',
    ...properties((name) => !ACCOUNTS.includes(name)),
  }),
  "git or the API given another account's token": () => ({
    unit: 'sequences',
    ...properties((name) => ACCOUNTS.includes(name)),
  }),
  'every call, request and file operation failing': () => {
    const runs = (readAll('faults', ['program', 'request', 'file']) as {verdict: string; ms: number}[][]).flat()
    return {
      unit: 'faults',
      tried: runs.length,
      lost: runs.filter(({verdict}) => verdict === 'lost').length,
      ms: sum(runs.map(({ms}) => ms)),
    }
  },
  'a migrate killed, there and back': () => ({unit: 'kills', ...killed('crashes')}),
  'a login and a logout killed at every operation': () => ({unit: 'kills', ...killed('killed')}),
  'a login that a signal ends, its token left valid': () => ({
    unit: 'logins',
    ...counted('cancelled-logins', ['host']),
  }),
  'a token that the keychain hides, locks or keeps back': () => ({
    unit: 'cases',
    ...counted('unavailable', ['hidden', 'another-shown', 'stale-item', 'revoked', 'recorded-in-netrc']),
  }),
  "a gateway's answer taken for the API's": () => ({
    unit: 'cases',
    ...counted('gateway', ['revoke', 'verify', 'portal']),
  }),
  'git asking at once on a busy machine': () => ({unit: 'fills', ...counted('busy-machine', ['fills'])}),
  'shells with logins of their own, in git': () => ({unit: 'cases', ...counted('shells', ['git'])}),
  'a token searched for wherever it might leak': () => {
    const {cells, leaks, ms} = read('leaks') as {cells: number; leaks: number; ms: number}
    return {unit: 'commands', tried: cells, lost: leaks, ms}
  },
  'connections to anybody but Heroku': () => {
    const {connections, stray} = read('network') as {connections: number; stray: number}
    return {unit: 'connections', tried: connections, lost: stray}
  },
  'logins, logouts and commands at once': () => {
    const {halfWritten, processes, unexplained} = read('concurrency') as Record<
      'halfWritten' | 'processes' | 'unexplained',
      number
    >
    return {unit: 'processes', tried: processes, lost: halfWritten + unexplained}
  },
}

/** The row; undefined if its suite was not run, or has tried nothing. */
function tryRow(what: string, row: () => Omit<Row, 'what'>): Row | undefined {
  try {
    const figures = row()
    return figures.tried === 0 ? undefined : {what, ...figures}
  } catch (error) {
    if (error instanceof NotTried) return undefined
    throw error
  }
}

function report(): boolean {
  const all = Object.entries(rows).map(([what, row]) => [what, tryRow(what, row)] as const)
  const cells = [
    ['tried', 'how often', 'lost', 'took'],
    ...all.map(([what, row]) =>
      row === undefined
        ? [what, 'NOT TRIED', '', '']
        : [
            what,
            `${row.tried.toLocaleString('en')} ${row.unit}`,
            String(row.lost),
            row.ms === undefined ? '' : `${Math.round(row.ms / 1000)} s`,
          ],
    ),
  ]
  for (const [what = '', tried = '', lost = '', took = ''] of cells)
    process.stdout.write(`${what.padEnd(53)}${tried.padStart(18)}${lost.padStart(8)}${took.padStart(8)}\n`)
  return all.every(([, row]) => row?.lost === 0)
}

if (!args.includes('--report')) {
  rmSync(FIGURES, {recursive: true, force: true})
  const {status} = spawnSync('npx', ['--no-install', 'mocha', ...SUITES], {stdio: 'inherit'})
  process.exitCode = status ?? 1
}

if (!report()) process.exitCode = 1
