// Makes one file each of what is on a hot path, where every file to load and every line to parse is time: the git helper,
// which is started for every push, the init hook, which runs before every command, the worker that blocks older readers of
// .netrc, and what other commands get their tokens by.
import {build} from 'esbuild'
import {readFileSync, rmSync, writeFileSync} from 'node:fs'
import {dirname, join, relative} from 'node:path'

/**
 * Leaves what is imported when it is needed, and only then, where tsc has put it.
 * @param outdir the folder of the bundle
 * @param stays whether to leave a file, by its path below src
 */
const lazyImportsStay = (outdir, stays = () => true) => ({
  name: 'lazy-imports-stay',
  setup({onResolve}) {
    onResolve({filter: /^\.{1,2}\//}, ({importer, kind, path}) => {
      const file = join(dirname(importer), path)
      const source = relative(join(process.cwd(), 'src'), file).replaceAll('\\', '/')
      if (kind !== 'dynamic-import' || !stays(source)) return undefined
      const fromBundle = relative(outdir, join('dist', source)).replaceAll('\\', '/')
      return {path: fromBundle.startsWith('.') ? fromBundle : `./${fromBundle}`, external: true}
    })
  },
})

const isKeychain = (source) => /^backends\/(?:macos-keychain|secret-service|windows-vault)\.js$/u.test(source)

const common = {bundle: true, platform: 'node', target: 'node20', logLevel: 'warning'}

await build({
  ...common,
  entryPoints: ['src/git/helper.ts'],
  outfile: 'dist/git-helper.cjs',
  // CommonJS starts faster than an ES module, and fewer characters faster than more.
  format: 'cjs',
  minify: true,
  // A token in a keychain never needs the .netrc, with its lock and its gpg, and nothing is written: two thirds of all
  // the code. The keychains are in it, since loading an ES module takes longer than skipping over two of three.
  plugins: [lazyImportsStay('dist', (source) => !isKeychain(source))],
})

await build({
  ...common,
  entryPoints: ['src/host/netrc-parser/worker.ts'],
  outfile: 'dist/netrc-worker.cjs',
  format: 'cjs',
  minify: true,
  packages: 'external',
  plugins: [
    lazyImportsStay('dist', (source) =>
      ['backends/netrc/netrc-file.js', 'backends/account-aliases.js'].includes(source),
    ),
  ],
})

// CommonJS, of files that say import.meta in the source: what every command of a host loads, and what stands before
// netrc-parser, which only commands with an older client need.
for (const [source, outdir] of [
  ['src/hooks/init.ts', 'dist/hooks'],
  ['src/host/netrc-parser/patch.ts', 'dist/host/netrc-parser'],
])
  await build({
    ...common,
    entryPoints: [source],
    outdir,
    outExtension: {'.js': '.cjs'},
    format: 'cjs',
    minify: true,
    packages: 'external',
    define: {'import.meta.url': 'fileUrl'},
    banner: {js: "const fileUrl = require('node:url').pathToFileURL(__filename).href"},
    plugins: [lazyImportsStay(outdir)],
  })
rmSync('dist/hooks/init.js')
// Before version 11 the host is CommonJS, and pays for the loader of ES modules where somebody needs it first: so no
// command of such a host does.
const hook = readFileSync('dist/hooks/init.cjs', 'utf8')
const inHook = hook.replace('import("../host/netrc-parser/patch.js")', 'require("../host/netrc-parser/patch.cjs")')
if (inHook === hook) throw new Error('the hook does not import netrc-parser/patch.js')
writeFileSync('dist/hooks/init.cjs', inHook)

// For commands of CLI 11.
await build({
  ...common,
  entryPoints: ['src/host/credential-provider.ts'],
  outfile: 'dist/host/credential-provider.js',
  format: 'esm',
  minify: true,
  packages: 'external',
  plugins: [lazyImportsStay('dist/host')],
})
