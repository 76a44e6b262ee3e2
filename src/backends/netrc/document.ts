// Reads and edits the entries of a .netrc's text (one character per byte, see words.ts). All other bytes stay the same.
import type {Credential} from '../backend.js'
import {StorageError} from '../../errors.js'
import {assertPlain} from '../credential-rules.js'
import {apply, type Edit, lineEnding, withoutItems} from './edits.js'
import {type Item, parse} from './tokenizer.js'
import {beginning, PROPERTIES, restOfLine, startOfLine} from './words.js'

/** A machine's entry. Missing and empty values are undefined. */
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

// We write the first; the second is another reader's keyword for the same property.
const LOGIN = ['login', 'user']
const PASSWORD = ['password', 'passwd']

/** The entry that readers use for a host: the first, as in libcurl, ftp and netrc-parser. */
export function readEntry(text: string, host: string): NetrcEntry | undefined {
  const item = parse(text).find((item) => isFor(item, host))
  return item && {host, account: valueOf(item, LOGIN), token: valueOf(item, PASSWORD)}
}

/**
 * Writes a credential into all entries of a host, since Python reads the last one, and adds one if none is reachable.
 */
export function writeEntry(text: string, host: string, credential: Credential): string {
  const items = parse(text)
  const fallback = items.findIndex(({kind}) => kind === 'default')
  const isReachable = items.some((item, index) => isFor(item, host) && (fallback === -1 || index < fallback))
  const edited = apply(
    text,
    items.filter((item) => isFor(item, host)).flatMap((item) => refill(text, item, credential)),
  )
  return isReachable ? edited : insert(edited, host, {login: credential.account, password: credential.token})
}

/**
 * Replaces the entries of a host by one with exactly these properties.
 * @throws {StorageError} if it would not read back as it was written
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

/** Removes the entries of these hosts, or only those that hold this account or this token. */
export function removeEntries(text: string, hosts: readonly string[], only: Partial<Credential> = {}): string {
  const isOne = (item: Item) => hosts.some((host) => isFor(item, host)) && holds(item, only)
  return withoutItems(text, parse(text).filter(isOne))
}

const holds = (item: Item, {account, token}: Partial<Credential>) =>
  (account === undefined || valueOf(item, LOGIN) === account) &&
  (token === undefined || valueOf(item, PASSWORD) === token)

const isFor = (item: Item, host: string) =>
  item.kind === 'machine' && toUtf8(item.name.says).toLowerCase() === host.toLowerCase()

/** The last value of a repeated property counts, as in curl, Python and netrc-parser. */
const valueOf = (item: Item, keywords: string[]) =>
  toUtf8(item.properties.findLast(({keyword}) => keywords.includes(keyword))?.value.says ?? '') || undefined

const toUtf8 = (latin1: string) => Buffer.from(latin1, 'latin1').toString('utf8')

/** Quotes a value that curl and Python would misread. They and older readers take a later # or " literally. */
function quoted(value: string): string {
  const bytes = Buffer.from(value, 'utf8').toString('latin1')
  return /^["#]|[ \\]|^$/.test(bytes) ? `"${bytes.replaceAll(/["\\]/g, String.raw`\$&`)}"` : bytes
}

function refill(text: string, item: Item, {account, token}: Credential): Edit[] {
  const values = item.properties.flatMap(({keyword, value: {end, start}}) => {
    const value = LOGIN.includes(keyword) ? account : PASSWORD.includes(keyword) ? token : undefined
    return value === undefined ? [] : [{start, end, put: (start === end ? ' ' : '') + quoted(value)}]
  })
  const missing = [
    ...(item.properties.some(({keyword}) => keyword === 'login') ? [] : [`login ${quoted(account)}`]),
    ...(item.properties.some(({keyword}) => keyword === 'password') ? [] : [`password ${quoted(token)}`]),
  ]
  const gap = gapOf(text, item)
  const added = missing.map((property) => gap + property).join('')
  // Not after an unknown `keyword value`, which must have its line for itself.
  const at = (item.properties.findLast(({keyword}) => PROPERTIES.has(keyword))?.value ?? item.name).end
  return [...values, {start: at, end: at, put: added}].sort((one, other) => one.start - other.start)
}

/**
 * The separator of an entry's properties: a newline and the first property's indentation, or a blank if that property does
 * not begin its line.
 */
function gapOf(text: string, item: Item): string {
  const first = item.properties[0]
  if (!first) return restOfLine(text, item.end) === undefined ? ' ' : `${lineEnding(text)}  `
  const indentation = /\n([ \t\r\v\f]*)$/.exec(text.slice(item.name.end, first.start))?.[1]
  return indentation === undefined ? ' ' : lineEnding(text) + indentation
}

function insert(text: string, host: string, properties: Record<string, string>): string {
  const words = Object.entries({machine: host, ...properties}).map(([keyword, value]) => `${keyword} ${quoted(value)}`)
  const newline = lineEnding(text)
  const lines = words.join(`${newline}  `)

  const at = positionForNew(text)
  if (at === text.length) {
    if (at === beginning(text) || text.endsWith('\n')) return text + lines + newline
    // Add no newline to a file that ends without one: removing the entry then restores the file.
    return text + newline + lines
  }

  const line = startOfLine(text, at)
  if (line !== undefined) return text.slice(0, line) + lines + newline + text.slice(line)
  return `${text.slice(0, at)}${words.join(' ')} ${text.slice(at)}`
}

/**
 * The end, unless no reader would find an entry there: `default` ends the search, and an open item swallows the entry.
 */
function positionForNew(text: string): number {
  const items = parse(text)
  const fallback = items.find(({kind}) => kind === 'default')
  if (fallback) return fallback.start
  if (!items.at(-1)?.open) return text.length
  // A macro belongs to the machine before it (ftp), so don't insert between the two.
  return (items.findLast(({kind}) => kind !== 'macdef') ?? items[0])?.start ?? text.length
}
