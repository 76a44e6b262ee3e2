// What git's configuration says of the Heroku git host. git asks the values of all keys that match a URL in the order in
// which they stand in its files, and an empty value drops those before it.
//
// `credential.https://<host>.helper` is the key that the Heroku CLI writes too:
//
//   (empty)                  drops the helpers that apply to every host: they answer first, with stale passwords, and
//                            git hands our token to them after a success (heroku/cli#3867)
//   our launcher
//   whatever the user has there
//   !heroku git:credentials  where the launcher steps aside. The CLI (11.9 and later) looks at the last value only, and
//                            leaves all of them alone if it is this one
//
// git would run that last value for every `store` too, which is a start of the whole CLI after each push. So
// `credential.https://<host>/.helper`, another name for the same URL, says the same again further down, with a last
// value that starts the CLI for `get` alone.
import type {Entry} from './config.js'
import {isLauncherValue} from './launcher.js'

const FALLBACK = '!heroku git:credentials'
const FALLBACK_FOR_GET = '!f() { test "$1" != get || heroku git:credentials get; }; f'

export const sharedKey = (gitHost: string) => `credential.https://${gitHost}.helper`
export const ownKey = (gitHost: string) => `credential.https://${gitHost}/.helper`

/** What has git start the whole CLI, where the launcher steps aside. */
export const FALLBACKS: readonly string[] = [FALLBACK, FALLBACK_FOR_GET]

/** The values of one key, in their order. */
export const valuesOf = (entries: readonly Entry[], key: string) =>
  entries.filter((entry) => entry.key === key).map(({value}) => value)

/** Whether values of ours are among the entries. */
export const isConfigured = (entries: readonly Entry[], gitHost: string) =>
  [sharedKey(gitHost), ownKey(gitHost)]
    .flatMap((key) => valuesOf(entries, key))
    .some((value) => isLauncherValue(value) || value === FALLBACK_FOR_GET)

/** The helpers that the user has chosen for this host, each once. */
export function otherHelpers(entries: readonly Entry[], gitHost: string): string[] {
  const known = ['', ...FALLBACKS]
  const values = [...valuesOf(entries, sharedKey(gitHost)), ...valuesOf(entries, ownKey(gitHost))]
  return [...new Set(values.filter((value) => !known.includes(value) && !isLauncherValue(value)))]
}

/** A helper's name, for a message: its options, or a piece of shell, may hold a password. */
export function helperName(value: string): string {
  const [name = ''] = value.trim().split(/\s/u)
  return /^(?:[A-Za-z]:)?[\w./\\][\w./\\-]*$/u.test(name) ? name : 'a shell command'
}

/**
 * What the two keys are to hold, with the user's own helpers kept.
 * @param launcher undefined if there can be none
 */
export function wantedValues(entries: readonly Entry[], gitHost: string, launcher: string | undefined) {
  const ours = ['', ...(launcher === undefined ? [] : [launcher]), ...otherHelpers(entries, gitHost)]
  return {shared: [...ours, FALLBACK], own: [...ours, FALLBACK_FOR_GET]}
}

/** Whether the shared key is as it should be. */
export function isSharedKeyRight(entries: readonly Entry[], gitHost: string, launcher: string | undefined): boolean {
  return same(valuesOf(entries, sharedKey(gitHost)), wantedValues(entries, gitHost, launcher).shared)
}

/** Whether our own key has the values that it should have. */
export function isOwnKeyRight(entries: readonly Entry[], gitHost: string, launcher: string | undefined): boolean {
  return same(valuesOf(entries, ownKey(gitHost)), wantedValues(entries, gitHost, launcher).own)
}

/**
 * Whether our own key comes after every other helper for this host: an empty value drops only what comes before it, and
 * git passes the token to every helper after it.
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
 * What the shared key is to hold once ours are taken away.
 * @param before what it held before we came
 */
export function restoredValues(entries: readonly Entry[], gitHost: string, before: readonly string[]): string[] {
  const foreign = otherHelpers(entries, gitHost)
  return valuesOf(entries, sharedKey(gitHost)).filter((value) => foreign.includes(value) || before.includes(value))
}

const same = (some: readonly string[], others: readonly string[]) =>
  some.length === others.length && some.every((value, index) => value === others[index])

/** Whether git takes a line for its own at this host: `credential.helper`, `credential.<url>.helper`, with `*` for a name. */
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
