// Apart from all else, since the git helper hardly ever comes to it, and has no time to load a lock.
import {codeOf, StorageError} from '../errors.js'
import {assertRecordable, readLoginState, recordToken, writeLoginJson} from './login-state.js'
import {recordOfAccount, type TokenRecord} from './token-record.js'
import {withLoginLock} from './turn.js'

/**
 * Records what the files lack of a login whose token is in the keychain: `login.json`, which a CLI has deleted that could
 * not read the keychain once; and the host of a token that the CLI stored, from its first use on. Leaves both alone where
 * another process has logged in or out since they were missed, or is about to.
 * @param token of the account that our own record names, or that is alone in the keychain
 */
export async function nameAgain(dataDir: string, token: TokenRecord): Promise<void> {
  const {account} = token
  try {
    assertRecordable(dataDir)
    await withLoginLock({dataDir, waitMs: 0}, async (assertHeld) => {
      const state = readLoginState(dataDir)
      const {loggedOut, loginJsonAccount, lastAccount} = state
      const isCurrent =
        (loginJsonAccount ?? lastAccount ?? account) === account && (!loggedOut || loginJsonAccount !== undefined)
      if (!isCurrent) return
      if (!recordOfAccount(state, account)) await recordToken(dataDir, token, assertHeld)
      if (loginJsonAccount === undefined) await writeLoginJson(dataDir, account, assertHeld)
    })
  } catch (error) {
    // Not being able to write it costs the next one another look.
    if (!(error instanceof StorageError) && codeOf(error) === undefined) throw error
  }
}
