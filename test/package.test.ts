// The files that an installation gets, none of which npm runs.
import {expect} from 'chai'
import {execa} from 'execa'
import {readdirSync} from 'node:fs'
import {mkdtemp, readFile, rm, stat} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join, posix} from 'node:path'
import {packPlugin} from './support/host-cli.js'
import {REPOSITORY} from './support/npm.js'

/** In bytes; to be raised on purpose, when there is more to be had for it. */
const LARGEST = {packed: 200_000, unpacked: 640_000}

/** What is no program of ours. */
const BESIDES = ['LICENSE', 'README.md', 'oclif.manifest.json', 'package.json']

/** What npm runs by itself where a package is installed. */
const BY_ITSELF = ['preinstall', 'install', 'postinstall', 'prepare', 'preuninstall', 'uninstall', 'postuninstall']

interface Manifest {
  scripts: Record<string, string>
  engines: {node: string}
  keywords: string[]
  license: string
}

const filesBelow = (folder: string) =>
  readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort()

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)["'](\.[^"']+)["']/gu

describe('the package', function () {
  this.timeout(120_000)

  let folder: string
  let packed: number
  /** By path in the package, such as `dist/process/run.js`. */
  let texts: Map<string, string>
  let manifest: Manifest

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keychain-package-'))
    const tarball = await packPlugin()
    packed = (await stat(tarball)).size
    await execa('tar', ['-xzf', tarball, '-C', folder])
    const root = join(folder, 'package')
    const read = async (file: string) => [file, await readFile(join(root, file), 'utf8')] as const
    texts = new Map(await Promise.all(filesBelow(root).map(read)))
    manifest = JSON.parse(texts.get('package.json') ?? '') as Manifest
  })
  after(() => rm(folder, {recursive: true, force: true}))

  /** A program and all that it loads, at once or when it is needed. */
  function loadedBy(file: string, seen = new Set<string>()): Set<string> {
    if (seen.has(file)) return seen
    seen.add(file)
    for (const [, from = ''] of (texts.get(file) ?? '').matchAll(IMPORT))
      loadedBy(posix.join(posix.dirname(file), from), seen)
    return seen
  }

  it('holds the commands, the hooks, the git helper, the worker for older readers, what these load, and four files besides', () => {
    const compiled = filesBelow(join(REPOSITORY, 'src'))
      .filter((source) => /^(?:commands|hooks)\//u.test(source))
      .map((source) => `dist/${source.replace(/\.ts$/u, source.startsWith('hooks/') ? '.cjs' : '.js')}`)
    expect(compiled).to.include('dist/commands/auth/login.js').and.to.include('dist/hooks/init.cjs')
    const programs = ['bin/run.js', 'dist/git-helper.cjs', 'dist/netrc-worker.cjs', ...compiled]
    const loaded = programs.flatMap((program) => [...loadedBy(program)])
    expect([...texts.keys()]).to.deep.equal([...new Set([...loaded, ...BESIDES])].sort())
  })

  it('holds no tests, no sources, no source maps and nothing native', () => {
    const names = [...texts.keys()]
    expect(names.filter((name) => /\.test\.|^test\/|\.ts$|\.map$|\.node$|binding\.gyp$/u.test(name))).to.deep.equal([])
    expect([...texts].filter(([, text]) => text.includes('sourceMappingURL')).map(([name]) => name)).to.deep.equal([])
  })

  it('stays small', () => {
    const unpacked = [...texts.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
    expect(packed).to.be.lessThan(LARGEST.packed)
    expect(unpacked).to.be.lessThan(LARGEST.unpacked)
  })

  it('has the commands in its manifest that it has files for, so that the host need not load them to know them', () => {
    const {commands} = JSON.parse(texts.get('oclif.manifest.json') ?? '') as {commands: Record<string, unknown>}
    const files = [...texts.keys()].flatMap((name) => /^dist\/commands\/(.+)\.js$/u.exec(name)?.[1] ?? [])
    expect(Object.keys(commands).sort()).to.deep.equal(files.map((file) => file.replaceAll('/', ':')).sort())
  })

  it('runs nothing by itself where it is installed', () => {
    expect(BY_ITSELF.filter((name) => name in manifest.scripts)).to.deep.equal([])
  })

  it('can be found by a search for Heroku plugins or keychains', () => {
    expect(manifest.keywords).to.include.members(['heroku', 'heroku-plugin', 'oclif-plugin', 'keychain', 'netrc'])
    expect(manifest.license).to.equal('ISC')
    expect(texts.get('LICENSE')).to.match(/^ISC License\n/u)
  })

  it('asks for the Node that its tests begin with', async () => {
    const workflow = await readFile(join(REPOSITORY, '.github', 'workflows', 'ci.yml'), 'utf8')
    const [, oldest] = /node: \[(\d+)/u.exec(workflow) ?? []
    expect(manifest.engines.node).to.match(new RegExp(String.raw`^>=${oldest ?? 'none'}\.`, 'u'))
  })
})
