// Runs a session and draws it as docs/session.svg, the README's picture: `npm run picture`.
import {writeFileSync} from 'node:fs'
import {runSession, type Scene} from './session.js'

const OUTPUT = 'docs/session.svg'
/** As many scenes as fit on a page. */
const SHOWN = ['heroku login', 'secret-tool', 'heroku apps', 'git push', 'heroku auth:status']
const COLUMNS = 110
const LINE = 17
const CHARACTER = 7.83
const MARGIN = 20
const BAR = 34

interface Line {
  text: string
  kind: 'why' | 'command' | 'output'
}

const linesOf = ({command, screen, why}: Scene): Line[] => [
  ...(why === '' ? [] : [{text: `# ${why}`, kind: 'why' as const}]),
  {text: `$ ${command}`, kind: 'command'},
  ...screen.split('\n').map((text) => ({text, kind: 'output' as const})),
  {text: '', kind: 'output'},
]

function draw(lines: Line[]): string {
  const width = Math.ceil(COLUMNS * CHARACTER + 2 * MARGIN)
  const height = BAR + lines.length * LINE + MARGIN
  const rows = lines.map(
    ({kind, text}, index) =>
      `<text class="${kind}" x="${MARGIN}" y="${BAR + (index + 1) * LINE}">${escape(text.slice(0, COLUMNS))}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 ${width} ${height}" width="${width}" role="img">
<title>A session: log in, look into the keychain, use the token, ask for the status</title>
<style>
text { font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; white-space: pre; fill: #d7dae0 }
.why { fill: #8b93a1 }
.command { fill: #ffffff; font-weight: bold }
</style>
<rect width="${width}" height="${height}" rx="8" fill="#1d2026"/>
<circle cx="20" cy="17" r="5" fill="#ff5f57"/><circle cx="38" cy="17" r="5" fill="#febc2e"/><circle cx="56" cy="17" r="5" fill="#28c840"/>
${rows.filter((row) => !row.endsWith('></text>')).join('\n')}
</svg>
`
}

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const scenes: Scene[] = []
for await (const scene of runSession()) {
  if (!scene.ok) throw new Error(`$ ${scene.command}\n${scene.screen}`)
  if (SHOWN.some((command) => scene.command.startsWith(command))) scenes.push(scene)
}
writeFileSync(OUTPUT, draw(scenes.flatMap(linesOf)))
process.stdout.write(`${OUTPUT}\n`)
