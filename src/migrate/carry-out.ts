// Doing what a plan says. Every step looks first whether things are still as they were when the plan was made, and is
// harmless to repeat: whatever a crash or a refusal leaves undone, the next run plans again.
import {StorageError} from '../errors.js'
import type {GuardedKeychain} from '../credentials/guarded-keychain.js'
import {readLoginState} from '../credentials/login-files.js'
import {assertRecordable, cannotRecordLogin, changeLoginState, withLoginLock} from '../credentials/login-writer.js'
import {accountRemoved, loggedIn, switchedTo, tokenStored} from '../credentials/login-state.js'
import type {CredentialStores} from '../credentials/stores.js'
import {recordFor} from '../credentials/token-record.js'
import type {Plan, Proof, Step} from './plan.js'
import {removePlainCopy} from './plain-copies.js'
import {heldIn} from './survey.js'

export interface Callbacks {
  /** Called after each step, and never before it is true. */
  done: (step: Step) => void
  configureGit: () => Promise<void>
}

/** What could not be taken away, and why. */
export interface Failure {
  step: Step
  error: StorageError
}

/**
 * Carries a plan out, step by step; stops at the first that fails, with every token where it was or in both places. A
 * copy that cannot be taken away keeps no other from it.
 * @returns the copies that are still there
 * @throws {StorageError | UserError} if a step failed that others depend on
 */
export async function carryOut(
  stores: CredentialStores,
  keychain: GuardedKeychain,
  plan: Plan,
  {configureGit, done}: Callbacks,
): Promise<Failure[]> {
  const {dataDir} = stores.context
  if (plan.steps.some((step) => step.do !== 'remove')) assertRecordable(dataDir)
  const failures: Failure[] = []
  for (const step of plan.steps) {
    try {
      if (step.do === 'configure git') await configureGit()
      else await take(step, stores, keychain)
      done(step)
    } catch (error) {
      if (step.do !== 'remove' || !(error instanceof StorageError)) throw error
      failures.push({step, error})
    }
  }

  return failures
}

const failure = cannotRecordLogin()

async function take(step: Exclude<Step, {do: 'configure git'}>, stores: CredentialStores, keychain: GuardedKeychain) {
  const {context} = stores
  const {dataDir} = context
  const tokenIn = async (account: string) => {
    const held = await heldIn(keychain, account, readLoginState(dataDir))
    return held === 'locked' ? undefined : held.token
  }
  const holds = async ({account, token}: Proof) => (await tokenIn(account)) === token

  switch (step.do) {
    case 'store':
    case 'record': {
      const {account, current, token} = step
      await withLoginLock(context, async (assertHeld) => {
        const held = await tokenIn(account)
        if (held !== token) {
          assertHeld()
          if (step.do === 'record' || held !== step.replaces) throw changed(keychain.title)
          await keychain.set({account, token})
        }
        const record = recordFor(step, context.endpoints.api, keychain.name)
        await changeLoginState(
          context,
          (state) => (current ? loggedIn(state, record, true) : tokenStored(state, record)),
          {assertHeld, failure},
        )
      })
      return
    }

    case 'make current':
      return changeLoginState(context, (state) => switchedTo(state, step.account), {failure})

    case 'remove': {
      const {account, proof, spot, token} = step
      const remove = () => removePlainCopy(stores, spot, token, account)
      if (!proof) return remove()
      return withLoginLock(context, async (assertHeld) => {
        if (!(await holds(proof))) throw changed(keychain.title)
        assertHeld()
        await remove()
      })
    }

    case 'write': {
      const {account, replaces, there, token} = step
      await withLoginLock(context, async (assertHeld) => {
        if (!(await holds(step))) throw changed(keychain.title)
        const netrc = await stores.netrc()
        const entries = await netrc.entries()
        if (entries.some((entry) => entry.token !== undefined && ![token, ...replaces].includes(entry.token)))
          throw changed(netrc.path)
        assertHeld()
        if (!there) await netrc.set({account, token})
        // Before it is out of the keychain: whoever is left in there is not to be taken for the current one.
        const record = recordFor(step, context.endpoints.api, step.keep ? keychain.name : 'netrc')
        await changeLoginState(context, (state) => loggedIn(state, record, true), {assertHeld, failure})
      })
      return
    }

    case 'clear': {
      const {account, because, token} = step
      await withLoginLock(context, async (assertHeld) => {
        const held = await tokenIn(account)
        if (held !== undefined && held !== token) throw changed(keychain.title)
        if (because === 'stored') await assertInNetrc(stores, step)
        assertHeld()
        await keychain.remove(account)
        if (because === 'invalid')
          await changeLoginState(context, (state) => accountRemoved(state, account), {assertHeld, failure})
      })
    }
  }
}

async function assertInNetrc(stores: CredentialStores, {account, token}: Proof): Promise<void> {
  const netrc = await stores.netrc()
  const entries = await netrc.entries()
  if (!entries.some((entry) => entry.account === account && entry.token === token)) throw changed(netrc.path)
}

const changed = (place: string) =>
  new StorageError('failed', `${place} has just been changed by another program`, 'run it again')
