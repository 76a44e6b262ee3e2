// The policy of auth:migrate without its command: look, plan, carry out.
import {readdir, utimes} from 'node:fs/promises'
import {join} from 'node:path'
import type {KeychainSession} from '../../src/credentials/keychain-session.js'
import {carryOut, type Failure} from '../../src/credentials/migrate/carry-out.js'
import {makePlan} from '../../src/credentials/migrate/make-plan.js'
import type {Conflict, Plan, Wishes} from '../../src/credentials/migrate/plan.js'
import type {Verify} from '../../src/credentials/migrate/survey.js'
import {inWords} from '../../src/credentials/migrate/words.js'
import type {Places} from '../../src/credentials/places.js'

export interface Migrated {
  /** What was done, in words; undefined if the user has to decide something first. */
  done?: string[]
  conflicts?: Conflict[]
  plan?: Plan
  failures?: Failure[]
}

export async function migrate(
  places: Places,
  to: 'keychain' | 'netrc',
  {verify, ...wishes}: Wishes & {verify?: Verify} = {},
): Promise<Migrated> {
  const keychain = sessionOf(places)
  const planned = await makePlan(places, keychain, to, verify, wishes)
  if (!planned.plan) return {conflicts: planned.conflicts}
  const done: string[] = []
  const {plan} = planned
  const failures = await carryOut(places, keychain, plan, {
    configureGit: () => Promise.resolve(),
    done: (step) => done.push(inWords(step, keychain.title)?.done ?? step.do),
  })
  return {done, plan, failures}
}

function sessionOf({keychain}: Places): KeychainSession {
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
