// The words of a .netrc, by libcurl's rules (lib/netrc.c), since git reads the file through it. The text holds one
// character a byte (latin1): bytes that are not UTF-8 survive, and \xA0 is no blank, as /\s/ would have it.

/** A word of the file: where it stands, and what it says once quotes are taken off. */
export interface Word {
  start: number
  end: number
  says: string
}

/** The words that begin an item. */
export const STRUCTURE = new Set(['machine', 'default', 'macdef'])
// `login` and `password` are common to all readers; user (Python), passwd (GNU ftp), account (ftp), method (Heroku CLI),
// port and protocol (Emacs) are in use.
export const PROPERTIES = new Set(['login', 'user', 'password', 'passwd', 'account', 'method', 'port', 'protocol'])

const UTF8_BOM = '\u00EF\u00BB\u00BF'

export const GAP = /[ \t\r\n\v\f]*/y
const GAP_AND_COMMENTS = /(?:[ \t\r\n\v\f]+|#[^\n]*)*/y
const PLAIN = /[^ \t\r\n\v\f]*/y
const QUOTED = /"([^"\\\n]*(?:\\[^\n][^"\\\n]*)*)"/y
const END_OF_LINE = /[ \t\r\v\f]*(?:#[^\n]*)?(?:\n|$)/y

/** Where the text begins, after a byte order mark if there is one. */
export const beginning = (text: string) => (text.startsWith(UTF8_BOM) ? UTF8_BOM.length : 0)

const BLANKS = ' \t\r\v\f'

/** Where the blanks begin that end here, on the same line. */
export function beforeBlanks(text: string, at: number): number {
  let start = at
  while (start > beginning(text) && BLANKS.includes(text.charAt(start - 1))) start--
  return start
}

/** Where the blanks end that begin here, on the same line. */
export function afterBlanks(text: string, at: number): number {
  let end = at
  while (end < text.length && BLANKS.includes(text.charAt(end))) end++
  return end
}

/** Where the line begins that a word begins, or undefined if it is not the first on its line. */
export function startOfLine(text: string, word: number): number | undefined {
  const at = beforeBlanks(text, word)
  return at === beginning(text) || text[at - 1] === '\n' ? at : undefined
}

/** The blanks, comment and newline from here on, or undefined if words follow on the line. */
export function restOfLine(text: string, at: number): string | undefined {
  END_OF_LINE.lastIndex = at
  return END_OF_LINE.exec(text)?.[0]
}

/** Where a keyword may stand, a word that begins with # is a comment to the end of its line. */
export function keywordAt(text: string, at: number): Word | undefined {
  return wordAt(text, endOf(GAP_AND_COMMENTS, text, at))
}

/**
 * Where a value has to stand, # is a character like any other: passwords begin with it (Python reads them so too). A
 * keyword on a later line is no value: the value is missing.
 */
export function valueAt(text: string, keyword: Word): Word {
  const value = wordAt(text, endOf(GAP, text, keyword.end))
  if (!value) return noValue(keyword)
  return isKeyword(value) && text.slice(keyword.end, value.start).includes('\n') ? noValue(keyword) : value
}

export function isKeyword({says}: Word): boolean {
  const word = says.toLowerCase()
  return STRUCTURE.has(word) || PROPERTIES.has(word)
}

export const noValue = ({end}: Word): Word => ({start: end, end, says: ''})

export function wordAt(text: string, start: number): Word | undefined {
  if (start === text.length) return undefined
  QUOTED.lastIndex = start
  const inside = QUOTED.exec(text)?.[1]
  if (inside !== undefined) {
    const says = inside.replaceAll(/\\([^])/g, (_, escaped: string) => unescape(escaped))
    // What follows a quote that is closed within a word is no part of it for curl and Python.
    return {start, end: endOf(PLAIN, text, QUOTED.lastIndex), says}
  }
  // A quote that is not closed is part of a word for netrc-parser; curl rejects the file.
  const end = endOf(PLAIN, text, start)
  return {start, end, says: text.slice(start, end)}
}

const unescape = (escaped: string) => ({n: '\n', r: '\r', t: '\t'})[escaped] ?? escaped

export function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  pattern.test(text)
  return pattern.lastIndex
}
