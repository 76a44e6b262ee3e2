// Asking the user what only the user can know, where there is a user to ask.
import {printable} from '../ui/printable.js'
import {UserError} from '../errors.js'
import type {GuardedKeychain} from '../credentials/guarded-keychain.js'
import type {CredentialStores} from '../credentials/stores.js'
import type {Conflict, Plan, Planned, MigrateOptions} from './plan.js'
import {flagFor} from './describe.js'
import {survey, type Verify} from './survey.js'
import {planToKeychain} from './to-keychain.js'
import {planToNetrc, surveyBack} from './to-netrc.js'

export interface Terminal {
  notify: (line: string) => void
  ask: (question: string) => Promise<string>
}

/**
 * Looks at everything there is to migrate, and decides what is to be done.
 * @param verify asks the API about a token; undefined to ask nobody
 * @throws {StorageError | UserError} if a place or the API does not answer, or a wish cannot be fulfilled
 */
export async function makePlan(
  stores: CredentialStores,
  keychain: GuardedKeychain,
  to: Plan['to'],
  verify: Verify,
  wishes: MigrateOptions,
): Promise<Planned> {
  return to === 'netrc'
    ? planToNetrc(await surveyBack(stores, keychain, verify, wishes.account), wishes)
    : planToKeychain(await survey(stores, keychain, verify, wishes.account), wishes)
}

/**
 * Plans until nothing is left to ask.
 * @param look looks at everything anew, since an answer takes a while
 * @param terminal undefined where nobody can answer
 * @throws {UserError} if something is undecided, with the flags that decide it
 */
export async function decide(
  given: MigrateOptions,
  look: (wishes: MigrateOptions) => Promise<Planned>,
  terminal: Terminal | undefined,
): Promise<Plan> {
  let wishes = given
  for (;;) {
    const planned = await look(wishes)
    if (planned.plan) return planned.plan
    const [conflict] = planned.conflicts
    if (!terminal || !conflict) throw undecided(planned.conflicts)
    wishes = {...wishes, ...(await settle(conflict, wishes, terminal))}
  }
}

const undecided = (conflicts: Conflict[]) =>
  new UserError(
    `nothing was changed: ${conflicts.map(({says}) => says).join('; ')}`,
    `decide it with ${[...new Set(conflicts.map(flagFor))].join(' and ')}, or run this in a terminal`,
  )

async function settle(
  conflict: Conflict,
  {replace = []}: MigrateOptions,
  {ask, notify}: Terminal,
): Promise<MigrateOptions> {
  const {about, asks, candidates, says} = conflict
  notify(says)
  if (about === 'token') {
    if (!/^y(es)?$/iu.test(await ask(`${asks} [y/N] `))) throw new UserError('nothing was changed')
    return {replace: [...replace, ...candidates]}
  }

  candidates.forEach((account, index) => {
    notify(`${index + 1}  ${printable(account)}`)
  })
  const answer = await ask(`${asks} `)
  const account = candidates[Number(answer) - 1] ?? answer
  if (account === '' || (candidates.length > 0 && !candidates.includes(account)))
    throw new UserError(`nothing was changed: ${answer === '' ? 'no answer' : 'that is none of them'}`)
  return {account}
}
