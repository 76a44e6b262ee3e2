// The report as lines for a terminal: a headline; a mark and a message for each check, and its hint below; the number of problems.
import {sep} from 'node:path'
import {printable} from '../ui/printable.js'
import type {Check, Report} from './report.js'

export interface Terminal {
  colour: boolean
  unicode: boolean
  /** The home directory, which is shown as `~`, but not in commands. Default: none. */
  home?: string
  /** Where lines are wrapped, but not commands. Default: nowhere, as for a pipe. */
  columns?: number
}

// Select Graphic Rendition (ECMA-48, 8.3.117). Whether Node's styleText checks stdout depends on its version.
const [RED, GREEN, YELLOW, CYAN, DEFAULT] = [31, 32, 33, 36, 39]

const MARKS = {
  ok: {unicode: '✓', ascii: '+', colour: GREEN},
  warning: {unicode: '!', ascii: '!', colour: YELLOW},
  error: {unicode: '✗', ascii: 'x', colour: RED},
} as const

const LABEL_WIDTH = 'plain text'.length
const INDENT = ' '.repeat(LABEL_WIDTH + 4)

/** What only a developer asks for, unless something is wrong with it. */
const DETAILS: readonly Check['subject'][] = ['host', 'heroku']

type Shown = Pick<Report, 'checks' | 'noToken' | 'stores' | 'token' | 'verdict'>

/** @param verbose whether to show what only a developer asks for */
export function screen(report: Shown, terminal: Terminal, verbose = false): string[] {
  const checks = report.checks.filter(({level, subject}) => verbose || level !== 'ok' || !DETAILS.includes(subject))
  return [
    withTilde(printable(headline(report)), terminal),
    ...checks.flatMap((check) => linesOf(check, terminal)),
    ...countOf(report),
  ]
}

function headline({checks, noToken, stores, token}: Shown): string {
  if (!token) {
    const [missing] = checks
    return capitalized(noToken?.isTrouble ? noToken.because : (missing?.message ?? ''))
  }
  const {account, place, tier, validity} = token
  if (validity === 'invalid') return `The token${account === undefined ? '' : ` of ${account}`} is not valid`
  return `Logged in${account === undefined ? '' : ` as ${account}`} (${tier === 'keychain' ? stores.inUse : place})`
}

/** Not logging in is no problem. */
function countOf({checks, verdict}: Shown): string[] {
  const isProblem = ({level, subject}: Check) => level !== 'ok' && !(verdict === 'not logged in' && subject === 'token')
  const {length} = checks.filter(isProblem)
  if (length > 0) return [`${length} ${length === 1 ? 'problem' : 'problems'} found.`]
  return verdict === 'healthy' ? ['No problems found.'] : []
}

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function linesOf({hint, level, message, more = [], subject}: Check, terminal: Terminal): string[] {
  const {colour, unicode} = terminal
  const paint = (code: number, text: string) => (colour ? `\u001B[${code}m${text}\u001B[${DEFAULT}m` : text)
  const {colour: ofMark, ...marks} = MARKS[level]
  const mark = paint(ofMark, unicode ? marks.unicode : marks.ascii)
  const [first = '', ...others] = [message, ...more].flatMap((text) => wrapped(printable(text), terminal))
  return [
    `${mark} ${subject.padEnd(LABEL_WIDTH)}  ${first}`,
    ...others.map((each) => INDENT + each),
    ...(hint === undefined ? [] : [INDENT + paint(CYAN, `${unicode ? '→' : '->'} ${printable(hint)}`)]),
  ]
}

/** The lines of a message beside its label. A word that is too long has a line of its own. */
function wrapped(text: string, terminal: Terminal): string[] {
  const {columns = Number.POSITIVE_INFINITY} = terminal
  const lines: string[] = []
  for (const word of withTilde(text, terminal).split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && INDENT.length + last.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

const withTilde = (text: string, {home}: Terminal) =>
  home === undefined ? text : text.replaceAll(`${home}${sep}`, `~${sep}`)

/** Whether the locale uses UTF-8. Windows Terminal sets no locale and shows all characters. */
export const showsUnicode = ({LANG, LC_ALL, LC_CTYPE, WT_SESSION}: NodeJS.ProcessEnv) =>
  /utf-?8/iu.test([LC_ALL, LC_CTYPE, LANG].find(Boolean) ?? '') || Boolean(WT_SESSION)
