// Checks docs/dependencies.md: our dependencies, their size, and what they can access.
import {expect} from 'chai'
import {readFileSync, statSync} from 'node:fs'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {filesOf, type Locked, productionTree} from './support/lockfile.js'
import {REPOSITORY} from './support/npm.js'
import {openSandbox, type Sandbox} from './support/sandbox.js'

const read = (file: string) => readFileSync(join(REPOSITORY, file), 'utf8')
const nameOf = ({path}: Locked) => path.replace(/^.*node_modules\//u, '')

/** The Node modules that code loads by name. */
const LOADED = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)["'](?:node:)?([a-z\d_/]+)["']/gu
const CONNECTING = ['dgram', 'dns', 'dns/promises', 'http', 'http2', 'https', 'inspector', 'net', 'tls']

/** The packages with code that loads one of these Node modules, without their examples and tests. */
const packagesThatLoad = (modules: readonly string[], tree: readonly Locked[]) =>
  tree
    .filter((each) =>
      filesOf(each)
        .filter((file) => /^(?!.*[/\\](?:example|test)[/\\]).*\.[cm]?js$/u.test(file.slice(REPOSITORY.length)))
        .some((file) =>
          [...readFileSync(file, 'utf8').matchAll(LOADED)].some(([, name = '']) => modules.includes(name)),
        ),
    )
    .map(nameOf)

describe('docs/dependencies.md', () => {
  const doc = read('docs/dependencies.md')
  const tree = productionTree()
  const {dependencies} = JSON.parse(read('package.json')) as {dependencies: Record<string, string>}

  /** The rows of the table with this header, by the name in their first column. */
  const table = (heading: RegExp) => {
    const lines = doc.slice(doc.search(heading)).split('\n')
    const rows = lines.slice(2, lines.indexOf(''))
    return rows.map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
  }
  const figure = (label: string) => new RegExp(`^- ${label}: (.+)$`, 'mu').exec(doc)?.[1]

  it('lists why each dependency is needed, and its versions', () => {
    const ranges = table(/^\| package +\| range/mu).map(([name = '', range]) => [name, range])
    expect(Object.fromEntries(ranges)).to.deep.equal(dependencies)
  })

  it("lists each one's maintainers and repository", () => {
    const keepers = table(/^\| package +\| kept by/mu)
    expect(keepers.map(([name]) => name)).to.deep.equal(Object.keys(dependencies))
    for (const [name = '', keeper = ''] of keepers) {
      const {repository} = JSON.parse(read(`node_modules/${name}/package.json`)) as {repository: string | {url: string}}
      const [, address = 'none given'] = /\((.+)\)/u.exec(keeper) ?? []
      expect(typeof repository === 'string' ? repository : repository.url).to.include(address)
    }
  })

  it('lists the number of packages, and their size', () => {
    const files = tree.flatMap(filesOf)
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0)
    expect({
      packages: figure('packages in all'),
      installed: figure('installed'),
    }).to.deep.equal({packages: `${tree.length}`, installed: `${(bytes / 1e6).toFixed(2)} MB`})
  })

  it('states that no package has an install script or native code', () => {
    expect(tree.filter(({hasInstallScript}) => hasInstallScript).map(nameOf)).to.deep.equal([])
    expect(tree.filter(({cpu, os}) => cpu ?? os).map(nameOf)).to.deep.equal([])
    const native = tree.flatMap(filesOf).filter((file) => /\.node$|binding\.gyp$/u.test(file))
    expect(native).to.deep.equal([])
    expect(figure('packages with an install script')).to.equal('none')
    expect(figure('packages with native code')).to.equal('none')
  })

  it('allows all Node versions that we support', () => {
    const {engines} = JSON.parse(read('package.json')) as {engines: {node: string}}
    const oldest = /^>=(\d+\.\d+\.\d+)$/u.exec(engines.node)?.[1] ?? 'none'
    // All ranges have the form `^18.19.0 || >=20.5.0`, `18 || 20 || >=22`, or `*`.
    const takes = (range: string) =>
      range.split('||').some((part) => {
        const [, from] = /^\s*>=\s*([\d.]+)\s*$/u.exec(part) ?? []
        return (
          ['*', oldest.split('.')[0]].includes(part.trim()) ||
          (from !== undefined && from.localeCompare(oldest, 'en', {numeric: true}) <= 0)
        )
      })
    const ranges = tree.flatMap(({engines}) => engines?.node ?? [])
    expect(ranges.filter((range) => !takes(range))).to.deep.equal([])
  })

  it('states that only undici uses the network', () => {
    expect(packagesThatLoad(CONNECTING, tree)).to.deep.equal(['undici'])
    const networks = table(/^\| package +\| kept by/mu).map(([name, , network]) => [name, network])
    expect(networks.filter(([, network]) => network !== 'no')).to.deep.equal([['undici', 'Heroku, a proxy']])
  })

  it('lists the packages that could start programs', () => {
    // Those below the seven: cross-spawn is execa's, and netrc-parser's; ejs has it in the script that builds itself;
    // the rest is what open finds out about the system with.
    const below = ['cross-spawn', 'default-browser', 'default-browser-id', 'ejs', 'powershell-utils', 'run-applescript']
    const found = new Set(packagesThatLoad(['child_process'], tree))
    const direct = table(/^\| package +\| kept by/mu).flatMap(([name = '', , , processes]) =>
      processes === 'no' || name === 'netrc-parser' ? [] : [name],
    )
    expect([...found].sort()).to.deep.equal([...direct, ...below, 'unicorn-magic', 'wsl-utils'].sort())
  })
})

describe('npm run audit:dependencies', () => {
  let sandbox: Sandbox
  beforeEach(() => {
    sandbox = openSandbox()
  })
  afterEach(() => sandbox.close())

  /** Replaces npm's output. */
  async function audit(answer: unknown, exitCode: number) {
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
    await writeFile(join(sandbox.bin, 'npm'), `#!/bin/sh\ncat <<'END'\n${text}\nEND\nexit ${exitCode}\n`, {mode: 0o755})
    return sandbox.run('node', [join(REPOSITORY, 'scripts', 'audit.js')])
  }
  const metadata = (total: number) => ({vulnerabilities: {total}, dependencies: {prod: 91, dev: 0, total: 91}})

  it('succeeds without a finding', async () => {
    expect(await audit({vulnerabilities: {}, metadata: metadata(0)}, 0)).to.deep.equal({
      stdout: 'nothing is known against 91 production dependencies\n',
      stderr: '',
      exitCode: 0,
    })
  })

  it('fails with a finding, and names it', async () => {
    const vulnerabilities = {undici: {name: 'undici', range: '<=7.30.2', severity: 'low'}}
    const {exitCode, stderr} = await audit({vulnerabilities, metadata: metadata(1)}, 1)
    expect(stderr).to.match(/^low: undici <=7\.30\.2\n1 of 91 production dependencies have known vulnerabilities/u)
    expect(exitCode).to.equal(1)
  })

  const noAnswers: Record<string, [answer: unknown, exitCode: number]> = {
    'a registry that cannot audit': [{message: '405 Method Not Allowed', statusCode: 405, error: {summary: ''}}, 1],
    'no network': [{message: 'request failed, reason: getaddrinfo ENOTFOUND', error: {}}, 1],
    'an npm that says nothing': ['', 0],
    'an npm that says something else': ['<html>', 0],
    'a report about nothing': [
      {vulnerabilities: {}, metadata: {vulnerabilities: {total: 0}, dependencies: {prod: 0}}},
      0,
    ],
  }
  for (const [what, [answer, exitCode]] of Object.entries(noAnswers))
    it(`never takes ${what} for a result without findings`, async () => {
      const finished = await audit(answer, exitCode)
      expect(finished.stdout).to.equal('')
      expect(finished.stderr).to.match(/^NOT AUDITED: \S/u)
      expect(finished.exitCode).to.equal(2)
    })
})
