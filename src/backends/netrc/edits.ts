// Edits of a .netrc's text (one character per byte, see words.ts) that keep all other bytes.
import type {Item} from './tokenizer.js'
import {afterBlanks, beforeBlanks, beginning, restOfLine, startOfLine} from './words.js'

/** A part of the text, and its replacement. */
export interface Edit {
  start: number
  end: number
  put: string
}

/** Applies edits, sorted and not overlapping. In one pass: a file may have thousands of entries. */
export function apply(text: string, edits: Edit[]): string {
  const parts: string[] = []
  let at = 0
  for (const {end, put, start} of edits) {
    parts.push(text.slice(at, start), put)
    at = end
  }

  return parts.join('') + text.slice(at)
}

/** Removes items: their lines, or only their words where they share a line with others. */
export function withoutItems(text: string, items: Item[]): string {
  const left = apply(
    text,
    joined(text, items).map((group) => removal(text, group)),
  )
  const last = items.at(-1)
  // The file ended without a newline, and still does. Keep an empty line: it may end a macro.
  if (!last || text.endsWith('\n') || restOfLine(text, last.end)?.length !== text.length - last.end) return left
  const start = beginning(text)
  return left.slice(0, start) + left.slice(start).replace(/(?<=[^\n])\r\n$|(?<=[^\r\n])\n$/, '')
}

/** Entries that are removed together, since the second begins on the line on which the first ends. */
type Group = Pick<Item, 'start' | 'end'> & {kept: string}

function joined(text: string, items: Item[]): Group[] {
  const groups: Group[] = []
  for (const item of items) {
    const last = groups.at(-1)
    const kept = keptLines(text, item)
    if (last && afterBlanks(text, last.end) === item.start)
      groups.splice(-1, 1, {start: last.start, end: item.end, kept: last.kept + kept})
    else groups.push({start: item.start, end: item.end, kept})
  }

  return groups
}

function removal(text: string, {end, kept, start}: Group): Edit {
  const newline = newlineIn(kept)
  const line = startOfLine(text, start)
  const rest = restOfLine(text, end)
  if (line !== undefined && rest !== undefined) return {start: line, end: end + rest.length, put: kept}
  if (line !== undefined) return {start: kept === '' ? start : line, end: afterBlanks(text, end), put: kept}
  if (rest === undefined) return {start, end: afterBlanks(text, end), put: kept === '' ? '' : newline + kept}
  return {start: beforeBlanks(text, start), end, put: kept === '' ? '' : newline + kept.replace(/\r?\n$/, '')}
}

/** The lines within an entry that hold no property: comments and unknown words. */
function keptLines(text: string, {name, properties}: Item): string {
  const ends = [name, ...properties.map(({value}) => value)].map(({end}) => end)
  return properties.map(({start}, index) => linesIn(text.slice(ends[index], start))).join('')
}

function linesIn(gap: string): string {
  if (isBlank(gap)) return ''
  const newline = newlineIn(gap)
  const lines = gap.split('\n')
  return lines
    .map((line, index) => {
      const isWhole = index > 0 && index < lines.length - 1
      if (isWhole) return isBlank(line) ? '' : `${line}\n`
      // The rest of a property's line; its comment is removed with the property.
      const words = line.replace(/(?:^|(?<=[ \t\r\v\f]))#[^]*/, '').replaceAll(/^[ \t\r\v\f]+|[ \t\r\v\f]+$/g, '')
      return words === '' ? '' : words + newline
    })
    .join('')
}

const newlineIn = (text: string) => (text.includes('\r\n') ? '\r\n' : '\n')

const isBlank = (text: string) => /^[ \t\r\n\v\f]*$/.test(text)

/** The line ending of the first line. After a lone \r at the end, a \n would become \r\n. */
export function lineEnding(text: string): string {
  const first = /\r?\n/.exec(text)?.[0] ?? '\n'
  return text.endsWith('\r') ? '\r\n' : first
}
