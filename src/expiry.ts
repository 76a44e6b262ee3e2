const UNITS = [
  ['day', 24 * 60 * 60],
  ['hour', 60 * 60],
  ['minute', 60],
] as const

/**
 * Says when a token expires, in the largest unit that fits.
 * @param expiresAt ISO 8601
 */
export function describeExpiry(expiresAt: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(expiresAt) - now) / 1000)
  if (Number.isNaN(seconds)) return 'it is not known when the token expires'
  if (seconds <= 0) return 'the token has expired; log in again: heroku login'
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ['second', 1]
  const count = Math.floor(seconds / size)
  return `the token expires in ${count} ${unit}${count === 1 ? '' : 's'}`
}
