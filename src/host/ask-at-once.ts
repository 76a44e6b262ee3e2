// Has the keyring asked without a thread, which takes longer to start than a keyring that is well takes to answer.
import {assertAccount} from '../backends/storable.js'
import {lookupArgs} from '../backends/secret-tool-args.js'
import {findAtOnce} from '../credentials/find.js'
import {readLoginState} from '../credentials/login-state.js'
import type {Found, Places} from '../credentials/places.js'
import {findProgram} from '../find-program.js'
import {type PolledTool, startPolledTool, waitStandingStill} from '../polled-tool.js'
import {holdingSignals} from '../signals.js'

/** A question to the keyring that is on its way. */
export interface Question {
  /** Stands still for a moment. Undefined if there is no answer yet, or the tiers have more to ask. */
  wait: () => Found | undefined
  /** For a thread to wait on. */
  handOver: () => PolledTool
  /** Nobody waits for it any longer. */
  close: () => void
}

// Later than a keyring that is well answers.
const AT_ONCE_MS = 250

/**
 * Asks for the current account's token.
 * @returns undefined where it is not plain what the tiers are going to ask, or starting a thread is not what takes long
 */
export function askAtOnce(places: Places): Question | undefined {
  const {named: account} = readLoginState(places.around.dataDir)
  const program = places.keychain?.name === 'secret-service' ? findProgram('secret-tool', places.around.env) : undefined
  if (account === undefined || program === undefined) return undefined
  const call = [program, ...lookupArgs(account)] as const
  try {
    assertAccount(account)
    const tool = startPolledTool(call)
    return tool && {...tool, wait: () => holdingSignals(() => foundIn(places, account, () => tool.look(call)))}
  } catch {
    // The tiers ask by themselves, and say what is wrong.
    return undefined
  }
}

function foundIn(places: Places, account: string, look: Parameters<typeof waitStandingStill>[0]): Found | undefined {
  const ran = waitStandingStill(look, AT_ONCE_MS)
  if (ran?.ended !== 'exited' || ran.code !== 0 || ran.stderr !== '') return undefined
  return findAtOnce(places, {account, token: ran.stdout})
}
