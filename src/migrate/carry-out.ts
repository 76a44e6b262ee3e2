// Carries out a plan. Each step first checks that the state is still the one that was planned for, and can safely be repeated:
// after a crash or an error, the next run plans the rest again.
import {stripAlias} from '../backends/account-aliases.js'
import {defined} from '../defined.js'
import {StorageError} from '../errors.js'
import type {GuardedKeychain} from '../credentials/guarded-keychain.js'
import {readLoginState} from '../credentials/login-files.js'
import {assertRecordable, cannotRecordLogin, changeLoginState, withLoginLock} from '../credentials/login-writer.js'
import {accountRemoved, loggedIn, switchedTo, tokenStored} from '../credentials/login-state.js'
import type {CredentialStores} from '../credentials/stores.js'
import {recordFor} from '../credentials/token-record.js'
import type {Location, Plan, Proof, Step} from './plan.js'
import {tokenInKeychain} from './survey.js'

export interface Callbacks {
  /** Called after each step. */
  done: (step: Step) => void
  configureGit: () => Promise<void>
}

/** A copy that could not be removed. */
export interface Failure {
  step: Step
  error: StorageError
}

/**
 * Stops at the first step that fails, with each token still in its old store or in both. If a copy cannot be removed, the other
 * copies are still removed.
 * @returns the copies that could not be removed
 * @throws {StorageError | UserError} if another step failed
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
      else await execute(step, stores, keychain)
      done(step)
    } catch (error) {
      if (step.do !== 'remove' || !(error instanceof StorageError)) throw error
      failures.push({step, error})
    }
  }

  return failures
}

const failure = cannotRecordLogin()

async function execute(
  step: Exclude<Step, {do: 'configure git'}>,
  stores: CredentialStores,
  keychain: GuardedKeychain,
) {
  const {context} = stores
  const {dataDir} = context
  const tokenIn = async (account: string) => {
    const held = await tokenInKeychain(keychain, account, readLoginState(dataDir))
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
        const record = recordFor(step, context.endpoints.api, keychain)
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
      const remove = () => removeCopy(stores, spot, token, account)
      if (!proof) return remove()
      return withLoginLock(context, async (assertHeld) => {
        if (!(await holds(proof))) throw changed(keychain.title)
        assertHeld()
        await remove()
      })
    }

    case 'write': {
      const {account, isPresent, replaces, token} = step
      await withLoginLock(context, async (assertHeld) => {
        if (!(await holds(step))) throw changed(keychain.title)
        const netrc = await stores.netrc()
        const entries = await netrc.entries()
        if (entries.some((entry) => entry.token !== undefined && ![token, ...replaces].includes(entry.token)))
          throw changed(netrc.path)
        assertHeld()
        if (!isPresent) await netrc.write({account, token})
        // Before the keychain's copy is removed: another account in the keychain must not become current.
        const record = recordFor(step, context.endpoints.api, step.keep ? keychain : {name: 'netrc'})
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
        await keychain.removeHeld({account, token})
        if (because === 'invalid')
          await changeLoginState(context, (state) => accountRemoved(state, account), {assertHeld, failure})
      })
    }
  }
}

/**
 * Removes a copy if it still exists.
 * @param account the token's account, which an alias file continues to name
 * @throws {StorageError} if the copy could not be removed
 */
async function removeCopy(
  stores: CredentialStores,
  location: Location,
  token: string,
  account?: string,
): Promise<void> {
  if (location.in === 'alias') {
    await stripAlias(location.path, token, account)
    return
  }

  if (location.in === 'keychain') {
    const {helper, name} = location
    const keychain = stores.guard(stores.keychainNamedBy({savedIn: name, ...defined({helper})}))
    if (account !== undefined && (await keychain?.get(account)) === token) await keychain?.removeHeld({account, token})
    return
  }

  await (await stores.netrc()).removeHosts(location.hosts, token)
}

async function assertInNetrc(stores: CredentialStores, {account, token}: Proof): Promise<void> {
  const netrc = await stores.netrc()
  const entries = await netrc.entries()
  if (!entries.some((entry) => entry.account === account && entry.token === token)) throw changed(netrc.path)
}

const changed = (location: string) =>
  new StorageError('failed', `${location} has just been changed by another program`, 'run it again')
