// docs/keyrings.md: what works on which provider of the Secret Service, as measured by a test.
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {format, resolveConfig} from 'prettier'
import {
  CANNOT,
  CLOSED,
  CLOSED_JOB,
  type ClosedTask,
  EXPECTED,
  EXPECTED_CLOSED,
  JOB,
  type Provider,
  PROVIDERS,
  type Task,
} from '../keyrings/expected.js'
import {REPOSITORY} from './npm.js'

const FILE = join(REPOSITORY, 'docs', 'keyrings.md')

const lineOf = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

const tableOf = (columns: readonly string[], rows: readonly string[][]) =>
  [['', ...columns], ['---', ...columns.map(() => '---')], ...rows].map(lineOf).join('\n')

const contract = (provider: Provider) => {
  const exception = CANNOT[provider]
  return exception ? `all but this: ${exception.because}` : 'yes'
}

/** The whole page, formatted as prettier does. */
export async function render(): Promise<string> {
  const rows = [
    ['stores, reads, lists and removes tokens, whatever the account and the token', ...PROVIDERS.map(contract)],
    ...(Object.entries(JOB) as [Task, string][]).map(([task, title]) => [
      title,
      ...PROVIDERS.map((provider) => EXPECTED[task][provider]),
    ]),
  ]
  const closedRows = (Object.entries(CLOSED_JOB) as [ClosedTask, string][]).map(([task, title]) => [
    title,
    ...CLOSED.map((how) => EXPECTED_CLOSED[task][how]),
  ])
  const page = `# Keyrings other than GNOME Keyring

On Linux the plugin talks to whatever program owns \`org.freedesktop.secrets\` on the session bus. GNOME Keyring is tested by
\`npm test\`. \`npm run test:keyrings\` runs these tables on the real KeePassXC and KWallet, inside the Heroku CLI, and fails
where a cell is not true. A cell counts the dialogs that the keyring shows; in this table, the user agrees to them.

${tableOf(PROVIDERS, rows)}

Measured with Debian 12's KeePassXC 2.7.4, KWallet 5.103 and libsecret 0.20.5.

## KeePassXC

- Switch on the Secret Service integration in the settings, and expose a group of the database in the database's settings.
- With "confirm when passwords are retrieved", its default, each command is a new program to KeePassXC, so it asks each
  time. It also removes no entry for a program that it has not just allowed to use it, and \`secret-tool\` cannot ask for
  that. So \`heroku logout\` revokes the token and exits with 1; delete the entry "Heroku CLI" in KeePassXC, and log out
  again. The revoked token is not used again. Or turn off "Confirm when passwords are retrieved by clients" (Settings,
  Secret Service Integration).
- Without confirmations it moves what a logout removes to its recycle bin.
- While its database is locked or closed, it asks to unlock it at each search. If you dismiss that dialog, or have turned off
  "Prompt to unlock database before searching", it shows no entry, as if there were none. Each command of the table then
  asks once. A login while the database is locked asks three times if you dismiss each dialog: to look for a token, to
  store the new one, and to check that it is stored, as \`secret-tool\` also exits with 0 if it is not. No token is lost:

${tableOf(CLOSED, closedRows)}

## KWallet

- Debian's \`libkf5wallet-bin\` needs \`libqca-qt5-2-plugins\`, on which it does not depend: without it no token can be
  stored or read.
- It refuses one request in a hundred by a fault of its own (5.103); the plugin then asks again.
- Its Secret Service is on unless \`~/.config/kwalletrc\` has \`apiEnabled=false\` under \`[org.freedesktop.secrets]\`.
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
