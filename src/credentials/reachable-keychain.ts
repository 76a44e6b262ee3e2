import {hasSessionBus} from '../backends/session-bus.js'
import {noSession} from '../backends/secret-tool.js'
import {StorageError} from '../errors.js'
import type {GuardedKeychain} from './guarded-keychain.js'

/**
 * Finds the keychain that takes a token, before there is one. Shows no prompt, and calls no keyring, which may hang.
 * @param keychains in the order of preference
 * @param env where the session bus is looked up
 * @returns the first that can be reached, though it may be locked; else why the first cannot; undefined if there are none
 */
export async function reachableKeychain(
  keychains: readonly GuardedKeychain[],
  env: NodeJS.ProcessEnv,
): Promise<GuardedKeychain | StorageError | undefined> {
  let failure: StorageError | undefined
  for (const keychain of keychains) {
    try {
      await assertReachable(keychain, env)
      return keychain
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      failure ??= error
    }
  }
  return failure
}

async function assertReachable(keychain: GuardedKeychain, env: NodeJS.ProcessEnv): Promise<void> {
  switch (keychain.name) {
    case 'secret-service':
      if (!hasSessionBus(env)) throw noSession()
      return
    // Always there, and may prompt.
    case 'macos-keychain':
    case 'windows-vault':
      return
    default:
      await keychain.assertReachable()
  }
}
