import type {Http} from './http.js'

const MOST_OFF_MS = 24 * 60 * 60 * 1000

/** Requests, and whether this machine's clock was found wrong by a response to one of them. */
export interface WatchedHttp {
  http: Http
  isClockWrong: () => boolean
}

/**
 * Compares this machine's clock with the `Date` header of each response. An expiry is recorded in local time. If the clock is
 * wrong by a day or more at that time, none is recorded: once the clock is right, a valid token would count as expired, and a
 * wrong clock must never lock a user out.
 */
export function watchClock(http: Http): WatchedHttp {
  let isWrong = false
  return {
    async http(url, exchange) {
      const answer = await http(url, exchange)
      // False without a valid header.
      isWrong ||= Math.abs(Date.parse(answer.date ?? '') - Date.now()) >= MOST_OFF_MS
      return answer
    },
    isClockWrong: () => isWrong,
  }
}
