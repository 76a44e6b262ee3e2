// Apart from all else, since the git helper hardly ever comes to it, and has no time to load a lock.
import {BackendError} from '../backends/backend.js'
import {codeOf} from '../file-trouble.js'
import {assertRecordable, nameAccount, readLoginState} from './login-state.js'
import {inTurn} from './turn.js'

/**
 * Writes `login.json` again, which a CLI has deleted that could not read the keychain once, or a new data folder lacks;
 * unless somebody has logged in or out since it was missed, or is about to.
 * @param account whom our own record names, or who is alone in the keychain
 */
export async function nameAgain(dataDir: string, account: string): Promise<void> {
  try {
    assertRecordable(dataDir)
    await inTurn({dataDir, waitMs: 0}, async () => {
      const {loggedOut, named, remembered} = readLoginState(dataDir)
      if (named === undefined && (remembered ?? account) === account && !loggedOut) await nameAccount(dataDir, account)
    })
  } catch (error) {
    // Not being able to write it costs the next one another look.
    if (!(error instanceof BackendError) && codeOf(error) === undefined) throw error
  }
}
