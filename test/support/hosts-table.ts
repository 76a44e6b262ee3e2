// docs/hosts.md: what works on which Heroku CLI, as measured by a test.
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {format, resolveConfig} from 'prettier'
import {REPOSITORY} from './npm.js'

const FILE = join(REPOSITORY, 'docs', 'hosts.md')

/** The cell's text where the promise is kept, and where it is not. */
export const YES = 'yes'
export const NO = 'no'

/** A row's cells, by version. */
export type Row = Record<string, string>

/** The rows, by title. */
export type Table = Record<string, Row>

const lineOf = (cells: string[]) => `| ${cells.join(' | ')} |`

/** The whole page, formatted as prettier does. */
export async function render(table: Table, versions: readonly string[]): Promise<string> {
  const rows = Object.entries(table).map(([title, row]) => lineOf([title, ...versions.map((each) => row[each] ?? NO)]))
  const page = `# What works on which Heroku CLI

Each cell was seen: the CLI of that version from npm, with this plugin installed in it by \`plugins:install\`, a GNOME
Keyring, and a Heroku on the same machine. \`npm run hosts\` writes this page, and \`test/e2e/matrix.test.ts\` fails
where it is not true any more.

${lineOf(['', ...versions])}
${lineOf(['---', ...versions.map(() => '---')])}
${rows.join('\n')}
`
  return format(page, {...(await resolveConfig(FILE)), parser: 'markdown'})
}

/** The committed page; empty if there is none. */
export function readPage(): string {
  try {
    return readFileSync(FILE, 'utf8')
  } catch {
    return ''
  }
}

export function writePage(page: string): void {
  writeFileSync(FILE, page)
}

/** Parses the output of {@link render}. */
export function parse(page: string): Table {
  const lines = page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
  const [[, ...versions] = [], , ...rows] = lines
  return Object.fromEntries(
    rows.map(([title = '', ...cells]) => [
      title,
      Object.fromEntries(versions.map((version, index) => [version, cells[index] ?? NO])),
    ]),
  )
}
