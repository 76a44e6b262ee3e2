// How long a token must live.
import {UserError} from '../errors.js'
import {lifeLeft} from './expiry.js'
import {unsetHint} from './shell-hints.js'

const UNITS: Record<string, number> = {s: 1, m: 60, h: 60 * 60, d: 24 * 60 * 60}

/** A duration as the user wrote it, and in seconds. */
export interface Duration {
  text: string
  seconds: number
}

/**
 * Parses a duration such as `30m`.
 * @throws {UserError} if it is not a whole number with one of the units s, m, h and d
 */
export function parseDuration(text: string): Duration {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/u.exec(text) ?? []
  const size = UNITS[unit]
  if (size === undefined)
    throw new UserError('a duration is a whole number with a unit: s, m, h or d', 'for half an hour: --min-ttl 30m', 2)
  return {text, seconds: Number(count) * size}
}

/**
 * @param found when the token expires (ISO 8601; undefined if it is not known), and where it was found
 * @throws {UserError} if the token expires before the time is over, or if it is not known when
 */
export function assertLives(
  {expiresAt, source}: {expiresAt?: string; source?: string},
  atLeast: Duration,
  now = Date.now(),
): void {
  const hint =
    source === 'HEROKU_API_KEY' ? `${unsetHint('HEROKU_API_KEY')}, whose expiry is not known` : 'heroku login'
  const left = expiresAt === undefined ? undefined : lifeLeft(expiresAt, now)
  if (left === undefined)
    throw new UserError(`it is not known when the token expires, as --min-ttl ${atLeast.text} requires`, hint)
  if (left.seconds <= 0) throw new UserError('the token has expired', hint)
  if (left.seconds < atLeast.seconds)
    throw new UserError(`the token expires in ${left.inWords}, sooner than --min-ttl ${atLeast.text}`, hint)
}
