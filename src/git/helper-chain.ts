// Which helpers git asks for the Heroku git host in the current directory. A repository can have its own settings, and a later
// setting overrides an earlier one.
import {type Call, GitProblem, parseEntry} from './config.js'
import {appliesTo} from './helper-values.js'

/** Where a setting of git's configuration is. */
export interface Setting {
  key: string
  /** git's name for it: `system`, `global`, `local`, `worktree` or `command`. */
  scope: string
  file: string
}

export interface Line extends Setting {
  value: string
}

const HELPER_KEYS = String.raw`^(credential(\..*)?\.helper|heroku\.credentialhelper)$`

// git's exit statuses for "nothing found" and "no such option".
const NONE = 1
const USAGE = 129

/**
 * Reads settings, in git's order.
 * @param call with or without the current repository
 * @param keys a pattern; default: everything about helpers
 * @throws {GitProblem}
 */
export async function readLines(call: Call, keys = HELPER_KEYS): Promise<Line[]> {
  const list = (...more: string[]) => call(['config', ...more, '--show-origin', '-z', '--get-regexp', keys])
  let done = await list('--show-scope')
  // git before 2.26 has no --show-scope.
  const isOld = done?.code === USAGE
  if (isOld) done = await list()
  if (done?.code === NONE) return []
  if (done?.code !== 0)
    throw new GitProblem(done ? `git cannot read its configuration (exit ${done.code})` : 'git did not answer')
  return parse(done.stdout.split('\0'), isOld ? ['global'] : [])
}

/** `scope NUL origin NUL entry NUL …` */
function parse(words: string[], scopes: string[]): Line[] {
  const lines: Line[] = []
  const size = scopes.length > 0 ? 2 : 3
  for (let index = 0; index + size <= words.length; index += size) {
    const [scope = '', origin = '', entry = ''] = [...scopes, ...words.slice(index, index + size)]
    const file = origin.startsWith('file:') ? origin.slice('file:'.length) : 'the environment'
    lines.push({...parseEntry(entry), scope, file})
  }

  return lines
}

/** The helpers that git asks, in its order, those dropped, and the last setting that drops any. */
export function helperChain(
  lines: readonly Line[],
  gitHost: string,
): {asked: Line[]; dropped: Line[]; droppedBy: Setting | undefined} {
  const ours = linesFor(lines, gitHost)
  const last = ours.findLastIndex(({value}) => value === '')
  const notEmpty = (line: Line) => line.value !== ''
  const at = ours[last]
  return {
    asked: ours.slice(last + 1),
    dropped: ours.slice(0, Math.max(0, last)).filter(notEmpty),
    droppedBy: at && {key: at.key, scope: at.scope, file: at.file},
  }
}

/** The settings that apply to this host. */
export const linesFor = (lines: readonly Line[], gitHost: string) => lines.filter((line) => appliesTo(line, gitHost))

// Settings that make git replace the URL of a remote: `url.<base>.insteadOf`, and `pushInsteadOf` only for pushes. Over ssh git
// asks no credential helper, and Heroku does not accept ssh.
export const REWRITE_KEYS = String.raw`^url\..*\.(push)?insteadof$`

/** The setting that rewrites https URLs of the git host to ssh, if any. */
export function sshRewrite(lines: readonly Line[], gitHost: string): Line | undefined {
  const address = `https://${gitHost}/`
  const [fetching, pushing] = ['insteadof', 'pushinsteadof'].map((name) =>
    lines.filter(({key, value}) => key.endsWith(`.${name}`) && value !== '' && concerns(value, address)),
  )
  // The longest match wins; pushInsteadOf wins over insteadOf (git-config(1)).
  const winning = [fetching, pushing].flatMap((some = []) => [
    ...some.filter(({value}) => value.length > address.length),
    ...some
      .filter(({value}) => value.length <= address.length)
      .toSorted((a, b) => b.value.length - a.value.length)
      .slice(0, 1),
  ])
  return winning.find(({key}) => isSsh(baseOf(key)))
}

/** Whether a setting applies to all URLs of the host or to some of them. */
const concerns = (value: string, address: string) => address.startsWith(value) || value.startsWith(address)

const baseOf = (key: string) => key.slice('url.'.length, key.lastIndexOf('.'))

/** `ssh://…` or `user@host:path`, see git-clone(1). */
const isSsh = (base: string) => /^(?:git\+)?ssh(?:\+git)?:\/\/|^[^/:]+:(?!\/\/)/iu.test(base)
