// The README, CONTRIBUTING and docs/ name what there is, and all that a user needs.
import {expect} from 'chai'
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {NETRC, parseStore, STORE_NAMES} from '../src/backends/store-choice.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

interface Manifest {
  commands: Record<string, {aliases: string[]; hidden?: boolean; flags: Record<string, {char?: string}>}>
}

const readme = read('README.md')
const contributing = read('CONTRIBUTING.md')
const stores = read('docs/stores.md')
const environment = read('docs/environment.md')
const troubleshooting = read('docs/troubleshooting.md')
/** Written by hand, not by a script. */
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
]
  .filter((name) => name.endsWith('.md') && name !== 'docs/commands.md')
  .map((name) => ({name, text: read(name)}))
const guides = PAGES.map(({text}) => text).join('\n')
const sources = readdirSync(join(ROOT, 'src'), {recursive: true, encoding: 'utf8'})
  .filter((name) => name.endsWith('.ts'))
  .map((name) => read(join('src', name)))
  .join('\n')
// The variables that a user sets; not those that the system sets.
const VARIABLE = /\b(?:HEROKU_[A-Z_]+|SSO_URL|HTTPS?_PROXY|NO_PROXY|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS)\b/gu
// Set by one of our processes for another.
const INTERNAL = ['HEROKU_KEYCHAIN_FORWARDING']
/** As GitHub names the anchors of a page's headings. */
const headingsOf = (text: string) =>
  [...text.matchAll(/^#+ (.+)$/gmu)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\d\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
const variablesIn = (text: string) => [...new Set(text.match(VARIABLE))].sort()

describe('the README', () => {
  const {commands} = JSON.parse(read('oclif.manifest.json')) as Manifest
  const byName = new Map(
    Object.entries(commands).flatMap(([id, command]) => [id, ...command.aliases].map((name) => [name, command])),
  )

  it('fits on a page', () => {
    // Not the marks of tables and headings.
    const words = readme.split(/\s+/u).filter((word) => /[\p{L}\d]/u.test(word))
    expect(words.length).to.be.at.most(750)
  })

  it('links to each page', () => {
    const missing = PAGES.filter(({name}) => name !== 'README.md' && !readme.includes(`](${name})`))
    expect(missing.map(({name}) => name)).to.deep.equal([])
    expect(readme).to.include('](docs/commands.md)')
  })

  it('has, in docs/environment.md, the variables that the code reads, and no others', () => {
    expect(variablesIn(environment)).to.deep.equal(variablesIn(sources).filter((name) => !INTERNAL.includes(name)))
  })

  it('names every command that is not hidden, by the name that it calls it', () => {
    const missing = Object.entries(commands).filter(
      ([id, {aliases, hidden}]) => !hidden && ![id, ...aliases].some((name) => readme.includes(`heroku ${name}`)),
    )
    expect(missing.map(([id]) => id)).to.deep.equal([])
  })

  // The CLI's own, which belong to the story.
  const THE_CLIS = ['plugins:install', 'plugins:uninstall', 'plugins', 'apps', 'version']
  const calls = [...guides.matchAll(/heroku ([a-z]+(?::[a-z]+)*)((?: -{1,2}[a-z][a-z-]*)*)/gu)]

  it('calls commands that there are', () => {
    const unknown = calls.map(([, name = '']) => name).filter((name) => !byName.has(name) && !THE_CLIS.includes(name))
    // Prose, and git's remote of that name.
    const prose = ['accounts', 'itself', 'main', 'https']
    expect(unknown.filter((name) => !prose.includes(name))).to.deep.equal([])
  })

  it('gives them flags that they have', () => {
    const wrong = calls.flatMap(([call, name = '', given = '']) => {
      const flags = Object.entries(byName.get(name)?.flags ?? {}).flatMap(([flag, {char}]) => [`--${flag}`, `-${char}`])
      return given
        .split(' ')
        .filter((flag) => flag !== '' && byName.has(name) && !flags.includes(flag))
        .map(() => call)
    })
    expect(wrong).to.deep.equal([])
  })

  it('has, in docs/stores.md, a row for each store and no other', () => {
    const rows = [...stores.matchAll(/^\| `([^`]+)` /gmu)].map(([, name = '']) => name)
    expect(rows.sort()).to.deep.equal([...STORE_NAMES].sort())
  })

  it('chooses stores that there are, in its examples and in docs/stores.md', () => {
    const chosen =
      /(?:--store|--to|HEROKU_CREDENTIAL_STORE"?[=:]|setenv HEROKU_CREDENTIAL_STORE) ?(?:"([^"]+)"|([a-z][\w:]*))/gu
    const names = [...guides.matchAll(chosen)].map(([, quoted, word]) => quoted ?? word ?? '')
    expect(names).to.include.members(['pass', 'git', 'keychain', 'helper:cache --timeout 28800', 'netrc'])
    expect(names.filter((name) => name !== NETRC && !parseStore(name))).to.deep.equal([])
  })

  it('quotes, in docs/troubleshooting.md, what the code prints', () => {
    for (const words of [
      'is locked',
      'secret-tool is not installed',
      'in plain text',
      'did not answer within',
      'token, which was not used',
      'not logged in',
      'there is no D-Bus session',
    ]) {
      expect(troubleshooting).to.include(words)
      expect(sources).to.include(words)
    }
  })

  for (const {name, text} of PAGES) {
    it(`links to files and headings that there are: ${name}`, () => {
      const links = [...text.matchAll(/\]\(([^)\s]+)\)/gu)].map(([, link = '']) => link)
      const broken = links.filter((link) => {
        if (/^https?:/u.test(link)) return false
        const [path = '', heading] = link.split('#')
        const file = path === '' ? name : join(dirname(name), path)
        return !existsSync(join(ROOT, file)) || (heading !== undefined && !headingsOf(read(file)).includes(heading))
      })
      expect(broken).to.deep.equal([])
    })

    it(`names scripts that there are: ${name}`, () => {
      const {scripts} = JSON.parse(read('package.json')) as {scripts: Record<string, string>}
      const mentioned = [...text.matchAll(/npm (?:run )?([a-z][a-z\d:]*)/gu)].map(([, script = '']) => script)
      // npm's own, and an example's.
      const npms = ['ci', 'pack', 'run', 'deploy']
      expect(mentioned.filter((script) => !(script in scripts) && !npms.includes(script))).to.deep.equal([])
    })
  }

  it('names source files that there are, in CONTRIBUTING.md', () => {
    const mentioned = [...contributing.matchAll(/`((?:src|test)\/[\w./-]+\.ts)`/gu)].map(([, file = '']) => file)
    expect(mentioned).not.to.deep.equal([])
    expect(mentioned.filter((file) => !existsSync(join(ROOT, file)))).to.deep.equal([])
  })
})
