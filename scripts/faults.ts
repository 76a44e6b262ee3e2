// Prints the fault injection's runs and results: npm run test:faults
import {partsOf, readFigures} from '../test/support/trust.js'

interface FaultRun {
  operation: string
  call: string
  fault: string
  verdict: 'done and true' | 'failed and said so' | 'lost'
  ms: number
}

const runs = partsOf('faults').flatMap((name) => readFigures(name) as FaultRun[])

/** A table with one line for each key, which sums up the key's runs. */
function table(title: string, keyOf: (run: FaultRun) => string): string {
  const keys = [...new Set(runs.map(keyOf))]
  const width = Math.max(title.length, ...keys.map(({length}) => length))
  const line = (name: string, cells: (string | number)[]) =>
    [name.padEnd(width), ...cells.map((cell) => String(cell).padStart(9))].join(' ')
  const count = (some: FaultRun[], verdict: FaultRun['verdict']) => some.filter((run) => run.verdict === verdict).length
  const row = (name: string, some: FaultRun[]) =>
    line(name, [
      some.length,
      count(some, 'done and true'),
      count(some, 'failed and said so'),
      count(some, 'lost'),
      `${Math.max(...some.map(({ms}) => ms))} ms`,
    ])
  return [
    line(title, ['runs', 'done', 'said so', 'lost', 'longest']),
    ...keys.map((key) =>
      row(
        key,
        runs.filter((run) => keyOf(run) === key),
      ),
    ),
    row('all', runs),
  ].join('\n')
}

console.log(table('operation', ({operation}) => operation))
console.log()
console.log(table('fault', ({call, fault}) => `${call.split(' ')[0]?.replace(':', '') ?? ''}: ${fault}`))
