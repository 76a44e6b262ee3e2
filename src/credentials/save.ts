// Where the token of a login goes: the keychain, or `.netrc` where that is asked for or is all there is.
import {BackendError, type BackendName, type Credential} from '../backends/backend.js'
import {assertStorable} from '../backends/storable.js'
import {UserError} from '../user-error.js'
import {assertRecordable, readLoginState, recordLogin, type TokenRecord} from './login-state.js'
import type {Places} from './places.js'
import {recordFor, recordingLogin} from './recording.js'
import {inTurn} from './turn.js'

/** Where a token was saved. */
export interface Saved {
  savedIn: BackendName
  place: string
  /** Why it went to `.netrc`, in plain text, although nobody asked for that. */
  because?: string
  /** What would have it in a keychain the next time. */
  hint?: string
}

/** Says that a token went to `.netrc`, and why, where nobody asked for that. */
export function describeFallback({because, hint, place}: Saved): string | undefined {
  if (because === undefined) return undefined
  return `the token is in ${place}, in plain text: ${because}${hint === undefined ? '' : ` (${hint})`}`
}

/**
 * Saves the token of a login, and remembers who logged in.
 * @param expiresAt ISO 8601, if the server told
 * @throws {BackendError} 'refused' for an account or token that is not to be stored anywhere
 * @throws {UserError} if no place took it, or it could not be recorded who is logged in
 */
export async function saveToken(places: Places, credential: Credential, expiresAt?: string): Promise<Saved> {
  assertStorable(credential)
  if (places.netrcOnly) return saveInNetrc(places, credential)
  // Before anything is replaced: a token that is in the keychain and on no record would be revoked again.
  await recording(places.around.dataDir, () => {
    assertRecordable(places.around.dataDir)
  })
  return inTurn(places.around, async () => {
    const saved = await saveByTiers(places, credential)
    await record(places, recordFor({...credential, expiresAt}, places.around.hosts.api, saved.savedIn))
    return saved
  })
}

async function saveByTiers(places: Places, credential: Credential): Promise<Saved> {
  const {around, keychain} = places
  if (!keychain) return {...(await saveInNetrc(places, credential)), ...whyNoKeychain(around.keychain)}
  try {
    await keychain.ask((backend) => backend.set(credential))
    return {savedIn: keychain.name, place: keychain.title}
  } catch (error) {
    if (!(error instanceof BackendError)) throw error
    const {hint, message} = error
    const saved = await saveInNetrc(places, credential, `${message}; `)
    return {...saved, because: message, ...(hint === undefined ? {} : {hint})}
  }
}

const whyNoKeychain = (keychain: {because: string; hint?: string}) => ({
  because: keychain.because,
  ...(keychain.hint === undefined ? {} : {hint: keychain.hint}),
})

async function saveInNetrc(places: Places, credential: Credential, alreadyFailed = ''): Promise<Saved> {
  const netrc = await places.netrc()
  try {
    await netrc.set(credential)
    return {savedIn: 'netrc', place: netrc.path}
  } catch (error) {
    if (!(error instanceof BackendError)) throw error
    throw new UserError(`no place took the token: ${alreadyFailed}${error.message}`, error.hint)
  }
}

async function record({around: {dataDir}, keychain}: Places, token: TokenRecord): Promise<void> {
  await recording(dataDir, async () => {
    // login.json also where the keychain refused, or is not there this time (cron has another PATH): the account that
    // it named must not be back when the keychain is.
    const nameIt = keychain !== undefined || readLoginState(dataDir).named !== undefined
    await recordLogin(dataDir, token, nameIt)
  })
}

const recording = (dataDir: string, record: () => Promise<void> | void) =>
  recordingLogin(dataDir, record, 'then log in')
