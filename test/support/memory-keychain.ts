// An in-memory keychain with failures on demand. It passes the same contract as the real ones.
import type {Backend} from '../../src/backends/backend.js'
import {StorageError} from '../../src/errors.js'
import type {Keychain} from '../../src/backends/resolve.js'
import {assertAccount, assertStorable} from '../../src/backends/credential-rules.js'

export type Verb = 'open' | 'get' | 'set' | 'remove' | 'accounts'

export const LONGEST_TOKEN = 8192

export interface MemoryKeychain extends Backend {
  /** The tokens, by account. A test may change them, as another program would. */
  readonly tokens: Map<string, string>
  /** Every call so far, `open` included, with the account. */
  readonly calls: string[]
  /** Simulated failures, by verb. Each stays until it is deleted. */
  readonly faults: Map<Verb, Error>
  /** Makes all verbs but `open` fail. */
  fail(error: Error): void
  /** Makes everything work again. */
  recover(): void
  /** Stands in for the result of `resolveKeychain`. */
  readonly keychain: Extract<Keychain, {name: string}>
}

export function memoryKeychain(): MemoryKeychain {
  const tokens = new Map<string, string>()
  const calls: string[] = []
  const faults = new Map<Verb, Error>()
  const call = (verb: Verb, account?: string) => {
    calls.push(account === undefined ? verb : `${verb} ${account}`)
    const fault = faults.get(verb)
    if (fault) throw fault
  }

  // Async, so that a thrown error becomes a rejection, as with a real keychain.
  const memory: MemoryKeychain = {
    name: 'secret-service',
    tokens,
    calls,
    faults,
    fail(error) {
      for (const verb of ['get', 'set', 'remove', 'accounts'] as const) faults.set(verb, error)
    },
    recover() {
      faults.clear()
    },
    keychain: {
      name: 'secret-service',
      title: 'the keyring',
      because: 'a test says so',
      // eslint-disable-next-line @typescript-eslint/require-await
      async open() {
        call('open')
        return memory
      },
    },
    // eslint-disable-next-line @typescript-eslint/require-await
    async get(account) {
      call('get', account)
      assertAccount(account)
      return tokens.get(account)
    },
    // eslint-disable-next-line @typescript-eslint/require-await
    async set(credential) {
      call('set', credential.account)
      assertStorable(credential)
      if (credential.token.length > LONGEST_TOKEN) throw new StorageError('refused', 'the token is too long')
      tokens.set(credential.account, credential.token)
    },
    // eslint-disable-next-line @typescript-eslint/require-await
    async remove(account) {
      call('remove', account)
      assertAccount(account)
      return tokens.delete(account)
    },
    // eslint-disable-next-line @typescript-eslint/require-await
    async accounts() {
      call('accounts')
      return [...tokens.keys()]
    },
  }
  return memory
}
