// auth:migrate's policy without its command: survey, plan, carry out.
import {readdir, utimes} from 'node:fs/promises'
import {join} from 'node:path'
import type {GuardedKeychain} from '../../src/credentials/guarded-keychain.js'
import {carryOut, type Failure} from '../../src/migrate/carry-out.js'
import type {Conflict, Plan, MigrateOptions} from '../../src/migrate/plan.js'
import type {Verify} from '../../src/migrate/survey.js'
import {makePlan} from '../../src/migrate/conflicts.js'
import {describeStep} from '../../src/migrate/describe.js'
import type {CredentialStores} from '../../src/credentials/stores.js'

export interface Migrated {
  /** The steps done, as text; undefined if the user has to resolve a conflict first. */
  done?: string[]
  conflicts?: Conflict[]
  plan?: Plan
  failures?: Failure[]
}

export async function migrate(
  stores: CredentialStores,
  to: 'keychain' | 'netrc',
  {verify, ...wishes}: MigrateOptions & {verify?: Verify} = {},
): Promise<Migrated> {
  const keychain = sessionOf(stores)
  const planned = await makePlan(stores, keychain, to, verify, wishes)
  if (!planned.plan) return {conflicts: planned.conflicts}
  const done: string[] = []
  const {plan} = planned
  const failures = await carryOut(stores, keychain, plan, {
    configureGit: () => Promise.resolve(),
    done: (step) => done.push(describeStep(step, keychain.title)?.done ?? step.do),
  })
  return {done, plan, failures}
}

function sessionOf({keychain}: CredentialStores): GuardedKeychain {
  if (!keychain) throw new Error('a migrate needs a keychain')
  return keychain
}

/** Backdates the locks in these folders, so that they count as stale at once. */
export async function ageLocks(...folders: string[]): Promise<void> {
  for (const folder of folders)
    for (const name of await readdir(folder).catch((): string[] => []))
      // There is no lock, or it was released just now.
      if (name.endsWith('.lock')) await utimes(join(folder, name), 0, 0).catch(() => undefined)
}
