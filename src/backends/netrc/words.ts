// The words of a .netrc, by libcurl's rules (lib/netrc.c), since git reads the file with it. The text has one character
// per byte (latin1): bytes that are not UTF-8 are preserved, and \xA0 is not a blank (unlike in /\s/).

/** A word of the file: its position, and its value without quotes and escapes. */
export interface Word {
  start: number
  end: number
  says: string
}

/** The keywords that begin an item. */
export const STRUCTURE = new Set(['machine', 'default', 'macdef'])
// All readers know `login` and `password`. Others: user (Python), passwd (GNU ftp), account (ftp), method (Heroku CLI),
// port and protocol (Emacs).
export const PROPERTIES = new Set(['login', 'user', 'password', 'passwd', 'account', 'method', 'port', 'protocol'])

const UTF8_BOM = '\u00EF\u00BB\u00BF'

export const GAP = /[ \t\r\n\v\f]*/y
const GAP_AND_COMMENTS = /(?:[ \t\r\n\v\f]+|#[^\n]*)*/y
const PLAIN = /[^ \t\r\n\v\f]*/y
const QUOTED = /"([^"\\\n]*(?:\\[^\n][^"\\\n]*)*)"/y
const END_OF_LINE = /[ \t\r\v\f]*(?:#[^\n]*)?(?:\n|$)/y

/** The position after a byte order mark, if there is one. */
export const beginning = (text: string) => (text.startsWith(UTF8_BOM) ? UTF8_BOM.length : 0)

const BLANKS = ' \t\r\v\f'

/** The start of the blanks before a position, on the same line. */
export function beforeBlanks(text: string, at: number): number {
  let start = at
  while (start > beginning(text) && BLANKS.includes(text.charAt(start - 1))) start--
  return start
}

/** The end of the blanks at a position, on the same line. */
export function afterBlanks(text: string, at: number): number {
  let end = at
  while (end < text.length && BLANKS.includes(text.charAt(end))) end++
  return end
}

/** The start of a word's line, or undefined if the word is not the first on it. */
export function startOfLine(text: string, word: number): number | undefined {
  const at = beforeBlanks(text, word)
  return at === beginning(text) || text[at - 1] === '\n' ? at : undefined
}

/** The blanks, comment and newline at a position, or undefined if words follow on the line. */
export function restOfLine(text: string, at: number): string | undefined {
  END_OF_LINE.lastIndex = at
  return END_OF_LINE.exec(text)?.[0]
}

/** The next word where a keyword is expected: here, a # at the start of a word begins a comment. */
export function keywordAt(text: string, at: number): Word | undefined {
  return wordAt(text, endOf(GAP_AND_COMMENTS, text, at))
}

/**
 * The next word where a value is expected: here, # is an ordinary character, since passwords may begin with it (as in
 * Python). A keyword on a later line is not a value: the value is missing.
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
    // curl and Python drop the rest of a word after its closing quote.
    return {start, end: endOf(PLAIN, text, QUOTED.lastIndex), says}
  }
  // netrc-parser takes an unclosed quote literally; curl rejects the file.
  const end = endOf(PLAIN, text, start)
  return {start, end, says: text.slice(start, end)}
}

const unescape = (escaped: string) => ({n: '\n', r: '\r', t: '\t'})[escaped] ?? escaped

export function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  pattern.test(text)
  return pattern.lastIndex
}
