// Parses a .netrc into its machines and their properties, and macros.
import {
  beginning,
  endOf,
  GAP,
  isKeyword,
  keywordAt,
  noValue,
  PROPERTIES,
  restOfLine,
  startOfLine,
  STRUCTURE,
  valueAt,
  type Word,
  wordAt,
} from './words.js'

const EMPTY_LINE = /\n\r?\n/g

/** `login ada@example.com`; `start` is the keyword's. A missing value is empty, at the keyword's end. */
export interface Property {
  start: number
  keyword: string
  value: Word
}

export interface Item {
  kind: 'machine' | 'default' | 'macdef'
  start: number
  /** The end of its last word, or of a macro with the empty line that ends it. */
  end: number
  /** A machine's or macro's name, empty if it has none; the word `default` itself. */
  name: Word
  properties: Property[]
  /**
   * The text ends within it (a macro without its empty line, a missing value): text appended to it becomes part of it.
   */
  open: boolean
}

/** Parses a whole .netrc. Unknown words are skipped, as in curl and netrc-parser. */
export function parse(text: string): Item[] {
  const items: Item[] = []
  let at = beginning(text)
  for (;;) {
    const word = keywordAt(text, at)
    if (!word) return items
    const item = itemAt(text, word)
    if (item) items.push(item)
    at = item?.end ?? word.end
  }
}

function itemAt(text: string, keyword: Word): Item | undefined {
  const {start} = keyword
  // Keywords ignore case, as in curl.
  const kind = keyword.says.toLowerCase()
  switch (kind) {
    case 'machine':
    case 'default': {
      const name = kind === 'machine' ? valueAt(text, keyword) : keyword
      const properties = propertiesAt(text, start, name.end)
      const last = properties.at(-1)?.value ?? name
      const open = last.start === last.end && endOf(GAP, text, last.end) === text.length
      return {kind, start, end: last.end, name, properties, open}
    }
    case 'macdef': {
      const word = wordAt(text, endOf(GAP, text, keyword.end))
      const name = word && !text.slice(keyword.end, word.start).includes('\n') ? word : noValue(keyword)
      const end = macroEnd(text, name.end)
      return {kind, start, end: end ?? text.length, name, properties: [], open: end === undefined}
    }
    default:
      return undefined
  }
}

function propertiesAt(text: string, machine: number, from: number): Property[] {
  const properties: Property[] = []
  let at = from
  let afterEmptyLine = false
  for (;;) {
    const word = keywordAt(text, at)
    const keyword = word?.says.toLowerCase() ?? ''
    if (!word || STRUCTURE.has(keyword)) return properties
    if (PROPERTIES.has(keyword)) {
      const value = valueAt(text, word)
      properties.push({start: word.start, keyword, value})
      at = value.end
      afterEmptyLine = false
      continue
    }
    const words = unknownWords(text, word)
    afterEmptyLine ||= /\n[ \t\r\v\f]*\n/.test(text.slice(at, word.start))
    const isOnMachinesLine = words.length % 2 === 0 && !text.slice(machine, word.start).includes('\n')
    if (isOnMachinesLine || (!afterEmptyLine && isPropertyLine(text, words, properties.at(-1))))
      properties.push(...pairs(words))
    at = words.at(-1)?.end ?? word.end
  }
}

/**
 * Whether these words are a line `keyword value`, which netrc-parser takes for a property whatever the keyword is. It
 * must be indented, unless the property before it is not.
 */
function isPropertyLine(text: string, words: Word[], before?: Property): boolean {
  const [keyword, value] = words
  if (!keyword || !value || words.length !== 2 || restOfLine(text, value.end) === undefined) return false
  const line = startOfLine(text, keyword.start)
  if (line === undefined) return false
  return line < keyword.start || (before !== undefined && startOfLine(text, before.start) === before.start)
}

/** The words up to the end of the line, or to a known keyword. */
function unknownWords(text: string, first: Word): Word[] {
  const words = [first]
  for (let last = first; restOfLine(text, last.end) === undefined;) {
    const word = keywordAt(text, last.end)
    if (!word || isKeyword(word)) break
    words.push(word)
    last = word
  }

  return words
}

function* pairs(words: Word[]): Generator<Property> {
  for (let index = 0; index + 1 < words.length; index += 2) {
    const [keyword, value] = words.slice(index, index + 2)
    if (keyword && value) yield {start: keyword.start, keyword: keyword.says, value}
  }
}

/** A macro ends at the next empty line; a line of blanks does not end it (curl, and ftp's two newlines in a row). */
function macroEnd(text: string, from: number): number | undefined {
  const endOfFirstLine = text.indexOf('\n', from)
  EMPTY_LINE.lastIndex = endOfFirstLine
  return endOfFirstLine !== -1 && EMPTY_LINE.test(text) ? EMPTY_LINE.lastIndex : undefined
}
