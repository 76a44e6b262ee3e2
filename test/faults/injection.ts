// Injects each known fault into each program call, request and file operation of our operations, one at a time: first a
// run without faults that counts the calls, then one run for each call and fault.
import {expect} from 'chai'
import {saveFigures} from '../support/trust.js'
import type {Said} from './commands.js'
import {faultsFor, watchFiles, withFileFault} from './files.js'
import {API_FAULTS} from './front.js'
import {OPERATIONS, type Operation} from './operations.js'
import {judge, type FaultRun} from './outcome.js'
import {injecting, programFaultsFor} from './programs.js'
import {type Machine, type Store, startMachine, type World} from './world.js'

/** The kinds of faults. Each has its own test file, so that two workers share them. */
export type Kind = 'program' | 'request' | 'file'

/** A fault to inject. */
interface Plan {
  kind: Kind
  fault: string
  at: number
  call: string
}

/** The time limit for a request that is never answered. */
const PATIENCE_MS = 500

/** Defines a test for each operation. */
export function describeFaults(kind: Kind): void {
  describe(`with a ${kind} fault`, function () {
    this.timeout(600_000)
    const runs: FaultRun[] = []
    let machine: Machine

    before(async () => {
      watchFiles()
      machine = await startMachine()
    })
    after(async () => {
      await machine.stop()
      saveFigures(`faults/${kind}`, runs)
    })

    // For program faults the keychain's tool is simulated in this process; for other faults the keyring's isn't called.
    const usual = ({store}: Operation): Store => {
      if (store !== undefined) return store === 'pass' ? 'gpg' : store
      return kind === 'program' ? 'secret-tool' : 'memory'
    }
    const begin = async (operation: Operation, store = usual(operation)) => {
      const world = await machine.begin(operation.before, store)
      await operation.prepare?.(world)
      return world
    }

    /** Runs the operation with one fault, or none; returns the calls. */
    const act = async (operation: Operation, world: World, plan?: Plan) => {
      const programs = injecting(world.run, plan?.fault ?? '', plan?.kind === 'program' ? plan.at : -1)
      world.front.plan(
        (plan?.kind === 'request' ? plan.fault : '500') as '500',
        plan?.kind === 'request' ? plan.at : -1,
      )
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

    before('proper-lockfile makes more calls the first time', async () => {
      const [operation] = OPERATIONS
      if (operation) await act(operation, await begin(operation))
    })

    for (const operation of OPERATIONS.filter(({store}) => isAbout(kind, store))) {
      it(`${operation.name} succeeds, or fails with a message and loses nothing, with each ${kind} fault`, async () => {
        const world = await begin(operation)
        const {calls, ms, said} = await act(operation, world)
        expect(await record(operation, world, said, ms, {fault: 'none', call: `${kind}: none`})).to.deep.equal([])
        expect(said.exitCode, said.stderr).to.equal(0)

        const plans = calls[kind].flatMap((call, at): Plan[] =>
          faultsOf(kind, call, operation).map((fault) => ({kind, fault, at, call: `${kind} ${at}: ${call}`})),
        )
        const problems: string[] = []
        for (const plan of plans) {
          const world = await begin(operation)
          const {ms, said} = await act(operation, world, plan)
          problems.push(...(await record(operation, world, said, ms, plan)))
        }
        expect(problems.join('\n')).to.equal('')
      })

      const {store: real = 'keyring'} = operation
      if (kind === 'program' && real !== usual(operation))
        it(`${operation.name} makes the same calls, and succeeds, with the real ${real} and its tool`, async () => {
          const counted = await act(operation, await begin(operation))
          const world = await begin(operation, real)
          const {calls, ms, said} = await act(operation, world)
          expect(await record(operation, world, said, ms, {fault: 'none', call: `${kind}: none`})).to.deep.equal([])
          expect(said.exitCode, said.stderr).to.equal(0)
          expect(calls.program).to.deep.equal(counted.calls.program)
        })
    }
  })
}

/** A request does not depend on the store, and a git credential helper has no files of ours. */
function isAbout(kind: Kind, store: Operation['store']): boolean {
  if (kind === 'request') return store === undefined
  return kind === 'program' || store !== 'helper'
}

function faultsOf(kind: Kind, call: string, {name, store}: Operation): readonly string[] {
  // Those of other files are the same as with the keyring. But a login that is not recorded is undone in the store.
  const files = name.startsWith('login') ? / (?:\.password-store|data)\b/u : / \.password-store\b/u
  if (kind === 'file' && store !== undefined && !files.test(call)) return []
  if (kind === 'program') return programFaultsFor(call)
  return kind === 'request' ? API_FAULTS : faultsFor(call)
}
