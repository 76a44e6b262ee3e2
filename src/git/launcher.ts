// The small program that git is pointed to. Its path never changes; where node and the helper are, it is told anew
// whenever they move.
import {chmod, mkdir, readFile} from 'node:fs/promises'
import {replaceFile} from '../atomic-file.js'
import {launcherPath} from './launcher-path.js'

/** The value of git's `credential.<url>.helper` that has git run the launcher, through its own `sh` on every system. */
export const launcherValue = (dataDir: string) => `!${quote(forShell(launcherPath(dataDir)))}`

/** In Git for Windows' sh a backslash escapes. */
const forShell = (path: string) => (process.platform === 'win32' ? path.replaceAll('\\', '/') : path)

const quote = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`

/**
 * The launcher's text.
 *
 * It answers `store` and `erase`, which git calls as often as `get`, by itself, since there is nothing to do; and it
 * steps aside without a word if node or the helper is gone, so that git goes on to its next helper.
 */
export function launcherText({dataDir, helper, node}: {dataDir: string; helper: string; node: string}): string {
  return `#!/bin/sh
# Gives git the Heroku token. Written by heroku-keychain, which writes it again when something here has moved.
[ "$1" = get ] || exit 0
node=${quote(forShell(node))}
helper=${quote(forShell(helper))}
[ -x "$node" ] && [ -f "$helper" ] || exit 0
terminal=
[ -t 2 ] && terminal=terminal
# Node reads them before anything else, and the helper connects to nobody.
unset NODE_EXTRA_CA_CERTS
exec "$node" "$helper" ${quote(dataDir)} get $terminal
`
}

/**
 * Writes the launcher, unless it is as it should be.
 * @throws {BackendError} if it cannot be written
 */
export async function writeLauncher(dataDir: string, text: string): Promise<void> {
  const path = launcherPath(dataDir)
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return
  await mkdir(dataDir, {recursive: true, mode: 0o700})
  await replaceFile(path, text, {mode: 0o700})
  // A mode is only ever made stricter by replacing.
  await chmod(path, 0o700)
}
