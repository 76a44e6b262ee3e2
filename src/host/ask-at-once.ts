// Has the keyring asked without a thread, which takes longer to start than a keyring that is well takes to answer.
import {assertAccount} from '../backends/storable.js'
import {lookupArgs} from '../backends/secret-tool-args.js'
import {findAtOnce} from '../credentials/find.js'
import {readLoginState} from '../credentials/login-state.js'
import type {Found, Places} from '../credentials/places.js'
import {findProgram} from '../find-program.js'
import {type PolledTool, startPolledTool, waitStandingStill} from '../polled-tool.js'
import type {Ran} from '../run.js'
import {holdingSignals} from '../signals.js'

/** A question to the keyring that is on its way. */
export interface Question {
  /** Stands still for so many milliseconds at most. Undefined if there is no answer yet, or the tiers have more to ask. */
  wait: (timeoutMs: number) => Found | undefined
  /** For a thread to wait on. */
  handOver: () => PolledTool
  /** Nobody waits for it any longer. */
  close: () => void
}

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
    const tool = holdingSignals(() => startPolledTool(call))
    if (!tool) return undefined
    const ended = (timeoutMs: number) => holdingSignals(() => waitStandingStill(() => tool.look(call), timeoutMs))
    return {...tool, wait: (timeoutMs) => foundIn(places, account, ended(timeoutMs))}
  } catch {
    // The tiers ask by themselves, and say what is wrong.
    return undefined
  }
}

function foundIn(places: Places, account: string, ran: Ran | undefined): Found | undefined {
  if (ran?.ended !== 'exited' || ran.code !== 0 || ran.stderr !== '') return undefined
  return findAtOnce(places, {account, token: ran.stdout})
}
