// Removes files from dist that nothing in the package imports, since their code is in a bundle.
import {build} from 'esbuild'
import {readdirSync, rmSync} from 'node:fs'

const built = readdirSync('dist', {recursive: true, encoding: 'utf8'})
  .map((name) => `dist/${name.replaceAll('\\', '/')}`)
  .filter((name) => /\.c?js$/u.test(name))

// Started or loaded by other programs.
const entryPoints = built.filter((name) =>
  /^dist\/(?:commands|hooks)\/|^dist\/(?:git-helper|netrc-worker|host\/netrc-parser\/patch)\.cjs$/u.test(name),
)
const {metafile} = await build({
  entryPoints,
  bundle: true,
  metafile: true,
  write: false,
  outdir: 'dist',
  packages: 'external',
  platform: 'node',
  format: 'esm',
  logLevel: 'warning',
})
for (const name of built) if (!(name in metafile.inputs)) rmSync(name)
