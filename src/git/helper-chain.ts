// Which helpers git asks for the Heroku git host from where the user stands: a repository may have settings of its own,
// and a line further down counts for more than one above it.
import {type Call, GitProblem, parseEntry} from './config.js'
import {appliesTo} from './helper-values.js'

/** Where a line of git's configuration stands. */
export interface Setting {
  key: string
  /** As git calls it: `system`, `global`, `local`, `worktree` or `command`. */
  scope: string
  file: string
}

export interface Line extends Setting {
  value: string
}

const HELPER_KEYS = String.raw`^(credential(\..*)?\.helper|heroku\.credentialhelper)$`

// "Nothing found" and "no such option", as git exits.
const NONE = 1
const USAGE = 129

/**
 * Reads every line about helpers, in git's order.
 * @param call with or without those of the current repository
 * @param wanted a pattern for other keys
 * @throws {GitProblem}
 */
export async function readLines(call: Call, wanted = HELPER_KEYS): Promise<Line[]> {
  const list = (...more: string[]) => call(['config', ...more, '--show-origin', '-z', '--get-regexp', wanted])
  let done = await list('--show-scope')
  // Before 2.26.
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

/** The helpers that git asks, in its order, and what has dropped others, the last of it. */
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

/** The lines that count at this host. */
export const linesFor = (lines: readonly Line[], gitHost: string) => lines.filter((line) => appliesTo(line, gitHost))

// Lines that have git use another address than the one of a remote: `url.<base>.insteadOf`, and `pushInsteadOf` for pushes
// alone. Over ssh git asks no credential helper, and Heroku takes no ssh.
export const REWRITE_KEYS = String.raw`^url\..*\.(push)?insteadof$`

/** The line that turns https addresses of the git host into ssh, if there is one. */
export function sshRewrite(lines: readonly Line[], gitHost: string): Line | undefined {
  const address = `https://${gitHost}/`
  const [fetching, pushing] = ['insteadof', 'pushinsteadof'].map((name) =>
    lines.filter(({key, value}) => key.endsWith(`.${name}`) && value !== '' && concerns(value, address)),
  )
  // The longest wins; one for a push wins over any other.
  const winning = [fetching, pushing].flatMap((some = []) => [
    ...some.filter(({value}) => value.length > address.length),
    ...some
      .filter(({value}) => value.length <= address.length)
      .toSorted((a, b) => b.value.length - a.value.length)
      .slice(0, 1),
  ])
  return winning.find(({key}) => isSsh(baseOf(key)))
}

/** Whether a line is for every address of the host, or for some of them. */
const concerns = (value: string, address: string) => address.startsWith(value) || value.startsWith(address)

const baseOf = (key: string) => key.slice('url.'.length, key.lastIndexOf('.'))

/** `ssh://…`, or `user@host:path`, as git-clone(1) has it. */
const isSsh = (base: string) => /^(?:git\+)?ssh(?:\+git)?:\/\/|^[^/:]+:(?!\/\/)/iu.test(base)
