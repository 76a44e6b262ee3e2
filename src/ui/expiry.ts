// When a token expires: in seconds, in words, as a local time; and from when on its user is warned.
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const UNITS = [
  ['day', DAY_MS / 1000],
  ['hour', HOUR_MS / 1000],
  ['minute', MINUTE_MS / 1000],
] as const

/** When a token expires, and when that was recorded, which is about when it was issued. Both ISO 8601. */
export interface Lifetime {
  expiresAt?: string | undefined
  recordedAt?: string | undefined
}

/** Whether a token has expired. An expiry that cannot be parsed counts as unknown. */
export const isExpired = ({expiresAt = ''}: Lifetime, now = Date.now()) => Date.parse(expiresAt) <= now

/**
 * Whether to warn of a token's expiry: from three days before it or, for a token of at most 12 hours (SSO: eight), from 30
 * minutes before it. A token without `recordedAt` counts as a longer one.
 */
export function expiresSoon({expiresAt = '', recordedAt = ''}: Lifetime, now = Date.now()): boolean {
  const end = Date.parse(expiresAt)
  const isShort = end - Date.parse(recordedAt) <= 12 * HOUR_MS
  return end - now < (isShort ? 30 * MINUTE_MS : 3 * DAY_MS)
}

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

const twoDigits = (number: number) => String(number).padStart(2, '0')

/** The local date, such as 2026-11-24. */
export const localDay = (time: Date) =>
  `${time.getFullYear()}-${twoDigits(time.getMonth() + 1)}-${twoDigits(time.getDate())}`

/** The local time of day, such as 14:05. */
export const localTime = (time: Date) => `${twoDigits(time.getHours())}:${twoDigits(time.getMinutes())}`
