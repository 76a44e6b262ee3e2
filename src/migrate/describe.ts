// Describes a plan's steps as text, and as JSON without tokens.
import {printable} from '../ui/printable.js'
import type {Conflict, Location, Plan, Step} from './plan.js'

interface StepText {
  /** Such as 'copy the token …', for --dry-run. */
  planned: string
  /** Such as 'Copied the token …'. */
  done: string
}

/**
 * @param title the keychain's
 * @returns undefined for a step that does not concern the user
 */
export function describeStep(step: Step, title: string): StepText | undefined {
  switch (step.do) {
    case 'store': {
      const from = [...new Set(step.from.map(({path}) => printable(path)))].join(' and ')
      const what = `the token of ${printable(step.account)} from ${from} to ${title}`
      const instead = step.replaces === undefined ? '' : ', in place of the one there'
      return {planned: `copy ${what}${instead}`, done: `Copied ${what}${instead}`}
    }
    case 'record':
      return undefined
    case 'make current': {
      const what = `${printable(step.account)} the active account`
      return {planned: `make ${what}`, done: `Made ${what}`}
    }
    case 'configure git':
      return {
        planned: `configure git to take the token from ${title}`,
        done: `Configured git to take the token from ${title}`,
      }
    case 'remove': {
      const why = {stored: '', superseded: ', which was another one', invalid: ', which is not valid any more'}[
        step.because
      ]
      const what = `${tokenOf(step.account)} from ${locationText(step.spot)}${why}`
      return {planned: `remove ${what}`, done: `Removed ${what}`}
    }
    case 'write': {
      if (step.isPresent) return undefined
      const instead = step.replaces.some((token) => token !== step.token) ? ', in place of the one there' : ''
      const what = `the token of ${printable(step.account)} from ${title} to ${printable(step.path)}${instead}`
      return {planned: `copy ${what}, in plain text`, done: `Copied ${what}, in plain text`}
    }
    case 'clear': {
      const why = step.because === 'invalid' ? ', which is not valid any more' : ''
      const what = `${tokenOf(step.account)} from ${title}${why}`
      return {planned: `remove ${what}`, done: `Removed ${what}`}
    }
  }
}

export const tokenOf = (account: string | undefined) =>
  account === undefined ? 'the token' : `the token of ${printable(account)}`

const locationText = (location: Location) =>
  location.in === 'netrc' ? `${printable(location.path)} (${location.hosts.join(' and ')})` : printable(location.path)

/** The flag that resolves a conflict. */
export const flagFor = ({about}: Conflict) => (about === 'token' ? '--force' : '--account EMAIL')

/** A step in the output of `--json`, without tokens. */
export type PublicStep = {do: Step['do']} & Record<string, unknown>

export function withoutTokens(plan: Plan): PublicStep[] {
  return plan.steps.map((step) => {
    const shown: PublicStep = {...step}
    delete shown.token
    delete shown.proof
    delete shown.isPresent
    if ('replaces' in step)
      shown.replaces = step.do === 'store' ? true : step.replaces.some((each) => each !== step.token)
    return shown
  })
}
