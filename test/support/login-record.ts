// Changes of the login state as a test's preparation: without the lock, and with errors as they are.
import type {Credential} from '../../src/backends/backend.js'
import {type AssertHeld, changeLoginState} from '../../src/credentials/login-writer.js'
import {
  accountRemoved,
  type Change,
  expiryRecorded,
  loggedIn,
  loggedOut,
  switchedTo,
  tokenEnded,
  tokenRemoved,
  tokenStored,
  tokenValidAgain,
  warned,
  type Warning,
} from '../../src/credentials/login-state.js'
import type {TokenRecord} from '../../src/credentials/token-record.js'

const change = (dataDir: string, change: Change, assertHeld: AssertHeld = () => undefined) =>
  changeLoginState({dataDir, waitMs: 0}, change, {assertHeld})

export const recordLogin = (dataDir: string, record: TokenRecord, nameIt: boolean, assertHeld?: AssertHeld) =>
  change(dataDir, (state) => loggedIn(state, record, nameIt), assertHeld)

export const recordToken = (dataDir: string, record: TokenRecord, assertHeld?: AssertHeld) =>
  change(dataDir, (state) => tokenStored(state, record), assertHeld)

export const recordCurrent = (dataDir: string, account: string, assertHeld?: AssertHeld) =>
  change(dataDir, (state) => switchedTo(state, account), assertHeld)

export const forgetAccount = (dataDir: string, account: string | undefined) =>
  change(dataDir, (state) => accountRemoved(state, account))

export const recordLogout = (dataDir: string, account: string | undefined, assertHeld?: AssertHeld) =>
  change(dataDir, (state) => loggedOut(state, account), assertHeld)

export const recordRemoval = (dataDir: string, credential: Partial<Credential>) =>
  change(dataDir, (state) => tokenRemoved(state, credential))

export const recordEnded = (dataDir: string, token: string, isOver: boolean) =>
  change(dataDir, (state) => (isOver ? tokenEnded(state, token) : tokenValidAgain(state, token)))

export const recordExpiry = (dataDir: string, credential: Credential, times: {expiresAt: string; recordedAt: string}) =>
  change(dataDir, (state) => expiryRecorded(state, credential, times))

export const recordWarning = (dataDir: string, credential: Credential, day: string, warning: Warning = 'warnedOn') =>
  change(dataDir, (state) => warned(state, credential, warning, day))

/** Writes `login.json` alone, as the Heroku CLI does. */
export const writeLoginJson = (dataDir: string, account: string, assertHeld?: AssertHeld) =>
  change(dataDir, (state) => ({...state, loginJsonAccount: account}), assertHeld)
