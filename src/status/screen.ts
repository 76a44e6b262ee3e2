// The report as lines for a terminal: a mark and a message for each check, and its hint below.
import {printable} from '../ui/printable.js'
import type {Check, Report} from './report.js'

export interface Terminal {
  colour: boolean
  unicode: boolean
}

// Select Graphic Rendition (ECMA-48, 8.3.117). Whether Node's styleText checks stdout depends on its version.
const [RED, GREEN, YELLOW, CYAN, DEFAULT] = [31, 32, 33, 36, 39]

const MARKS = {
  ok: {unicode: '✓', ascii: '+', colour: GREEN},
  warning: {unicode: '!', ascii: '!', colour: YELLOW},
  error: {unicode: '✗', ascii: 'x', colour: RED},
} as const

const LABEL_WIDTH = 'plain text'.length

export const screen = ({checks}: Pick<Report, 'checks'>, terminal: Terminal): string[] =>
  checks.flatMap((check) => linesOf(check, terminal))

function linesOf({hint, level, message, more = [], subject}: Check, {colour, unicode}: Terminal): string[] {
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

/** Whether the locale uses UTF-8. Windows Terminal sets no locale and shows all characters. */
export const showsUnicode = ({LANG, LC_ALL, LC_CTYPE, WT_SESSION}: NodeJS.ProcessEnv) =>
  /utf-?8/iu.test([LC_ALL, LC_CTYPE, LANG].find(Boolean) ?? '') || Boolean(WT_SESSION)
