// Tests the contract on this machine's own keychain, with new account names: for real macOS and Windows machines. On
// Linux test/integration/backends/secret-service.test.ts does this, in a private session.
import {resolveKeychain} from '../../src/backends/resolve.js'
import {addCommand, LONGEST_LINE_BYTES} from '../../src/backends/macos-security.js'
import {run} from '../../src/process/run.js'
import {describeKeychain} from '../contract/keychain-contract.js'

const keychain = resolveKeychain(process.env, process.platform)
if (keychain.name === undefined) throw new Error(keychain.because)

/** In characters; each takes two hexadecimal digits in the one line that `security` reads. */
const longestToken = {
  'macos-keychain': (account: string) =>
    Math.floor((LONGEST_LINE_BYTES - Buffer.byteLength(addCommand({account, token: ''}))) / 2),
  'secret-service': () => 8192,
  'windows-vault': () => 512,
}[keychain.name]

describeKeychain(`the real ${keychain.name}`, () => keychain.open({run, timeoutMs: 20_000}), {
  longestToken,
  mayFoldCase: keychain.name === 'windows-vault',
})
