// Tests the contract on this machine's own keychain, or on that which HEROKU_CREDENTIAL_STORE names, with new account names:
// for real macOS and Windows machines, and for a WSL. On Linux test/integration/backends/secret-service.test.ts does this, in a
// private session.
import type {KeychainName} from '../../src/backends/backend.js'
import {chosenKeychain, resolveKeychain} from '../../src/backends/resolve.js'
import {parseStore} from '../../src/backends/store-choice.js'
import {addCommand, LONGEST_LINE_BYTES} from '../../src/backends/macos-security.js'
import {describeKeychain} from '../contract/keychain-contract.js'
import {openOptions} from '../support/open-options.js'

const {env, platform} = process
const choice = parseStore(env.HEROKU_CREDENTIAL_STORE ?? '')
const keychain = choice ? chosenKeychain(choice, env, platform) : resolveKeychain(env, platform)
if (keychain.name === undefined) throw new Error(keychain.because)

/** In characters; each takes two hexadecimal digits in the one line that `security` reads. */
const LONGEST: Partial<Record<KeychainName, (account: string) => number>> = {
  'macos-keychain': (account: string) =>
    Math.floor((LONGEST_LINE_BYTES - Buffer.byteLength(addCommand({account, token: ''}))) / 2),
  'secret-service': () => 8192,
  'windows-vault': () => 512,
}
const longestToken = LONGEST[keychain.name]
if (!longestToken) throw new Error(`no real ${keychain.name} is tested here`)

describeKeychain(`the real ${keychain.name}`, () => keychain.open(openOptions({timeoutMs: 20_000})), {
  longestToken,
  mayFoldCase: keychain.name === 'windows-vault',
})
