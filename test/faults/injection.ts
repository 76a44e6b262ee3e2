// Injects each known fault into each program call, request and file operation of our operations, one at a time: first a
// run without faults that counts the calls, then one run for each call and fault.
import {expect} from 'chai'
import {mkdirSync, writeFileSync} from 'node:fs'
import {dirname} from 'node:path'
import {fileURLToPath} from 'node:url'
import type {Said} from './commands.js'
import {faultsFor, watchFiles, withFileFault} from './files.js'
import {API_FAULTS} from './front.js'
import {OPERATIONS, type Operation} from './operations.js'
import {judge, type FaultRun} from './outcome.js'
import {injecting, PROGRAM_FAULTS} from './programs.js'
import {type Machine, startMachine, type World} from './world.js'

const REPORT = fileURLToPath(new URL('../../.cache/trust/faults.json', import.meta.url))

/** A fault to inject. */
interface Plan {
  kind: 'program' | 'request' | 'file'
  fault: string
  at: number
  call: string
}

const runs: FaultRun[] = []

/** The time limit for a request that is never answered. */
const PATIENCE_MS = 500

describe('with an injected fault', function () {
  this.timeout(600_000)
  let machine: Machine

  before(async () => {
    watchFiles()
    machine = await startMachine()
  })
  after(async () => {
    await machine.stop()
    mkdirSync(dirname(REPORT), {recursive: true})
    writeFileSync(REPORT, `${JSON.stringify(runs, undefined, 2)}\n`)
  })

  const begin = async (operation: Operation, kind: Plan['kind']) => {
    // The real keyring only for faults of the keychain's tool: it is slow.
    const world = await machine.begin(operation.before, kind === 'program')
    await operation.prepare?.(world)
    return world
  }

  /** Runs the operation with one fault, or none; returns the calls. */
  const act = async (operation: Operation, world: World, plan?: Plan) => {
    const programs = injecting(plan?.fault ?? '', plan?.kind === 'program' ? plan.at : -1)
    world.front.plan((plan?.kind === 'request' ? plan.fault : '500') as '500', plan?.kind === 'request' ? plan.at : -1)
    const whole = AbortSignal.timeout.bind(AbortSignal)
    if (plan?.fault === 'never') AbortSignal.timeout = (ms) => whole(Math.min(ms, PATIENCE_MS))
    const started = performance.now()
    try {
      const {calls, result} = await withFileFault(
        world.home,
        (plan?.kind === 'file' ? plan.fault : 'EIO') as 'EIO',
        plan?.kind === 'file' ? plan.at : -1,
        () => operation.act(world, programs.run),
      )
      const requests = [...world.front.calls]
      return {
        said: result,
        ms: performance.now() - started,
        calls: {program: programs.calls, request: requests, file: calls},
      }
    } finally {
      AbortSignal.timeout = whole
      world.front.plan('500', -1)
    }
  }

  const record = async (
    operation: Operation,
    world: World,
    said: Said,
    ms: number,
    plan: {fault: string; call: string},
  ) => {
    const problems = await judge(operation, world, said, ms)
    const verdict = problems.length > 0 ? 'lost' : said.exitCode === 0 ? 'done and true' : 'failed and said so'
    const {call, fault} = plan
    runs.push({operation: operation.name, fault, call, verdict, problems, ms: Math.round(ms)})
    return problems.map((problem) => `${call}, ${fault}: ${problem}\n${said.stdout}${said.stderr}`)
  }

  for (const operation of OPERATIONS)
    for (const kind of ['program', 'request', 'file'] as const)
      it(`${operation.name} succeeds, or fails with a message and loses nothing, with each ${kind} fault`, async () => {
        const world = await begin(operation, kind)
        const {calls, ms, said} = await act(operation, world)
        expect(await record(operation, world, said, ms, {fault: 'none', call: `${kind}: none`})).to.deep.equal([])
        expect(said.exitCode, said.stderr).to.equal(0)

        const plans = calls[kind].flatMap((call, at): Plan[] =>
          faultsOf(kind, call).map((fault) => ({kind, fault, at, call: `${kind} ${at}: ${call}`})),
        )
        const problems: string[] = []
        for (const plan of plans) {
          const world = await begin(operation, kind)
          const {ms, said} = await act(operation, world, plan)
          problems.push(...(await record(operation, world, said, ms, plan)))
        }
        expect(problems.join('\n')).to.equal('')
      })
})

function faultsOf(kind: Plan['kind'], call: string): readonly string[] {
  if (kind === 'program') return Object.keys(PROGRAM_FAULTS)
  return kind === 'request' ? API_FAULTS : faultsFor(call)
}
