// The values of git's credential settings for the Heroku git host. git asks the helpers of all keys that match a URL, in the
// order of its files; an empty value drops those before it.
//
// The shared key, `credential.https://<host>.helper`, is also written by the Heroku CLI:
//
//   (empty)                  drops the helpers that apply to every host: they answer first, with stale passwords, and
//                            git hands our token to them after a success (heroku/cli#3867)
//   our launcher
//   the user's helpers
//   !heroku git:credentials  the fallback if the launcher prints nothing. The CLI (11.9 and later) checks only the last value,
//                            and changes none of them if it is this one
//
// git would run that last value for every `store` too, which starts the whole CLI after each push. So our own key,
// `credential.https://<host>/.helper`, another name for the same URL, repeats the values further down, with a last value that
// starts the CLI only for `get`.
import type {Entry} from './config.js'
import {isLauncherValue} from './launcher.js'

const FALLBACK = '!heroku git:credentials'
const FALLBACK_FOR_GET = '!f() { test "$1" != get || heroku git:credentials get; }; f'

export const sharedKey = (gitHost: string) => `credential.https://${gitHost}.helper`
export const ownKey = (gitHost: string) => `credential.https://${gitHost}/.helper`

/** The values that start the whole CLI if the launcher prints nothing. */
export const FALLBACKS: readonly string[] = [FALLBACK, FALLBACK_FOR_GET]

/** The values of one key, in git's order. */
export const valuesOf = (entries: readonly Entry[], key: string) =>
  entries.filter((entry) => entry.key === key).map(({value}) => value)

/** Whether the entries contain values of ours. */
export const isConfigured = (entries: readonly Entry[], gitHost: string) =>
  [sharedKey(gitHost), ownKey(gitHost)]
    .flatMap((key) => valuesOf(entries, key))
    .some((value) => isLauncherValue(value) || value === FALLBACK_FOR_GET)

/** The user's own helpers for this host, without duplicates. */
export function otherHelpers(entries: readonly Entry[], gitHost: string): string[] {
  const known = ['', ...FALLBACKS]
  const values = [...valuesOf(entries, sharedKey(gitHost)), ...valuesOf(entries, ownKey(gitHost))]
  return [...new Set(values.filter((value) => !known.includes(value) && !isLauncherValue(value)))]
}

/** A helper's name, for a message. Not its options or shell code, which may hold a password. */
export function helperName(value: string): string {
  const [name = ''] = value.trim().split(/\s/u)
  return /^(?:[A-Za-z]:)?[\w./\\][\w./\\-]*$/u.test(name) ? name : 'a shell command'
}

/**
 * The values that the two keys should have, including the user's own helpers.
 * @param launcher its value; undefined if it must not be used
 */
export function wantedValues(entries: readonly Entry[], gitHost: string, launcher: string | undefined) {
  const ours = ['', ...(launcher === undefined ? [] : [launcher]), ...otherHelpers(entries, gitHost)]
  return {shared: [...ours, FALLBACK], own: [...ours, FALLBACK_FOR_GET]}
}

export function isSharedKeyRight(entries: readonly Entry[], gitHost: string, launcher: string | undefined): boolean {
  return same(valuesOf(entries, sharedKey(gitHost)), wantedValues(entries, gitHost, launcher).shared)
}

export function isOwnKeyRight(entries: readonly Entry[], gitHost: string, launcher: string | undefined): boolean {
  return same(valuesOf(entries, ownKey(gitHost)), wantedValues(entries, gitHost, launcher).own)
}

/**
 * Whether our own key comes after every other helper for this host: its empty value drops only earlier helpers, and git passes
 * the token to every later one.
 * @param entries of all global files, in git's order
 * @param written those of `entries` in the file that we write
 */
export function isOwnKeyLast(entries: readonly Entry[], written: readonly Entry[], gitHost: string): boolean {
  const key = ownKey(gitHost)
  const own = written.find((entry) => entry.key === key)
  const last = entries.findLastIndex((entry) => entry.key !== key && appliesTo(entry, gitHost))
  return own !== undefined && entries.indexOf(own) > last
}

/**
 * The values of the shared key without ours.
 * @param before its values before the first setup
 */
export function restoredValues(entries: readonly Entry[], gitHost: string, before: readonly string[]): string[] {
  const foreign = otherHelpers(entries, gitHost)
  return valuesOf(entries, sharedKey(gitHost)).filter((value) => foreign.includes(value) || before.includes(value))
}

const same = (some: readonly string[], others: readonly string[]) =>
  some.length === others.length && some.every((value, index) => value === others[index])

/** Whether a setting applies to this host: `credential.helper`, `credential.<url>.helper`; `*` matches one label. */
export function appliesTo({key}: Entry, gitHost: string): boolean {
  const [, pattern] = /^credential\.(?:(.*)\.)?helper$/su.exec(key) ?? []
  if (pattern === undefined) return key === 'credential.helper'
  const text = pattern.includes('://') ? pattern : `https://${pattern}`
  if (!URL.canParse(text)) return false
  const {host, pathname, protocol} = new URL(text)
  const names = host.split('.')
  const hosts = gitHost.split('.')
  const isSame = names.length === hosts.length && names.every((name, index) => name === '*' || name === hosts[index])
  return protocol === 'https:' && pathname === '/' && isSame
}
