// A plan in words for a person, and in JSON without its tokens.
import {printable} from '../ui/printable.js'
import type {Conflict, Location, Plan, Step} from './plan.js'

interface Words {
  /** 'copy the token …', for what would be done. */
  todo: string
  /** 'Copied the token …', for what was done. */
  done: string
}

/**
 * @param title what the keychain is called
 * @returns undefined for what only a machine needs to know
 */
export function inWords(step: Step, title: string): Words | undefined {
  switch (step.do) {
    case 'store': {
      const from = [...new Set(step.from.map(({path}) => printable(path)))].join(' and ')
      const what = `the token of ${printable(step.account)} from ${from} to ${title}`
      const instead = step.replaces === undefined ? '' : ', in place of the one there'
      return {todo: `copy ${what}${instead}`, done: `Copied ${what}${instead}`}
    }
    case 'record':
      return undefined
    case 'make current': {
      const what = `${printable(step.account)} the account that is acted as`
      return {todo: `make ${what}`, done: `Made ${what}`}
    }
    case 'configure git':
      return {todo: `have git take the token from ${title}`, done: `Git takes the token from ${title}`}
    case 'remove': {
      const why = {stored: '', superseded: ', which was another one', invalid: ', which is not valid any more'}[
        step.because
      ]
      const what = `${tokenOf(step.account)} from ${placeOf(step.spot)}${why}`
      return {todo: `remove ${what}`, done: `Removed ${what}`}
    }
    case 'write': {
      if (step.there) return undefined
      const instead = step.replaces.some((token) => token !== step.token) ? ', in place of the one there' : ''
      const what = `the token of ${printable(step.account)} from ${title} to ${printable(step.path)}${instead}`
      return {todo: `copy ${what}, in plain text`, done: `Copied ${what}, in plain text`}
    }
    case 'clear': {
      const why = step.because === 'invalid' ? ', which is not valid any more' : ''
      const what = `${tokenOf(step.account)} from ${title}${why}`
      return {todo: `remove ${what}`, done: `Removed ${what}`}
    }
  }
}

/** A token, by whose it is. */
export const tokenOf = (account: string | undefined) =>
  account === undefined ? 'the token' : `the token of ${printable(account)}`

const placeOf = (spot: Location) =>
  spot.in === 'netrc' ? `${printable(spot.path)} (${spot.hosts.join(' and ')})` : printable(spot.path)

/** The flag that answers a conflict. */
export const flagFor = ({about}: Conflict) => (about === 'token' ? '--force' : '--account EMAIL')

/** A step as `--json` shows it: never with a token. */
export type PublicStep = {do: Step['do']} & Record<string, unknown>

export function withoutTokens(plan: Plan): PublicStep[] {
  return plan.steps.map((step) => {
    const shown: PublicStep = {...step}
    delete shown.token
    delete shown.proof
    delete shown.there
    if ('replaces' in step)
      shown.replaces = step.do === 'store' ? true : step.replaces.some((each) => each !== step.token)
    return shown
  })
}
