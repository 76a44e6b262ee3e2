// npm run test:fuzz -- [--runs CASES] [--seed SEED]: runs only the property tests, with a new seed unless one is given.
import {spawnSync} from 'node:child_process'
import {randomInt} from 'node:crypto'
import {parseArgs} from 'node:util'

const {runs, seed} = parseArgs({options: {runs: {type: 'string'}, seed: {type: 'string'}}}).values
for (const value of [runs, seed])
  if (value !== undefined && !/^\d+$/u.test(value)) throw new Error(`not a number: ${value}`)

const env = {
  ...process.env,
  ...(runs === undefined ? {} : {FUZZ_RUNS: runs}),
  FUZZ_SEED: seed ?? String(randomInt(2 ** 31)),
}
const mocha = spawnSync(process.execPath, ['node_modules/mocha/bin/mocha.js', 'test/fuzz'], {env, stdio: 'inherit'})
process.exitCode = mocha.status ?? 1
