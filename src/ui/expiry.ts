const UNITS = [
  ['day', 24 * 60 * 60],
  ['hour', 60 * 60],
  ['minute', 60],
] as const

/**
 * A token's remaining life: in seconds (zero or negative once expired), and rounded down to the largest unit.
 * @param expiresAt ISO 8601
 * @returns undefined for an invalid date
 */
export function lifeLeft(expiresAt: string, now = Date.now()): {seconds: number; inWords: string} | undefined {
  const seconds = Math.floor((Date.parse(expiresAt) - now) / 1000)
  if (Number.isNaN(seconds)) return undefined
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ['second', 1]
  const count = Math.floor(seconds / size)
  return {seconds, inWords: `${count} ${unit}${count === 1 ? '' : 's'}`}
}

/**
 * Describes when a token expires.
 * @param expiresAt ISO 8601
 */
export function describeExpiry(expiresAt: string, now = Date.now()): string {
  const left = lifeLeft(expiresAt, now)
  if (left === undefined) return 'it is not known when the token expires'
  if (left.seconds <= 0) return 'the token has expired; log in again: heroku login'
  return `the token expires in ${left.inWords}`
}
