// The line about stores: only where a store was chosen, or another one would be better.
import {NETRC, parseStore, unknownStore} from '../backends/store-choice.js'
import {INIT_HINT} from '../backends/password-store-folder.js'
import {isEncrypted} from '../backends/netrc/gpg.js'
import {unsetHint} from '../ui/shell-hints.js'
import {quoted} from './git-checks.js'
import {type Check, check, type Facts, type StoresFacts} from './report.js'

const VARIABLE = 'HEROKU_CREDENTIAL_STORE'

/** The store that HEROKU_CREDENTIAL_STORE demands, so that a token in `.netrc` is a problem; undefined if it demands none. */
export const demandedStore = ({chosen}: StoresFacts): string | undefined =>
  chosen !== undefined && chosen !== NETRC && parseStore(chosen) ? chosen : undefined

/** The command that moves the tokens to a store. @param bin the command name of the CLI */
export const migrateTo = (store: string, bin: string) => `${bin} auth:migrate --to ${quoted(store)}`

/** @param bin the command name of the CLI, for hints */
export function storeChecks(facts: Facts, bin: string): Check[] {
  const {available, by, chosen, inUse, saved} = facts.stores
  const demanded = demandedStore(facts.stores)
  if (by === 'HEROKU_NETRC_WRITE')
    return demanded === undefined
      ? []
      : [
          line(
            'error',
            `HEROKU_NETRC_WRITE asks for .netrc, and ${VARIABLE} for ${demanded}`,
            unsetHint('HEROKU_NETRC_WRITE'),
          ),
        ]
  const others = available.map(({option}) => option).filter((option) => option !== inUse)
  const also = others.length === 0 ? '' : `; also here: ${others.join(', ')}`
  if (demanded !== undefined)
    // A token in .netrc has lines of its own.
    return saved === undefined || saved === NETRC || facts.token
      ? [line('ok', `${demanded}, as ${VARIABLE} says${also}`)]
      : [
          line(
            'warning',
            `${demanded}, as ${VARIABLE} says, but the token was saved in ${saved}`,
            migrateTo(demanded, bin),
          ),
        ]
  if (chosen === NETRC) return [line('ok', `a login stores its token in .netrc, as ${VARIABLE} says${also}`)]
  if (chosen !== undefined) {
    const {hint, message} = unknownStore(chosen, VARIABLE)
    return [line('error', message, hint)]
  }
  const better = betterStore(facts, others, bin)
  if (better) return [better]
  return by === 'record' && inUse !== NETRC && inUse !== available[0]?.option
    ? [line('ok', `${inUse}, where the token was saved${also}`)]
    : []
}

/** What can take the token where the keychain cannot: a keychain that is there has lines of its own about a token in `.netrc`. */
function betterStore({keychain, stores, token}: Facts, others: string[], bin: string): Check | undefined {
  if (keychain.state !== 'missing' && keychain.state !== 'unavailable') return undefined
  const [better] = others
  const isPlain = token?.tier === 'netrc' && !isEncrypted(token.place)
  if (better !== undefined && isPlain)
    return line('warning', `${others.join(', ')} can take the token`, migrateTo(better, bin))
  if (isPlain)
    return line(
      'warning',
      'none that encrypts is set up; pass needs no desktop',
      `${INIT_HINT} && ${migrateTo('pass', bin)}`,
    )
  if (better !== undefined && !token && stores.by === 'order')
    return line('ok', `a login stores its token in ${better}`)
  return undefined
}

const line = (level: Check['level'], message: string, hint?: string) => check('stores', level, message, hint)
