// Edits of a .netrc's text (one character a byte, see netrc-tokenizer.ts) that leave everything else to the byte.
import type {Credential} from '../backend.js'
import {StorageError} from '../../errors.js'
import {assertPlain} from '../credential-rules.js'
import {apply, type Edit, lineEnding, withoutItems} from './edits.js'
import {type Item, parse} from './tokenizer.js'
import {beginning, restOfLine, startOfLine} from './words.js'

/** What a machine's entry says. Missing and empty values are undefined. */
export interface NetrcEntry {
  host: string
  account: string | undefined
  token: string | undefined
}

/** A machine's properties before and after, by keyword; without `to`, the machine is removed. */
export interface MachineChange {
  host: string
  from?: Record<string, string>
  to?: Record<string, string>
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
  const edited = apply(
    text,
    items.filter((item) => isFor(item, host)).flatMap((item) => refill(text, item, credential)),
  )
  return reached ? edited : insert(edited, host, {login: credential.account, password: credential.token})
}

/**
 * Puts an entry of these very properties, by their keywords, in the place of what the text holds for a host.
 * @throws {StorageError} if a reader would not find them again
 */
function replaceEntry(text: string, host: string, properties: Record<string, string>): string {
  const after = insert(removeEntries(text, [host]), host, properties)
  const found = parse(after).find((item) => isFor(item, host))?.properties ?? []
  const read = found.map(({keyword, value}) => [keyword, toUtf8(value.says)])
  if (JSON.stringify(read) !== JSON.stringify(Object.entries(properties)))
    throw new StorageError('refused', `cannot be given an entry for ${host} that reads back as it was written`)
  return after
}

/**
 * Writes a credential into every entry of these hosts.
 * @throws {StorageError} if it would not read back as it was written
 */
export function writeCredential(text: string, hosts: readonly string[], {account, token}: Credential): string {
  const after = hosts.reduce((text, host) => writeEntry(text, host, {account, token}), text)
  for (const host of hosts) {
    const entry = readEntry(after, host)
    if (entry?.account !== account || entry.token !== token)
      throw new StorageError('failed', `cannot be given an entry for ${host} that reads back as it was written`)
  }
  return after
}

/**
 * Makes one change of a machine.
 * @throws {StorageError} if a value cannot be stored, or would not read back as it was written
 */
export function changeMachine(text: string, {from = {}, host, to}: MachineChange): string {
  if (!to) return removeEntries(text, [host])
  for (const value of Object.values(to)) assertPlain(value)
  const {login, password} = to
  const others = (properties: Record<string, string>) =>
    JSON.stringify(Object.entries({...properties, login: '', password: ''}).sort())
  const ordinary = login !== undefined && password !== undefined && others(from) === others(to)
  const after = ordinary ? writeEntry(text, host, {account: login, token: password}) : replaceEntry(text, host, to)
  const entry = readEntry(after, host)
  if (entry?.account !== login || entry?.token !== password)
    throw new StorageError('failed', `cannot be given an entry for ${host} that reads back as it was written`)
  return after
}

/** Takes these hosts' entries out, or only those that hold this account or this token. */
export function removeEntries(text: string, hosts: readonly string[], only: Partial<Credential> = {}): string {
  const isOne = (item: Item) => hosts.some((host) => isFor(item, host)) && holds(item, only)
  return withoutItems(text, parse(text).filter(isOne))
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

function refill(text: string, item: Item, {account, token}: Credential): Edit[] {
  const values = item.properties.flatMap(({keyword, value: {end, start}}) => {
    const value = LOGIN.includes(keyword) ? account : PASSWORD.includes(keyword) ? token : undefined
    return value === undefined ? [] : [{start, end, put: (start === end ? ' ' : '') + spell(value)}]
  })
  const missing = [
    ...(item.properties.some(({keyword}) => keyword === 'login') ? [] : [`login ${spell(account)}`]),
    ...(item.properties.some(({keyword}) => keyword === 'password') ? [] : [`password ${spell(token)}`]),
  ]
  const gap = gapOf(text, item)
  return [...values, {start: item.end, end: item.end, put: missing.map((property) => gap + property).join('')}]
}

/** What stands between an entry's properties: a blank, or a line's end and the indentation that the first one has. */
function gapOf(text: string, item: Item): string {
  const first = item.properties[0]
  if (!first) return restOfLine(text, item.end) === undefined ? ' ' : `${lineEnding(text)}  `
  const before = text.slice(item.name.end, first.start)
  return before.includes('\n') ? lineEnding(text) + (/\n([ \t\r\v\f]*)[^\n]*$/.exec(before)?.[1] ?? '') : ' '
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
  if (line !== undefined) return text.slice(0, line) + lines + newline + text.slice(line)
  return `${text.slice(0, place)}${words.join(' ')} ${text.slice(place)}`
}

/** The end, unless no reader would find an entry there: `default` ends the search, an open item takes in what follows. */
function placeForNew(text: string): number {
  const items = parse(text)
  const fallback = items.find(({kind}) => kind === 'default')
  if (fallback) return fallback.start
  if (!items.at(-1)?.open) return text.length
  // Macros belong to the machine before them (ftp), so none may come between the two.
  return (items.findLast(({kind}) => kind !== 'macdef') ?? items[0])?.start ?? text.length
}
