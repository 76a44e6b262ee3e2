// A report for a person: a mark and a line for each thing, and below it what to do about it.
import {printable} from '../ui/printable.js'
import type {Check} from './check.js'
import type {Report} from './report.js'

/** What the terminal can show. */
export interface Look {
  colour: boolean
  unicode: boolean
}

// Select Graphic Rendition (ECMA-48, 8.3.117). Node's styleText asks stdout for its opinion in some versions only.
const [RED, GREEN, YELLOW, CYAN, DEFAULT] = [31, 32, 33, 36, 39]

const MARKS = {
  ok: {unicode: '✓', ascii: '+', colour: GREEN},
  warning: {unicode: '!', ascii: '!', colour: YELLOW},
  error: {unicode: '✗', ascii: 'x', colour: RED},
} as const

const LABEL_WIDTH = 'plain text'.length

export const screen = ({checks}: Pick<Report, 'checks'>, look: Look): string[] =>
  checks.flatMap((check) => linesOf(check, look))

function linesOf({hint, level, message, more = [], subject}: Check, {colour, unicode}: Look): string[] {
  const paint = (code: number, text: string) => (colour ? `\u001B[${code}m${text}\u001B[${DEFAULT}m` : text)
  const {colour: ofMark, ...marks} = MARKS[level]
  const mark = paint(ofMark, unicode ? marks.unicode : marks.ascii)
  const below = (text: string) => `${' '.repeat(LABEL_WIDTH + 4)}${text}`
  return [
    `${mark} ${subject.padEnd(LABEL_WIDTH)}  ${printable(message)}`,
    ...more.map((each) => below(printable(each))),
    ...(hint === undefined ? [] : [below(paint(CYAN, `${unicode ? '→' : '->'} ${printable(hint)}`))]),
  ]
}

/** Whether the locale is one of UTF-8; Windows Terminal has none, and shows everything. */
export const showsUnicode = ({LANG, LC_ALL, LC_CTYPE, WT_SESSION}: NodeJS.ProcessEnv) =>
  /utf-?8/iu.test([LC_ALL, LC_CTYPE, LANG].find(Boolean) ?? '') || Boolean(WT_SESSION)
