// The leak audit's report.
import type {Tried} from './leak-audit.js'
import {type Row, THE_HOSTS_OWN} from './leak-table.js'
import type {Leak} from './witness.js'

type Whose = Row['of'] | 'planted'

export interface Line {
  whose: Whose
  command: string
  /** Number of runs, and of the situations and debug modes they cover. */
  tried: number
  situations: number
  modes: number
  /** Secrets that were seen where they don't belong. */
  leaks: number
}

export interface LeakReport {
  audit: 'leaks'
  lines: Line[]
  /** Totals: what was searched, and for how many secrets. */
  cells: number
  secrets: number
  processes: number
  files: number
  bytes: number
  /** Leaks by our code, and by git with our helper: must be 0. */
  leaks: number
  /** Known leaks by the host's own code. */
  theHostsOwn: typeof THE_HOSTS_OWN
  planted: number
  plantedSeen: number
  ms: number
  /** Why the audit failed; empty if it passed. */
  problems: string[]
}

const nameOf = ({cell: {mode, row, situation}}: Tried) => `${row.command} (${situation.name}; ${mode})`
const whoseIs = ({cell: {row, situation}}: Tried): Whose => (situation.planted ? 'planted' : row.of)
const seenIn = ({channel, form, what, where}: Leak) => `${what} in ${channel} (${where}), ${form}`

export function reportOf(all: readonly Tried[], ms: number): LeakReport {
  const sum = (value: (tried: Tried) => number) => all.reduce((total, each) => total + value(each), 0)
  const planted = all.filter((each) => whoseIs(each) === 'planted')
  return {
    audit: 'leaks',
    lines: linesOf(all),
    cells: all.length,
    secrets: sum(({secrets}) => secrets),
    processes: sum(({processes}) => processes),
    files: sum(({files}) => files),
    bytes: sum(({bytes}) => bytes),
    leaks: sum((each) => (['ours', 'git'].includes(whoseIs(each)) ? each.leaks.length : 0)),
    theHostsOwn: THE_HOSTS_OWN,
    planted: planted.length,
    plantedSeen: planted.filter(isSeen).length,
    ms: Math.round(ms),
    problems: problemsOf(all),
  }
}

function linesOf(all: readonly Tried[]): Line[] {
  const lines = new Map<string, Tried[]>()
  for (const each of all) {
    const name = `${whoseIs(each)} ${each.cell.row.command}`
    lines.set(name, [...(lines.get(name) ?? []), each])
  }
  const order: Whose[] = ['ours', 'git', 'the host', 'planted']
  return [...lines.values()]
    .map((several) => {
      const [first] = several as [Tried]
      return {
        whose: whoseIs(first),
        command: first.cell.row.command,
        tried: several.length,
        situations: new Set(several.map(({cell}) => cell.situation)).size,
        modes: new Set(several.map(({cell}) => cell.mode)).size,
        leaks: several.reduce((total, {leaks}) => total + leaks.length, 0),
      }
    })
    .sort((one, other) => order.indexOf(one.whose) - order.indexOf(other.whose))
}

const isSeen = ({cell, leaks}: Tried) => leaks.some(({channel}) => channel === cell.situation.planted)

/** All failures: leaks, planted leaks that were not found, and cells whose scenario did not take place. */
export function problemsOf(all: readonly Tried[]): string[] {
  const problems = all.flatMap((each) => {
    const name = nameOf(each)
    if (!each.happened) return [`${name} did not do what it was to do:\n${each.said}`]
    switch (whoseIs(each)) {
      case 'ours':
      case 'git':
        return each.leaks.map((leak) => `${name} shows ${seenIn(leak)}`)
      case 'planted':
        return isSeen(each) ? [] : [`${name} was not seen`]
      case 'the host':
        return each.leaks.filter((leak) => !known(each, leak)).map((leak) => `${name} shows ${seenIn(leak)}`)
    }
  })
  const stale = THE_HOSTS_OWN.filter(
    ({channel, command, form, mode}) =>
      !all.some(
        ({cell, leaks}) =>
          cell.row.command === command &&
          cell.mode === mode &&
          leaks.some((leak) => leak.channel === channel && leak.form === form),
      ),
  )
  return [...problems, ...stale.map((each) => `no longer shown by the host: ${JSON.stringify(each)}`)]
}

const known = ({cell}: Tried, leak: Leak) =>
  THE_HOSTS_OWN.some(
    ({channel, command, form, mode}) =>
      command === cell.row.command && mode === cell.mode && channel === leak.channel && form === leak.form,
  )

export function tableOf(report: LeakReport): string {
  const head = ['', 'command', 'tried', 'situations', 'modes', 'hits']
  const rows = report.lines.map(({command, leaks, modes, situations, tried, whose}) =>
    [whose, command, tried, situations, modes, leaks].map(String),
  )
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)) + 2)
  const lines = [head, ...rows].map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('')
      .trimEnd(),
  )
  const {bytes, cells, files, leaks, planted, plantedSeen, processes, secrets, theHostsOwn} = report
  return `${lines.join('\n')}

${cells} cells; ${secrets} secrets looked for in ${processes} processes, ${files} files and ${Math.round(bytes / 1e6)} MB in all
${leaks} leaks of ours; ${plantedSeen} of ${planted} planted ones seen; ${theHostsOwn.length} of the host's own code, all known
`
}
