// README and CONTRIBUTING say what is there, and all that a user needs to know of is in the README.
import {expect} from 'chai'
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
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
const sources = readdirSync(join(ROOT, 'src'), {recursive: true, encoding: 'utf8'})
  .filter((name) => name.endsWith('.ts'))
  .map((name) => read(join('src', name)))
  .join('\n')
// The variables by which a user tells us something; what the system sets by itself is no matter of the README's.
const VARIABLE = /\b(?:HEROKU_[A-Z_]+|SSO_URL|HTTPS?_PROXY|NO_PROXY|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS)\b/gu
// Set by one of our processes for another.
const INTERNAL = ['HEROKU_KEYCHAIN_FORWARDING']
const variablesIn = (text: string) => [...new Set(text.match(VARIABLE))].sort()

describe('the README', () => {
  const {commands} = JSON.parse(read('oclif.manifest.json')) as Manifest
  const byName = new Map(
    Object.entries(commands).flatMap(([id, command]) => [id, ...command.aliases].map((name) => [name, command])),
  )

  it('names the variables that the code reads, and no others', () => {
    expect(variablesIn(readme)).to.deep.equal(variablesIn(sources).filter((name) => !INTERNAL.includes(name)))
  })

  it('names every command that is not hidden, by the name that it calls it', () => {
    const missing = Object.entries(commands).filter(
      ([id, {aliases, hidden}]) => !hidden && ![id, ...aliases].some((name) => readme.includes(`heroku ${name}`)),
    )
    expect(missing.map(([id]) => id)).to.deep.equal([])
  })

  // The CLI's own, which belong to the story.
  const THE_CLIS = ['plugins:install', 'plugins:uninstall', 'apps', 'version']
  const calls = [
    ...`${readme}\n${contributing}\n${stores}`.matchAll(/heroku ([a-z]+(?::[a-z]+)*)((?: -{1,2}[a-z][a-z-]*)*)/gu),
  ]

  it('calls commands that there are', () => {
    const unknown = calls.map(([, name = '']) => name).filter((name) => !byName.has(name) && !THE_CLIS.includes(name))
    // Prose that has the word heroku before another one.
    const prose = ['accounts']
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
    const text = `${readme}\n${stores}`
    const chosen =
      /(?:--store|--to|HEROKU_CREDENTIAL_STORE"?[=:]|setenv HEROKU_CREDENTIAL_STORE) ?(?:"([^"]+)"|([a-z][\w:]*))/gu
    const names = [...text.matchAll(chosen)].map(([, quoted, word]) => quoted ?? word ?? '')
    expect(names).to.include.members(['pass', 'git', 'keychain', 'helper:cache --timeout 28800', 'netrc'])
    expect(names.filter((name) => name !== NETRC && !parseStore(name))).to.deep.equal([])
  })

  it('quotes what the code says', () => {
    for (const words of [
      'is locked',
      'secret-tool is not installed',
      'in plain text',
      'did not answer within',
      'token, which was not used',
      'not logged in',
      'there is no D-Bus session',
    ]) {
      expect(readme).to.include(words)
      expect(sources).to.include(words)
    }
  })

  for (const [name, text] of [
    ['README.md', readme],
    ['CONTRIBUTING.md', contributing],
  ] as const) {
    it(`links to files that there are: ${name}`, () => {
      const links = [...text.matchAll(/\]\(([^)#]+)\)/gu)].map(([, link = '']) => link)
      expect(links.filter((link) => !/^https?:/u.test(link) && !existsSync(join(ROOT, link)))).to.deep.equal([])
    })

    it(`names scripts that there are: ${name}`, () => {
      const {scripts} = JSON.parse(read('package.json')) as {scripts: Record<string, string>}
      const mentioned = [...text.matchAll(/npm (?:run )?([a-z][a-z\d:]*)/gu)].map(([, script = '']) => script)
      const npms = ['ci', 'pack', 'run']
      expect(mentioned.filter((script) => !(script in scripts) && !npms.includes(script))).to.deep.equal([])
    })
  }

  it('names source files that there are, in CONTRIBUTING.md', () => {
    const mentioned = [...contributing.matchAll(/`((?:src|test)\/[\w./-]+\.ts)`/gu)].map(([, file = '']) => file)
    expect(mentioned).not.to.deep.equal([])
    expect(mentioned.filter((file) => !existsSync(join(ROOT, file)))).to.deep.equal([])
  })
})
