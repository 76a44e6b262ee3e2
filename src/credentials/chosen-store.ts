// The store that the user has chosen, with a flag or a variable.
import type {Keychain} from '../backends/resolve.js'
import {NETRC, parseStore, type StoreChoice, unknownStore} from '../backends/store-choice.js'
import {UserError} from '../errors.js'
import {unsetHint} from '../ui/shell-hints.js'

/** The variable that chooses a store. */
export const VARIABLE = 'HEROKU_CREDENTIAL_STORE'

/** A store that the user has chosen. Then a token is stored there or nowhere. */
export interface Chosen {
  /** The flag or variable that names it. */
  from: string
  text: string
  /** Undefined if the text names no store. */
  store: StoreChoice | typeof NETRC | undefined
}

/**
 * The store that a flag or variable names.
 * @param from its name
 * @returns undefined if it names none
 */
export function chosenBy(from: string, text: string | undefined): Chosen | undefined {
  if (text === undefined || text === '') return undefined
  return {from, text, store: text === NETRC ? NETRC : parseStore(text)}
}

/**
 * Refuses a login that could store its token nowhere, before a token is issued.
 * @throws {UserError} if the chosen store is unknown or cannot be used, or if two variables contradict each other
 */
export function assertCanStore({context: {chosen, env, keychain}, netrcOnly}: Environment): void {
  if (!chosen) return
  const {from, store, text} = chosen
  if (store === undefined) throw unknownStore(text, from)
  if (store === NETRC) {
    // An administrator's choice: no token in plain text on this machine.
    const byVariable = chosenBy(VARIABLE, env[VARIABLE])
    if (typeof byVariable?.store === 'object')
      throw new UserError(
        `${from} asks for ${NETRC}, and ${VARIABLE} for ${byVariable.text}`,
        `${unsetHint(VARIABLE)} first`,
      )
    return
  }
  if (netrcOnly)
    throw new UserError(
      `HEROKU_NETRC_WRITE asks for .netrc, and ${from} for ${text}`,
      `${unsetHint('HEROKU_NETRC_WRITE')}, or choose ${NETRC} with ${from}`,
    )
  if (keychain.name === undefined)
    throw new UserError(`${from} asks for ${text}, which cannot be used here: ${keychain.because}`, keychain.hint)
}

interface Environment {
  context: {chosen?: Chosen; env: NodeJS.ProcessEnv; keychain: Keychain}
  netrcOnly: boolean
}
