// What the launcher says, and how git's configuration names it.
import {LAUNCHER, launcherPath} from './launcher-path.js'

/** What the launcher starts. */
export interface LauncherTargets {
  /** node's own file. */
  node: string
  /** The helper's file. */
  helper: string
}

/**
 * The launcher's text.
 *
 * It answers `store` and `erase`, which git calls as often as `get`, by itself, since there is nothing to do; and it exits
 * silently if node or the helper is gone, so that git continues with its next helper. The helper finds the data folder in
 * the environment of the shell that runs git.
 */
export function launcherText({helper, node}: LauncherTargets, platform = process.platform): string {
  return `#!/bin/sh
# Gives git the Heroku token. heroku-keychain wrote this file, and writes it again when node or the helper has moved.
[ "$1" = get ] || exit 0
node=${quote(forShell(node, platform))}
helper=${quote(forShell(helper, platform))}
[ -x "$node" ] && [ -f "$helper" ] || exit 0
terminal=
[ -t 2 ] && terminal=terminal
# Node reads them before anything else, and the helper opens no connection.
unset NODE_EXTRA_CA_CERTS
exec "$node" "$helper" get $terminal
`
}

/** What a launcher of this version starts; undefined for any other text. */
export function targetsIn(text: string, platform = process.platform): LauncherTargets | undefined {
  const [, node, helper] = /^node='(.*)'\nhelper='(.*)'$/mu.exec(text) ?? []
  if (node === undefined || helper === undefined) return undefined
  const targets = {node: unquote(node), helper: unquote(helper)}
  return launcherText(targets, platform) === text ? targets : undefined
}

/**
 * The value of git's `credential.<url>.helper` that has git run the launcher, through its own `sh` on every system.
 *
 * The shell reads the launcher itself: that needs no further process, works on a disk mounted `noexec`, and prints nothing
 * where the launcher is gone, as in a home folder that was copied.
 */
export const launcherValue = (env: NodeJS.ProcessEnv) => guarded(quote(forShell(launcherPath(env), process.platform)))

const guarded = (path: string) => `!f() { test -f ${path} && test -r ${path} && . ${path}; }; f`

/** Whether a value runs a launcher of ours, in any folder: an earlier version had one in each data folder. */
export function isLauncherValue(value: string): boolean {
  const [path] = new RegExp(String.raw`'(?:[^']|'\\'')*/${LAUNCHER}'`, 'u').exec(value) ?? []
  return path !== undefined && [`!${path}`, guarded(path)].includes(value)
}

/** In Git for Windows' sh a backslash escapes. */
const forShell = (path: string, platform: NodeJS.Platform) => (platform === 'win32' ? path.replaceAll('\\', '/') : path)

const QUOTED = String.raw`'\''`
const quote = (text: string) => `'${text.replaceAll("'", QUOTED)}'`
const unquote = (text: string) => text.replaceAll(QUOTED, "'")
