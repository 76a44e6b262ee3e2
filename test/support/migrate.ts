// The policy of auth:migrate without its command: look, plan, carry out.
import {readdir, utimes} from 'node:fs/promises'
import {join} from 'node:path'
import type {GuardedKeychain} from '../../src/credentials/guarded-keychain.js'
import {carryOut, type Failure} from '../../src/migrate/carry-out.js'
import {makePlan} from '../../src/migrate/make-plan.js'
import type {Conflict, Plan, MigrateOptions} from '../../src/migrate/plan.js'
import type {Verify} from '../../src/migrate/survey.js'
import {inWords} from '../../src/migrate/describe.js'
import type {CredentialStores} from '../../src/credentials/stores.js'

export interface Migrated {
  /** What was done, in words; undefined if the user has to decide something first. */
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
    done: (step) => done.push(inWords(step, keychain.title)?.done ?? step.do),
  })
  return {done, plan, failures}
}

function sessionOf({keychain}: CredentialStores): GuardedKeychain {
  if (!keychain) throw new Error('a migrate needs a keychain')
  return keychain
}

/** Has the locks in these folders be of long ago, so that nobody needs to wait until their holders are taken for dead. */
export async function ageLocks(...folders: string[]): Promise<void> {
  for (const folder of folders)
    for (const name of await readdir(folder).catch((): string[] => []))
      // Nobody's, or released in this moment.
      if (name.endsWith('.lock')) await utimes(join(folder, name), 0, 0).catch(() => undefined)
}
