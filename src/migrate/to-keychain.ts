// Plans the way from plain text to the keychain. The order of the steps makes a crash between any two of them harmless: the current
// account's token is stored first, and no copy is removed before all tokens are stored.
import {defined} from '../defined.js'
import {printable} from '../ui/printable.js'
import {recordOf} from '../credentials/token-record.js'
import {type Conflict, type Location, mayReplace, type Planned, type Step, type MigrateOptions} from './plan.js'
import type {CheckedCopy, Survey} from './survey.js'
import {absentAccount, accountAfterwards, isRecorded, type OwnedCopy} from './current-account.js'
import {tokenOf} from './describe.js'

/** An account's token for the keychain, and all copies of the account's tokens. */
interface Move {
  account: string
  token: string
  expiresAt?: string
  copies: OwnedCopy[]
}

/**
 * Pure.
 * @throws {UserError} if no token of the account that `--account` names was found
 * @throws {StorageError} if the keychain hides the token of the account on record
 */
export function planToKeychain(survey: Survey, options: MigrateOptions): Planned {
  const {copies} = survey
  const valid = copies.filter(({verdict}) => verdict !== 'invalid')
  const owned = valid.flatMap((copy) => ownerOf(copy, options) ?? [])
  const nameless = valid.filter((copy) => ownerOf(copy, options) === undefined)
  const moves = movesOf(owned)
  const conflicts: Conflict[] = [
    ...nameless.map(({location}) => ownerConflict(location)),
    ...moves.flatMap((move) => tokenConflict(survey, move, options)),
  ]
  const current = accountAfterwards(survey, owned, options)
  if (typeof current === 'object') conflicts.push(current)
  if (conflicts.length > 0 || typeof current === 'object') return {conflicts}

  const notes = [
    ...survey.notes,
    ...invalidNotes(survey, options),
    ...mismatchNotes(survey),
    ...absentNotes(survey, owned, options),
  ]
  const steps = [
    ...storeSteps(survey, moves, current, options),
    ...(options.keep ? [] : removeSteps(owned, moves, options)),
    ...(options.prune ? pruneSteps(copies) : []),
  ]
  if (options.keepAliases !== undefined && !options.keep && owned.some(({location}) => location.in === 'alias'))
    notes.push(options.keepAliases)
  const changesLogin = steps.some((step) => step.do !== 'remove' || step.because !== 'invalid')
  if (changesLogin && current !== undefined) steps.splice(firstRemoval(steps), 0, {do: 'configure git'})
  return {plan: {to: 'keychain', ...defined({current}), steps, notes}}
}

/** The API's answer has precedence over the file, and the file over `--account`. */
function ownerOf(copy: CheckedCopy, options: MigrateOptions): OwnedCopy | undefined {
  const verified = typeof copy.verdict === 'object' ? copy.verdict.account : undefined
  const account = verified ?? copy.account ?? options.account
  return account === undefined ? undefined : {...copy, account}
}

const ownerConflict = ({path}: Location): Conflict => ({
  about: 'owner',
  candidates: [],
  message: `${printable(path)} does not say whose token it holds`,
  question: 'whose is it (e-mail address)?',
})

/** If an account has several tokens, the first is used: the API host's, the git host's, an alias's. */
function movesOf(owned: OwnedCopy[]): Move[] {
  const moves = new Map<string, Move>()
  for (const copy of owned) {
    const {account, token, verdict} = copy
    const move = moves.get(account)
    if (move) move.copies.push(copy)
    else {
      const expiresAt = typeof verdict === 'object' ? verdict.expiresAt : undefined
      moves.set(account, {account, token, copies: [copy], ...defined({expiresAt})})
    }
  }

  return [...moves.values()]
}

function tokenConflict({keychain, state}: Survey, {account, copies, token}: Move, options: MigrateOptions): Conflict[] {
  if (mayReplace(options, account)) return []
  const whose = printable(account)
  const from = copies[0]?.location.path ?? ''
  const others = copies.filter((copy) => copy.token !== token).map(({location}) => locationText(location))
  const held = keychain.tokens.get(account)
  // A login that the keychain refused is in .netrc, and is newer than the keychain's token.
  const isNewer = recordOf({account, token}, state)?.savedIn === 'netrc'
  const inKeychain = held !== undefined && held !== token && !isNewer ? [keychain.title] : []
  if (others.length + inKeychain.length === 0) {
    if (!keychain.locked.has(account)) return []
    const message = `${keychain.title} has a locked item of ${whose}, which may be another token than that in ${printable(from)}`
    return [{about: 'token', candidates: [account], message, question: `store the one in ${printable(from)}?`}]
  }
  const stores = [...new Set([...inKeychain, ...others])].join(' and ')
  const message = `${printable(from)} and ${printable(stores)} hold different tokens of ${whose}`
  return [{about: 'token', candidates: [account], message, question: `keep the one in ${printable(from)} alone?`}]
}

const locationText = (location: Location) =>
  location.in === 'netrc' ? `${location.path} (${location.hosts.join(', ')})` : location.path

function storeSteps(
  {apiHost, keychain, state}: Survey,
  moves: Move[],
  current: string | undefined,
  options: MigrateOptions,
): Step[] {
  const order = [
    ...moves.filter(({account}) => account === current),
    ...moves.filter(({account}) => account !== current),
  ]
  const steps = order.flatMap(({copies, ...token}): Step[] => {
    const isCurrent = token.account === current
    const held = keychain.tokens.get(token.account)
    const from = copies.filter((copy) => copy.token === token.token).map(({location}) => location)
    if (held !== token.token) return [{do: 'store', ...token, from, current: isCurrent, ...defined({replaces: held})}]
    const known = recordOf(token, state)
    const recorded = known?.apiHost === apiHost && known.savedIn === keychain.name
    return recorded && (!isCurrent || isRecorded(state, current)) ? [] : [{do: 'record', ...token, current: isCurrent}]
  })
  // An account that is current because it is the only one in the keychain must be recorded once there are others.
  const mustBeRecorded = moves.length > 0 || options.account !== undefined
  const isInKeychain = current !== undefined && !moves.some(({account}) => account === current)
  return isInKeychain && mustBeRecorded && !isRecorded(state, current)
    ? [{do: 'make current', account: current}, ...steps]
    : steps
}

function removeSteps(owned: OwnedCopy[], moves: Move[], {keepAliases}: MigrateOptions): Step[] {
  return owned.flatMap(({account, location, token}): Step[] => {
    if (location.in === 'alias' && keepAliases !== undefined) return []
    const move = moves.find((each) => each.account === account)
    if (!move) return []
    const because = move.token === token ? 'stored' : 'superseded'
    return [{do: 'remove', spot: location, token, account, proof: {account, token: move.token}, because}]
  })
}

const pruneSteps = (copies: CheckedCopy[]): Step[] =>
  copies
    .filter(({verdict}) => verdict === 'invalid')
    .map(({account, location, token}) => ({
      do: 'remove',
      spot: location,
      token,
      ...defined({account}),
      because: 'invalid',
    }))

const invalidNotes = ({copies}: Survey, {prune}: MigrateOptions) =>
  prune
    ? []
    : copies
        .filter(({verdict}) => verdict === 'invalid')
        .map(
          ({account, location}) =>
            `${tokenOf(account)} in ${location.path} is not valid any more; to remove it: --prune`,
        )

/** The API's answer has precedence over an old file. */
const mismatchNotes = ({copies}: Survey) =>
  copies.flatMap(({account, location, verdict}) =>
    typeof verdict === 'object' && account !== undefined && verdict.account !== account
      ? [`${location.path} names ${printable(account)}, but its token is that of ${printable(verdict.account)}`]
      : [],
  )

function absentNotes(survey: Survey, owned: OwnedCopy[], options: MigrateOptions): string[] {
  const absent = options.account === undefined ? absentAccount(survey, owned) : undefined
  if (absent === undefined) return []
  return [`${printable(absent)} stays the current account, though no token of it was found; to log in: heroku login`]
}

function firstRemoval(steps: Step[]): number {
  const index = steps.findIndex((step) => step.do === 'remove')
  return index === -1 ? steps.length : index
}
