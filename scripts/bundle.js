// Bundles each program on a hot path into one file, since loading files and parsing lines takes time: the git helper, which starts
// at every push; the init hook, which runs before every command; the worker for netrc-parser's users; and the client adapters.
import {build} from 'esbuild'
import {readFileSync, rmSync, writeFileSync} from 'node:fs'
import {dirname, join, relative} from 'node:path'

/**
 * Keeps dynamic imports out of a bundle: they load the file that tsc has written.
 * @param outdir the folder of the bundle
 * @param stays whether to keep a file out, by its path below src
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
  // CommonJS starts faster than an ES module, and a minified file faster than a long one.
  format: 'cjs',
  minify: true,
  // To read a token from a keychain, the helper needs neither .netrc, with its lock and gpg, nor the code that writes: two thirds
  // of all code. The keychains are bundled, since loading one ES module takes longer than parsing the two that are not used.
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

// CommonJS, from sources that use import.meta: the init hook, and the adapter for netrc-parser, which only commands with an older
// client need.
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
// Hosts before version 11 are CommonJS, and the first import of an ES module loads node's ES module loader. `require` avoids that.
const hook = readFileSync('dist/hooks/init.cjs', 'utf8')
const inHook = hook.replace('import("../host/netrc-parser/patch.js")', 'require("../host/netrc-parser/patch.cjs")')
if (inHook === hook) throw new Error('the hook does not import netrc-parser/patch.js')
writeFileSync('dist/hooks/init.cjs', inHook)

// The adapter for @heroku-cli/command 12.4 and later, which is an ES module itself.
await build({
  ...common,
  entryPoints: ['src/host/credential-provider.ts'],
  outfile: 'dist/host/credential-provider.js',
  format: 'esm',
  minify: true,
  packages: 'external',
  plugins: [lazyImportsStay('dist/host')],
})
