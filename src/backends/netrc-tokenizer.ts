// What the words of a .netrc are, by libcurl's rules (lib/netrc.c), since git reads the file through it. The text holds
// one character a byte (latin1): bytes that are not UTF-8 survive, and \xA0 is no blank, as /\s/ would have it.
import {BackendError} from './backend.js'

/** A word of the file: where it stands, and what it says once quotes are taken off. */
export interface Word {
  start: number
  end: number
  says: string
}

/** `login ada@example.com`; `start` is where the keyword stands. */
export interface Property {
  start: number
  keyword: string
  value: Word
}

export interface Item {
  kind: 'machine' | 'default' | 'macdef'
  start: number
  /** The end of its last word, or of a macro's body with the blank line that ends it. */
  end: number
  /** A machine's or macro's name; the word `default` itself. */
  name: Word
  properties: Property[]
  /** A macro whose blank line is missing: whatever is put after it becomes part of it. */
  open: boolean
}

// `login` and `password` are everybody's; user (Python), passwd (GNU ftp), account (ftp), method (Heroku CLI),
// port and protocol (Emacs) are in use. A word that is none of these means that we have misread something.
const PROPERTIES = new Set(['login', 'user', 'password', 'passwd', 'account', 'method', 'port', 'protocol'])

/** Whether readers know what a machine's word of this name is. */
export const isProperty = (keyword: string) => PROPERTIES.has(keyword)

const UTF8_BOM = '\u00EF\u00BB\u00BF'

const GAP = /[ \t\r\n\v\f]*/y
const GAP_AND_COMMENTS = /(?:[ \t\r\n\v\f]+|#[^\n]*)*/y
const PLAIN = /[^ \t\r\n\v\f]*/y
const QUOTED = /"([^"\\\n]*(?:\\[^\n][^"\\\n]*)*)"(?=[ \t\r\n\v\f]|$)/y
const EMPTY_LINE = /\n\r?\n/g

/** Where the text begins, after a byte order mark if there is one. */
export const beginning = (text: string) => (text.startsWith(UTF8_BOM) ? UTF8_BOM.length : 0)

/**
 * Reads a whole .netrc.
 * @throws {BackendError} for a text that we do not understand to the last word; names the line, never what it says
 */
export function parse(text: string): Item[] {
  const nul = text.indexOf('\0')
  if (nul !== -1) throw notUnderstood(text, nul, 'holds a NUL byte')

  const items: Item[] = []
  let at = beginning(text)
  for (;;) {
    const keyword = keywordAt(text, at)
    if (!keyword) return items
    const item = itemAt(text, keyword)
    items.push(item)
    at = item.end
  }
}

function itemAt(text: string, keyword: Word): Item {
  const {start} = keyword
  // In any case, as curl takes it.
  const kind = keyword.says.toLowerCase()
  switch (kind) {
    case 'machine':
    case 'default': {
      const name = kind === 'machine' ? valueAt(text, keyword) : keyword
      const properties = propertiesAt(text, name.end)
      return {kind, start, end: properties.at(-1)?.value.end ?? name.end, name, properties, open: false}
    }
    case 'macdef': {
      const name = valueAt(text, keyword)
      if (text.slice(keyword.end, name.start).includes('\n'))
        throw notUnderstood(text, start, 'has a macdef without a name')
      const end = macroEnd(text, name.end)
      return {kind, start, end: end ?? text.length, name, properties: [], open: end === undefined}
    }
    default:
      throw notUnderstood(text, start, 'has a word that is no keyword where a keyword has to stand')
  }
}

function propertiesAt(text: string, from: number): Property[] {
  const properties: Property[] = []
  let at = from
  for (;;) {
    const word = keywordAt(text, at)
    const keyword = word?.says.toLowerCase()
    if (!word || !keyword || !PROPERTIES.has(keyword)) return properties
    const value = valueAt(text, word)
    properties.push({start: word.start, keyword, value})
    at = value.end
  }
}

/** Where a keyword may stand, a word that begins with # is a comment to the end of its line. */
function keywordAt(text: string, at: number): Word | undefined {
  return wordAt(text, endOf(GAP_AND_COMMENTS, text, at))
}

/** Where a value has to stand, # is a character like any other: passwords begin with it (Python reads them so too). */
function valueAt(text: string, keyword: Word): Word {
  const value = wordAt(text, endOf(GAP, text, keyword.end))
  if (!value) throw notUnderstood(text, keyword.start, 'ends in a keyword without a value')
  return value
}

function wordAt(text: string, start: number): Word | undefined {
  if (start === text.length) return undefined
  if (text[start] !== '"') {
    const end = endOf(PLAIN, text, start)
    return {start, end, says: text.slice(start, end)}
  }

  QUOTED.lastIndex = start
  const inside = QUOTED.exec(text)?.[1]
  if (inside === undefined) throw notUnderstood(text, start, 'has a quote that is not closed, or closed within a word')
  return {start, end: QUOTED.lastIndex, says: inside.replaceAll(/\\([^])/g, (_, escaped: string) => unescape(escaped))}
}

const unescape = (escaped: string) => ({n: '\n', r: '\r', t: '\t'})[escaped] ?? escaped

/** A macro goes on to the next empty line; one of blanks does not end it (curl, and ftp's two newlines in a row). */
function macroEnd(text: string, from: number): number | undefined {
  const endOfFirstLine = text.indexOf('\n', from)
  EMPTY_LINE.lastIndex = endOfFirstLine
  return endOfFirstLine !== -1 && EMPTY_LINE.test(text) ? EMPTY_LINE.lastIndex : undefined
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  pattern.test(text)
  return pattern.lastIndex
}

function notUnderstood(text: string, at: number, what: string): BackendError {
  const line = text.slice(0, at).split('\n').length
  return new BackendError('failed', `line ${line} ${what}`, 'correct that line in an editor; nothing was changed')
}
