// Edits of a .netrc's text (one character a byte, see netrc-tokenizer.ts) that leave everything else to the byte.
import {BackendError, type Credential} from './backend.js'
import {beginning, isProperty, type Item, parse} from './netrc-tokenizer.js'

/** What a machine's entry says. Missing and empty values are undefined. */
export interface NetrcEntry {
  host: string
  account: string | undefined
  token: string | undefined
}

// The first is what we write; the second is another reader's word for the same.
const LOGIN = ['login', 'user']
const PASSWORD = ['password', 'passwd']

/** The entry that readers find for a host: the first, as in libcurl, ftp and netrc-parser. */
export function readEntry(text: string, host: string): NetrcEntry | undefined {
  const item = parse(text).find((item) => isFor(item, host))
  return item && {host, account: valueOf(item, LOGIN), token: valueOf(item, PASSWORD)}
}

/** Puts a credential into every entry of a host, since Python reads the last, or into a new entry if none is reached. */
export function writeEntry(text: string, host: string, credential: Credential): string {
  const items = parse(text)
  const fallback = items.findIndex(({kind}) => kind === 'default')
  const reached = items.some((item, index) => isFor(item, host) && (fallback === -1 || index < fallback))
  const edited = items
    .filter((item) => isFor(item, host))
    .reduceRight((text, item) => refill(text, item, credential), text)
  return reached ? edited : insert(edited, host, {login: credential.account, password: credential.token})
}

/** Puts an entry of these very properties, by their keywords, in the place of what the text holds for a host. */
export function replaceEntry(text: string, host: string, properties: Record<string, string>): string {
  for (const keyword of Object.keys(properties))
    if (!isProperty(keyword)) throw new BackendError('refused', `no entry can be given the property ${keyword}`)
  return insert(removeEntries(text, [host]), host, properties)
}

/** Takes these hosts' entries out, or only those that hold this account or this token. */
export function removeEntries(text: string, hosts: readonly string[], only: Partial<Credential> = {}): string {
  let left = text
  for (;;) {
    const item = parse(left).findLast((item) => hosts.some((host) => isFor(item, host)) && holds(item, only))
    if (!item) return left
    // From the last to the first: whether an entry has its lines to itself depends on what is still there after it.
    left = removeItem(left, item)
  }
}

const holds = (item: Item, {account, token}: Partial<Credential>) =>
  (account === undefined || valueOf(item, LOGIN) === account) &&
  (token === undefined || valueOf(item, PASSWORD) === token)

const isFor = (item: Item, host: string) =>
  item.kind === 'machine' && toUtf8(item.name.says).toLowerCase() === host.toLowerCase()

/** The last one counts where a property is there twice, for curl, Python and netrc-parser alike. */
const valueOf = (item: Item, keywords: string[]) =>
  toUtf8(item.properties.findLast(({keyword}) => keywords.includes(keyword))?.value.says ?? '') || undefined

const toUtf8 = (latin1: string) => Buffer.from(latin1, 'latin1').toString('utf8')

/** Quotes what curl and Python would otherwise misread. A # or " further in is plain to both, and to older readers. */
function spell(value: string): string {
  const bytes = Buffer.from(value, 'utf8').toString('latin1')
  return /^["#]|[ \\]|^$/.test(bytes) ? `"${bytes.replaceAll(/["\\]/g, String.raw`\$&`)}"` : bytes
}

function refill(text: string, item: Item, {account, token}: Credential): string {
  const missing = [
    ...(item.properties.some(({keyword}) => keyword === 'login') ? [] : [`login ${spell(account)}`]),
    ...(item.properties.some(({keyword}) => keyword === 'password') ? [] : [`password ${spell(token)}`]),
  ]
  const gap = gapOf(text, item)
  const longer = text.slice(0, item.end) + missing.map((property) => gap + property).join('') + text.slice(item.end)

  return item.properties.reduceRight((text, {keyword, value}) => {
    if (LOGIN.includes(keyword)) return text.slice(0, value.start) + spell(account) + text.slice(value.end)
    if (PASSWORD.includes(keyword)) return text.slice(0, value.start) + spell(token) + text.slice(value.end)
    return text
  }, longer)
}

/** What stands between an entry's properties: a blank, or a line's end and the indentation that the first one has. */
function gapOf(text: string, item: Item): string {
  const first = item.properties[0]
  if (!first) return restOfLine(text, item.end) === undefined ? ' ' : `${lineEnding(text)}  `
  const before = text.slice(item.name.end, first.start)
  return before.includes('\n') ? lineEnding(text) + before.slice(before.lastIndexOf('\n') + 1) : ' '
}

function insert(text: string, host: string, properties: Record<string, string>): string {
  const words = Object.entries({machine: host, ...properties}).map(([keyword, value]) => `${keyword} ${spell(value)}`)
  const newline = lineEnding(text)
  const lines = words.join(`${newline}  `)

  const place = placeForNew(text)
  if (place === text.length) {
    if (place === beginning(text) || text.endsWith('\n')) return text + lines + newline
    // A file without a newline at its end stays one, so that taking the entry out again gives the same file.
    return text + newline + lines
  }

  const line = startOfLine(text, place)
  if (isBlank(text.slice(line, place))) return text.slice(0, line) + lines + newline + text.slice(line)
  return `${text.slice(0, place)}${words.join(' ')} ${text.slice(place)}`
}

/** The end, unless nobody would read an entry there: `default` ends the search, an open macro takes in all that follows. */
function placeForNew(text: string): number {
  const items = parse(text)
  const fallback = items.find(({kind}) => kind === 'default')
  if (fallback) return fallback.start
  if (!items.at(-1)?.open) return text.length
  // Macros belong to the machine before them (ftp), so none may come between the two.
  return (items.findLast(({kind}) => kind !== 'macdef') ?? items[0])?.start ?? text.length
}

/** Takes out an entry's words where it shares a line with others, else its lines, save those that hold a comment alone. */
function removeItem(text: string, item: Item): string {
  const line = startOfLine(text, item.start)
  const rest = restOfLine(text, item.end)
  if (rest === undefined) return text.slice(0, item.start) + text.slice(item.end).replace(/^[ \t\r\v\f]+/, '')
  if (!isBlank(text.slice(line, item.start)))
    return text.slice(0, item.start).replace(/[ \t\r\v\f]+$/, '') + text.slice(item.end)

  const before = text.slice(0, line) + commentLines(text, item)
  return rest.endsWith('\n') ? before + text.slice(item.end + rest.length) : withoutLastNewline(before)
}

/** The file's last line had no newline, and the new last one is to have none. An empty line stays: it may end a macro. */
function withoutLastNewline(text: string): string {
  const start = beginning(text)
  return text.slice(0, start) + text.slice(start).replace(/(?<=[^\n])\r\n$|(?<=[^\r\n])\n$/, '')
}

function commentLines(text: string, {name, properties}: Item): string {
  const ends = [name, ...properties.map(({value}) => value)].map(({end}) => end)
  const gaps = properties.map(({start}, index) => text.slice(ends[index], start))
  return gaps.flatMap((gap) => gap.match(/(?<=\n)[ \t\r\v\f]*#[^\n]*\n/g) ?? []).join('')
}

const startOfLine = (text: string, at: number) => Math.max(text.slice(0, at).lastIndexOf('\n') + 1, beginning(text))

/** The blanks, comment and newline after an entry, or undefined if more words follow on its last line. */
const restOfLine = (text: string, end: number) => /^[ \t\r\v\f]*(?:#[^\n]*)?(?:\n|$)/.exec(text.slice(end))?.[0]

const isBlank = (text: string) => /^[ \t\r\v\f]*$/.test(text)

/** The file's own, by its first line. A lone \r at the end would make \r\n out of \n. */
function lineEnding(text: string): string {
  const first = /\r?\n/.exec(text)?.[0] ?? '\n'
  return text.endsWith('\r') ? '\r\n' : first
}
