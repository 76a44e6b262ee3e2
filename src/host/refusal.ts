import type {BackendError} from '../backends/backend.js'
import type {UserError} from '../user-error.js'

/**
 * Stands in for a token that could not be read. The Heroku CLI's client takes every error for 'not logged in', forgets
 * who was, and offers a login; this it keeps as it would a token, and whoever makes a request of it is told what is
 * wrong.
 */
export function refusal({hint, message}: UserError | BackendError): string {
  const refuse = () => {
    // Not an error of oclif's: a hook that only wants to count would end the command with one.
    throw Object.assign(new Error(message), hint === undefined ? {} : {suggestions: [hint]})
  }
  return {[Symbol.toPrimitive]: refuse, toString: refuse, toJSON: refuse} as unknown as string
}
