// The small program that git is pointed to. Its path never changes; where node and the helper are, it is told anew
// whenever they move.
import {accessSync, constants} from 'node:fs'
import {chmod, mkdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {replaceFile} from '../atomic-file.js'
import {lookupArgs} from '../backends/secret-tool-args.js'
import {LOGIN_JSON} from '../credentials/login-state.js'
import {TOOL_ENV} from '../tool-process.js'
import {launcherPath} from './launcher-path.js'

/** The value of git's `credential.<url>.helper` that has git run the launcher, through its own `sh` on every system. */
export const launcherValue = (dataDir: string) => `!${quote(forShell(launcherPath(dataDir)))}`

/** In Git for Windows' sh a backslash escapes. */
const forShell = (path: string, platform = process.platform) =>
  platform === 'win32' ? path.replaceAll('\\', '/') : path

const quote = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`

/**
 * The launcher's text.
 *
 * It answers `store` and `erase`, which git calls as often as `get`, by itself, since there is nothing to do; and it
 * steps aside without a word if node or the helper is gone, so that git goes on to its next helper.
 */
export function launcherText({
  dataDir,
  helper,
  node,
  platform = process.platform,
}: {
  dataDir: string
  helper: string
  node: string
  platform?: NodeJS.Platform
}): string {
  const start = `"$node" "$helper" ${quote(dataDir)} get`
  return `#!/bin/sh
# Gives git the Heroku token. Written by heroku-keychain, which writes it again when something here has moved.
[ "$1" = get ] || exit 0
node=${quote(forShell(node, platform))}
helper=${quote(forShell(helper, platform))}
[ -x "$node" ] && [ -f "$helper" ] || exit 0
terminal=
[ -t 2 ] && terminal=terminal
# Node reads them before anything else, and the helper connects to nobody.
unset NODE_EXTRA_CA_CERTS
${platform === 'linux' ? askingAhead(dataDir, start) : ''}exec ${start} $terminal
`
}

// Longer than the helper ever waits: it ends the tool of a helper that is gone.
const AHEAD_SECONDS = 90

const toolVariables = Object.entries(TOOL_ENV)
  .map(([name, value]) => (value === undefined ? `unset ${name}` : `export ${name}=${quote(value)}`))
  .join('; ')

/**
 * Asks the keyring for the current account's token while node starts; launcher-answer.ts reads what comes of it. Nothing is
 * asked where it is not plain what the helper is going to ask.
 */
const askingAhead = (dataDir: string, start: string) => `login=${quote(join(dataDir, LOGIN_JSON))}
ask_ahead() {
  exec 2>&1 3<&- 5>&1
  tool=$(command -v secret-tool) && read -r account <"$login" || return
  case $tool in /*) ;; *) return ;; esac
  case $account in '{"account":"'*'"}') ;; *) return ;; esac
  account=\${account#'{"account":"'}
  account=\${account%'"}'}
  case $account in '' | *[\\"\\\\]*) return ;; esac
  ${toolVariables}
  set -- "$tool" ${lookupArgs('"$account"').join(' ')}
  trouble=$(/bin/sh -c 'printf "%s\\n" "$$" "$@"; exec /usr/bin/timeout -s KILL ${AHEAD_SECONDS} "$@"' sh "$@" 2>&1 >&5 5>&-)
  printf '\\0%s\\0%s' "$?" "$trouble"
}
if [ -z "$HEROKU_API_KEY$HEROKU_NETRC_WRITE" ] && [ -f "$login" ] && [ -x /usr/bin/timeout ]; then
  exec 3<&0
  { ask_ahead & } | ${start} "$terminal" /proc/self/fd/4 4<&0 <&3 3<&-
  exit
fi
`

/**
 * Writes the launcher, unless it is as it should be.
 * @throws {BackendError} if it cannot be written
 */
export async function writeLauncher(dataDir: string, text: string): Promise<void> {
  const path = launcherPath(dataDir)
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text && isExecutable(path)) return
  await mkdir(dataDir, {recursive: true, mode: 0o700})
  await replaceFile(path, text, {mode: 0o700})
  // A mode is only ever made stricter by replacing.
  await chmod(path, 0o700)
}

/** Whether git can start it. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
