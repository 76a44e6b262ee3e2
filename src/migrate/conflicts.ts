// Plans a migrate, and asks the user to resolve conflicts if there is a terminal.
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
 * Reads all state and plans the migrate.
 * @param verify asks the API about a token; undefined to send no request
 * @throws {StorageError | UserError} if a store or the API does not answer, or an option cannot be met
 */
export async function makePlan(
  stores: CredentialStores,
  keychain: GuardedKeychain,
  to: Plan['to'],
  verify: Verify,
  options: MigrateOptions,
): Promise<Planned> {
  return to === 'netrc'
    ? planToNetrc(await surveyBack(stores, keychain, verify, options.account), options)
    : planToKeychain(await survey(stores, keychain, verify, options.account, options.fromKeychains), options)
}

/**
 * Plans and asks until no conflict is left.
 * @param plan reads all state again, which may have changed while the user answered
 * @param terminal undefined if the user cannot answer
 * @throws {UserError} if a conflict is left, with the flags that resolve it
 */
export async function resolveConflicts(
  given: MigrateOptions,
  plan: (options: MigrateOptions) => Promise<Planned>,
  terminal: Terminal | undefined,
): Promise<Plan> {
  let options = given
  for (;;) {
    const planned = await plan(options)
    if (planned.plan) return planned.plan
    const [conflict] = planned.conflicts
    if (!terminal || !conflict) throw undecided(planned.conflicts)
    options = {...options, ...(await resolve(conflict, options, terminal))}
  }
}

const undecided = (conflicts: Conflict[]) =>
  new UserError(
    `nothing was changed: ${conflicts.map(({message}) => message).join('; ')}`,
    `decide it with ${[...new Set(conflicts.map(flagFor))].join(' and ')}, or run this in a terminal`,
  )

async function resolve(
  conflict: Conflict,
  {replace = []}: MigrateOptions,
  {ask, notify}: Terminal,
): Promise<MigrateOptions> {
  const {about, question, candidates, message} = conflict
  notify(message)
  if (about === 'token') {
    if (!/^y(es)?$/iu.test(await ask(`${question} [y/N] `))) throw new UserError('nothing was changed')
    return {replace: [...replace, ...candidates]}
  }

  candidates.forEach((account, index) => {
    notify(`${index + 1}  ${printable(account)}`)
  })
  const answer = await ask(`${question} `)
  const account = candidates[Number(answer) - 1] ?? answer
  if (account === '' || (candidates.length > 0 && !candidates.includes(account)))
    throw new UserError(`nothing was changed: ${answer === '' ? 'no answer' : 'that is none of them'}`)
  return {account}
}
