// From plain text into the keychain. The order of the steps is what makes a crash between any two of them harmless:
// whoever the user acts as comes first, and no copy is taken away before all tokens are where they belong.
import {defined} from '../defined.js'
import {printable} from '../ui/printable.js'
import {recordOf} from '../credentials/token-record.js'
import {type Conflict, type Location, mayReplace, type Planned, type Step, type MigrateOptions} from './plan.js'
import type {CheckedCopy, Survey} from './survey.js'
import {absentAccount, currentAfter, isNamed, type OwnedCopy} from './current-account.js'
import {tokenOf} from './describe.js'

/** One account's token that goes into the keychain, and the copies of it. */
interface Move {
  account: string
  token: string
  expiresAt?: string
  copies: OwnedCopy[]
}

/**
 * Decides what is to be done; pure.
 * @throws {UserError} if `--account` names an account that is not there
 * @throws {StorageError} if the keychain hides the token of the account on record
 */
export function planToKeychain(survey: Survey, wishes: MigrateOptions): Planned {
  const {copies} = survey
  const valid = copies.filter(({verdict}) => verdict !== 'invalid')
  const owned = valid.flatMap((copy) => ownerOf(copy, wishes) ?? [])
  const nameless = valid.filter((copy) => ownerOf(copy, wishes) === undefined)
  const moves = movesOf(owned)
  const conflicts: Conflict[] = [
    ...nameless.map(({spot}) => namelessConflict(spot)),
    ...moves.flatMap((move) => tokenConflict(survey, move, wishes)),
  ]
  const current = currentAfter(survey, owned, wishes)
  if (typeof current === 'object') conflicts.push(current)
  if (conflicts.length > 0 || typeof current === 'object') return {conflicts}

  const notes = [
    ...survey.notes,
    ...invalidNotes(survey, wishes),
    ...mismatchNotes(survey),
    ...absentNotes(survey, owned, wishes),
  ]
  const steps = [
    ...storing(survey, moves, current, wishes),
    ...(wishes.keep ? [] : removing(owned, moves, wishes)),
    ...(wishes.prune ? pruning(copies) : []),
  ]
  if (wishes.keepAliases !== undefined && !wishes.keep && owned.some(({spot}) => spot.in === 'alias'))
    notes.push(wishes.keepAliases)
  const about = steps.some((step) => step.do !== 'remove' || step.because !== 'invalid')
  if (about && current !== undefined) steps.splice(firstRemoval(steps), 0, {do: 'configure git'})
  return {plan: {to: 'keychain', ...defined({current}), steps, notes}}
}

/** With its account: the API's word for it, or the file's, or the user's. */
function ownerOf(copy: CheckedCopy, wishes: MigrateOptions): OwnedCopy | undefined {
  const told = typeof copy.verdict === 'object' ? copy.verdict.account : undefined
  const account = told ?? copy.account ?? wishes.account
  return account === undefined ? undefined : {...copy, account}
}

const namelessConflict = ({path}: Location): Conflict => ({
  about: 'owner',
  candidates: [],
  says: `${printable(path)} does not say whose token it holds`,
  asks: 'whose is it (e-mail address)?',
})

/** Of several tokens of an account the first is taken: the API host's, the git host's, an alias's. */
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

function tokenConflict({keychain, state}: Survey, {account, copies, token}: Move, wishes: MigrateOptions): Conflict[] {
  if (mayReplace(wishes, account)) return []
  const whose = printable(account)
  const from = copies[0]?.spot.path ?? ''
  const others = copies.filter((copy) => copy.token !== token).map(({spot}) => placeOf(spot))
  const held = keychain.tokens.get(account)
  // A login that the keychain refused went to .netrc, and is newer than what the keychain holds.
  const newer = recordOf({account, token}, state)?.savedIn === 'netrc'
  const inKeychain = held !== undefined && held !== token && !newer ? [keychain.title] : []
  if (others.length + inKeychain.length === 0) {
    if (!keychain.locked.has(account)) return []
    const says = `${keychain.title} has a locked item of ${whose}, which may be another token than that in ${printable(from)}`
    return [{about: 'token', candidates: [account], says, asks: `store the one in ${printable(from)}?`}]
  }
  const stores = [...new Set([...inKeychain, ...others])].join(' and ')
  const says = `${printable(from)} and ${printable(stores)} hold different tokens of ${whose}`
  return [{about: 'token', candidates: [account], says, asks: `keep the one in ${printable(from)} alone?`}]
}

const placeOf = (spot: Location) => (spot.in === 'netrc' ? `${spot.path} (${spot.hosts.join(', ')})` : spot.path)

function storing(
  {apiHost, keychain, state}: Survey,
  moves: Move[],
  current: string | undefined,
  wishes: MigrateOptions,
): Step[] {
  const order = [
    ...moves.filter(({account}) => account === current),
    ...moves.filter(({account}) => account !== current),
  ]
  const steps = order.flatMap(({copies, ...token}): Step[] => {
    const isCurrent = token.account === current
    const held = keychain.tokens.get(token.account)
    const from = copies.filter((copy) => copy.token === token.token).map(({spot}) => spot)
    if (held !== token.token) return [{do: 'store', ...token, from, current: isCurrent, ...defined({replaces: held})}]
    const known = recordOf(token, state)
    const recorded = known?.apiHost === apiHost && known.savedIn === keychain.name
    return recorded && (!isCurrent || isNamed(state, current)) ? [] : [{do: 'record', ...token, current: isCurrent}]
  })
  // Somebody who is current for being alone in the keychain is not alone any more; and somebody may be asked for.
  const isToBeNamed = moves.length > 0 || wishes.account !== undefined
  const staysWhere = current !== undefined && !moves.some(({account}) => account === current)
  return staysWhere && isToBeNamed && !isNamed(state, current)
    ? [{do: 'make current', account: current}, ...steps]
    : steps
}

function removing(owned: OwnedCopy[], moves: Move[], {keepAliases}: MigrateOptions): Step[] {
  return owned.flatMap(({account, spot, token}): Step[] => {
    if (spot.in === 'alias' && keepAliases !== undefined) return []
    const move = moves.find((each) => each.account === account)
    if (!move) return []
    const because = move.token === token ? 'stored' : 'superseded'
    return [{do: 'remove', spot, token, account, proof: {account, token: move.token}, because}]
  })
}

const pruning = (copies: CheckedCopy[]): Step[] =>
  copies
    .filter(({verdict}) => verdict === 'invalid')
    .map(({account, spot, token}) => ({
      do: 'remove',
      spot,
      token,
      ...defined({account}),
      because: 'invalid',
    }))

const invalidNotes = ({copies}: Survey, {prune}: MigrateOptions) =>
  prune
    ? []
    : copies
        .filter(({verdict}) => verdict === 'invalid')
        .map(({account, spot}) => `${tokenOf(account)} in ${spot.path} is not valid any more; to remove it: --prune`)

/** The API knows better than a file that was written years ago. */
const mismatchNotes = ({copies}: Survey) =>
  copies.flatMap(({account, spot, verdict}) =>
    typeof verdict === 'object' && account !== undefined && verdict.account !== account
      ? [`${spot.path} names ${printable(account)}, but its token is that of ${printable(verdict.account)}`]
      : [],
  )

/** No migrate makes another account current. */
function absentNotes(survey: Survey, owned: OwnedCopy[], wishes: MigrateOptions): string[] {
  const absent = wishes.account === undefined ? absentAccount(survey, owned) : undefined
  if (absent === undefined) return []
  return [`${printable(absent)} stays the current account, though no token of it was found; to log in: heroku login`]
}

function firstRemoval(steps: Step[]): number {
  const index = steps.findIndex((step) => step.do === 'remove')
  return index === -1 ? steps.length : index
}
