// The directories of src, the direction of their imports, and where each library and each oddity may be used.
import {expect} from 'chai'
import {readdirSync, readFileSync} from 'node:fs'
import {dirname, join, posix} from 'node:path'
import {fileURLToPath} from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Texts of source files by path, such as `src/process/run.ts`. */
type Sources = Map<string, string>

function readTree(folder: string): Sources {
  const files = readdirSync(join(ROOT, folder), {recursive: true, encoding: 'utf8'}).filter((name) =>
    name.endsWith('.ts'),
  )
  return new Map(
    files.sort().map((name) => {
      const path = `${folder}/${name.replaceAll('\\', '/')}`
      return [path, readFileSync(join(ROOT, path), 'utf8')]
    }),
  )
}

/** Without comments, which may speak of anything. A `//` in a string is taken for one only after a space. */
const codeOf = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\//gu, '').replaceAll(/(^|\s)\/\/.*$/gmu, '$1')

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"`])([^'"`\n]+)\1/gu

/** What a file imports, as it says so: from wherever, statically or not, types too. */
const importsOf = (text: string) => [...codeOf(text).matchAll(IMPORT)].map(([, , from = '']) => from)

/** The package of an import; undefined for a file of ours. */
function packageOf(from: string): string | undefined {
  if (from.startsWith('.')) return undefined
  const [first = '', second = ''] = from.split('/')
  return first.startsWith('@') ? `${first}/${second}` : first
}

/** The source file that a relative import means. */
const targetOf = (file: string, from: string) => posix.join(dirname(file), from).replace(/\.js$/u, '.ts')

const ownImports = (file: string, text: string) =>
  importsOf(text)
    .filter((from) => from.startsWith('.'))
    .map((from) => targetOf(file, from))

/** The directories and files of `src/`, from the top; each imports only from its own and from lower layers. */
const LAYERS = [
  ['commands', 'hooks', 'base-command.ts'],
  ['status', 'migrate'],
  ['git', 'host'],
  ['credentials'],
  ['heroku', 'backends'],
  ['ui', 'files'],
  ['process'],
  ['errors.ts', 'defined.ts'],
]

const partOf = (file: string) => file.split('/')[1] ?? ''
const layerOf = (file: string) => LAYERS.findIndex((parts) => parts.includes(partOf(file)))

/** Imports of a higher layer, or of another directory of the same one; the top layer is one part. */
function wrongWays(sources: Sources): string[] {
  const isWrong = (file: string, to: string) =>
    layerOf(to) < layerOf(file) || (layerOf(file) > 0 && layerOf(to) === layerOf(file) && partOf(to) !== partOf(file))
  return [...sources].flatMap(([file, text]) =>
    ownImports(file, text)
      .filter((to) => isWrong(file, to))
      .map((to) => `${file} imports ${to}`),
  )
}

/** Files that import themselves in the end. */
function cycles(sources: Sources): string[] {
  const reaches = (from: string, wanted: string, seen = new Set<string>()): boolean =>
    ownImports(from, sources.get(from) ?? '').some((to) => {
      if (to === wanted) return true
      if (seen.has(to)) return false
      seen.add(to)
      return reaches(to, wanted, seen)
    })
  return [...sources.keys()].filter((file) => reaches(file, file))
}

/** The files that a pattern is found in, comments left out. */
const filesWith = (sources: Sources, pattern: RegExp) =>
  [...sources].filter(([, text]) => pattern.test(codeOf(text))).map(([file]) => file)

const usersOf = (sources: Sources, name: string) =>
  [...sources].filter(([, text]) => importsOf(text).some((from) => packageOf(from) === name)).map(([file]) => file)

/** Where each library is at home, and nowhere else. */
const HOMES: Record<string, string[]> = {
  execa: ['src/process/run.ts'],
  'netrc-parser': ['src/backends/netrc/storage.ts'],
  open: ['src/ui/browser.ts'],
  'proper-lockfile': ['src/files/lock.ts'],
  read: ['src/ui/prompts.ts'],
  undici: ['src/heroku/http.ts'],
  yaml: ['src/backends/account-aliases.ts'],
}

/** Names that the code had before; CONTRIBUTING.md has the terms. */
const RETIRED_NAMES =
  /\b(?:Places|Surroundings|around|KeychainSession|BackendError|Found|Ran|isTold|exitCodeOf|forHost|inTurn|takeTurn|nameAgain|currentAmong|findToken|Hosts|Subject|isSteady|fileTrouble|refusal|seam|overlayNetrc|serveCommands?|claimCommands|takeOverGit|judge\w*|gather|Spot|PlainCopy|Wishes|settle)\b/u
/** What comments and test titles do not say: for a process or a caller there is a noun. */
const RETIRED_WORDS =
  /\b(?:whoever|whom|somebody|someone|nobody|anybody|stand(?:s|ing)? still|asked ahead|(?:is|are|was|were) told|as good as none|surroundings|the house)\b/iu

const commentsOf = (text: string) => text.match(/\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*$/gmu)?.join('\n') ?? ''
const titlesOf = (text: string) =>
  [...text.matchAll(/\b(?:describe|it)\(\s*(['"`])([\s\S]*?)\1/gu)].map(([, , title = '']) => title).join('\n')

const PLATFORM = /\bprocess\.platform\b|\bplatform\b[^{}\n]*\}\s*=\s*process\b|from 'node:os'.*\bplatform\b/u
const CONSOLE = /\bconsole\s*[.[]/u
const CHILD_PROCESS = /['"](?:node:)?child_process['"]/u
const SHELL = /\bshell\s*:|\bexecSync\b|\bnew Function\b|\beval\(/u

describe('the architecture', () => {
  const sources = readTree('src')
  const {dependencies} = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }

  it('has every file in a known directory', () => {
    expect([...sources.keys()].filter((file) => layerOf(file) === -1)).to.deep.equal([])
  })

  it('imports in one direction: from higher layers to lower ones', () => {
    expect(wrongWays(sources)).to.deep.equal([])
  })

  it('has no file that imports itself in the end', () => {
    expect(cycles(sources)).to.deep.equal([])
  })

  it('imports files that exist', () => {
    const missing = [...sources].flatMap(([file, text]) => ownImports(file, text).filter((to) => !sources.has(to)))
    expect(missing).to.deep.equal([])
  })

  it('has the backends not know each other', () => {
    const backends = [
      'macos-keychain',
      'secret-service',
      'windows-vault',
      'systemd-creds',
      'password-store',
      'git-helper',
      'git-forwarded',
      'netrc/netrc-file',
    ].map((name) => `src/backends/${name}.ts`)
    const users = (backend: string) =>
      [...sources].filter(([file, text]) => ownImports(file, text).includes(backend)).map(([file]) => file)
    expect(backends.map((backend) => users(backend).filter((file) => backends.includes(file)))).to.deep.equal(
      backends.map(() => []),
    )
  })

  for (const [name, homes] of Object.entries(HOMES))
    it(`imports ${name} in ${homes.join(' and ')} and nowhere else`, () => {
      expect(usersOf(sources, name)).to.deep.equal(homes)
    })

  it('has a home for every dependency, and imports nothing that is no dependency', () => {
    const {'@oclif/core': oclif, ...others} = dependencies
    expect(oclif).to.be.a('string')
    expect(Object.keys(others).sort()).to.deep.equal(Object.keys(HOMES).sort())
    const packages = [...sources].flatMap(([file, text]) =>
      importsOf(text).flatMap((from) => {
        const name = packageOf(from)
        return name === undefined || name.startsWith('node:') || name in dependencies ? [] : `${file} imports ${name}`
      }),
    )
    expect(packages).to.deep.equal([])
  })

  it('imports @oclif/core in commands, hooks, host and the base command; elsewhere its types alone', () => {
    const allowed = /^src\/(?:commands|hooks|host)\/|^src\/base-command\.ts$/u
    const elsewhere = [...sources].filter(([file]) => !allowed.test(file))
    const users = elsewhere.filter(([, text]) =>
      importsOf(codeOf(text).replaceAll(/^import type .*$/gmu, '')).some((from) => from.startsWith('@oclif/core')),
    )
    expect(users.map(([file]) => file)).to.deep.equal([])
  })

  it('looks at the platform of this process in few places', () => {
    expect(filesWith(sources, PLATFORM)).to.deep.equal([
      'src/backends/account-aliases.ts',
      'src/credentials/open-stores.ts',
      'src/files/file-error.ts',
      'src/files/held-open.ts',
      'src/files/lock.ts',
      'src/git/config.ts',
      'src/git/data-dir.ts',
      'src/git/launcher.ts',
      'src/process/find-program.ts',
      'src/process/foreground.ts',
      'src/process/supervise.ts',
    ])
  })

  it('starts programs in few places', () => {
    expect(filesWith(sources, CHILD_PROCESS)).to.deep.equal([
      'src/host/netrc-parser/blocking.ts',
      'src/process/block.ts',
      'src/process/foreground.ts',
      'src/process/pinentry.ts',
      'src/process/spawn.ts',
      'src/process/supervise.ts',
    ])
  })

  it('writes the commands of hints that differ between shells in one file', () => {
    const command =
      /\bunset (?:HEROKU_|SSO_URL|\$)|\bexport HEROKU_|\bHEROKU_NETRC_WRITE=true (?:heroku|\$)|heroku login --with-token </u
    expect(filesWith(sources, command)).to.deep.equal(['src/ui/shell-hints.ts'])
  })

  it('never starts a shell', () => {
    expect(filesWith(sources, SHELL)).to.deep.equal([])
  })

  it('never writes to the console', () => {
    expect(filesWith(sources, CONSOLE)).to.deep.equal([])
  })

  it('uses no retired name', () => {
    expect(filesWith(sources, RETIRED_NAMES)).to.deep.equal([])
  })

  it('has no retired word in a comment or a test title', () => {
    const tests = readTree('test')
    const said = [...sources, ...tests].map(([file, text]) => [file, commentsOf(text)] as const)
    const titles = [...tests].map(([file, text]) => [file, titlesOf(text)] as const)
    const wrong = [...said, ...titles].filter(([, text]) => RETIRED_WORDS.test(text)).map(([file]) => file)
    expect([...new Set(wrong)]).to.deep.equal([])
  })

  it('has no file of more than 200 lines', () => {
    const long = [...sources].filter(([, text]) => text.split('\n').length - 1 > 200)
    expect(long.map(([file, text]) => `${file}: ${text.split('\n').length - 1}`)).to.deep.equal([])
  })

  it('has no file that is called after nothing in particular', () => {
    const vague = /\/(?:utils?|helpers?|types|common|misc|index|constants)\.ts$/u
    // git's own word for it.
    expect([...sources.keys()].filter((file) => vague.test(file) && file !== 'src/git/helper.ts')).to.deep.equal([])
  })
})

describe('the check of the architecture', () => {
  const planted = (file: string, text: string) => new Map([[file, text]])

  for (const text of [
    "import {a} from '../backends/tool.js'",
    "import type {A} from '../backends/tool.js'",
    "import '../backends/tool.js'",
    "import {\n  a,\n  b,\n} from '../backends/tool.js'",
    "export {a} from '../backends/tool.js'",
    "export * from '../backends/tool.js'",
    "const {a} = await import('../backends/tool.js')",
    "type A = import('../backends/tool.js').A",
    'const a = require("../backends/tool.js")',
  ])
    it(`sees ${JSON.stringify(text)}`, () => {
      expect(ownImports('src/host/x.ts', text)).to.deep.equal(['src/backends/tool.ts'])
    })

  it('does not see what a comment says', () => {
    const text = "// import 'execa'\n/* import {a} from 'execa'\n console.log() */\nconst url = 'https://execa'\n"
    expect(importsOf(text)).to.deep.equal([])
    expect(filesWith(planted('src/x.ts', text), CONSOLE)).to.deep.equal([])
  })

  const wrong = [
    ['src/backends/netrc/netrc-file.ts', '../../credentials/find.js'],
    ['src/backends/tool.ts', '../heroku/api.js'],
    ['src/credentials/find.ts', '../commands/auth/login.js'],
    ['src/credentials/find.ts', '../git/protocol.js'],
    ['src/heroku/api.ts', '../host/override-commands.js'],
    ['src/host/override-commands.ts', '../git/protocol.js'],
    ['src/process/run.ts', '../backends/tool.js'],
    ['src/files/lock.ts', '../ui/printable.js'],
    ['src/heroku/endpoints.ts', '../base-command.js'],
    ['src/heroku/api.ts', '../hooks/init.js'],
    ['src/git/helper-values.ts', '../status/report.js'],
    ['src/status/facts.ts', '../migrate/plan.js'],
    ['src/status/facts.ts', '../commands/auth/status.js'],
    ['src/errors.ts', './process/signals.js'],
  ] as const
  for (const [file, from] of wrong)
    it(`objects to ${from} in ${file}`, () => {
      expect(wrongWays(planted(file, `import {x} from '${from}'\n`))).to.deep.equal([
        `${file} imports ${targetOf(file, from)}`,
      ])
    })

  const right = [
    ['src/commands/auth/login.ts', '../../heroku/api.js'],
    ['src/commands/auth/login.ts', '../../base-command.js'],
    ['src/heroku/api.ts', './http.js'],
    ['src/git/protocol.ts', '../credentials/find.js'],
    ['src/status/git-facts.ts', '../git/helper-values.js'],
    ['src/credentials/find.ts', '../backends/netrc/netrc-file.js'],
    ['src/files/atomic-write.ts', '../errors.js'],
    ['src/files/lock.ts', '../process/signals.js'],
    ['src/backends/tool.ts', '../process/run.js'],
  ] as const
  for (const [file, from] of right)
    it(`has nothing against ${from} in ${file}`, () => {
      expect(wrongWays(planted(file, `import {x} from '${from}'\n`))).to.deep.equal([])
    })

  it('finds a cycle', () => {
    const round = new Map([
      ['src/a.ts', "import './b.js'"],
      ['src/b.ts', "import('./c.js')"],
      ['src/c.ts', "import type {A} from './a.js'"],
      ['src/d.ts', "import './a.js'"],
    ])
    expect(cycles(round)).to.deep.equal(['src/a.ts', 'src/b.ts', 'src/c.ts'])
  })

  const oddities: [RegExp, string][] = [
    [PLATFORM, "if (process.platform === 'win32') {}"],
    [PLATFORM, 'const {env, platform} = process'],
    [PLATFORM, 'const {platform: system} = process'],
    [CONSOLE, 'console.log(1)'],
    [CONSOLE, "console['log'](1)"],
    [CHILD_PROCESS, "import {spawn} from 'node:child_process'"],
    [CHILD_PROCESS, 'await import("child_process")'],
    [SHELL, 'execa(file, [], {shell: true})'],
    [SHELL, 'execSync(command)'],
  ]
  for (const [pattern, text] of oddities)
    it(`finds ${text}`, () => {
      expect(filesWith(planted('src/x.ts', `const a = 1\n${text}\n`), pattern)).to.deep.equal(['src/x.ts'])
    })

  it('takes a library for itself, whatever part of it is imported, and for no other', () => {
    expect(usersOf(planted('src/x.ts', "import 'execa/lib/x.js'"), 'execa')).to.deep.equal(['src/x.ts'])
    expect(usersOf(planted('src/x.ts', "import 'execa-more'"), 'execa')).to.deep.equal([])
    expect(usersOf(planted('src/x.ts', "await import('@oclif/core/ux')"), '@oclif/core')).to.deep.equal(['src/x.ts'])
  })
})
