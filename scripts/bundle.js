// Makes the git helper one file: it is started for every push, and each file to load is time.
import {build} from 'esbuild'

await build({
  entryPoints: ['src/git/helper.ts'],
  outfile: 'dist/git-helper.cjs',
  bundle: true,
  platform: 'node',
  // CommonJS starts faster than an ES module.
  format: 'cjs',
  target: 'node20',
  logLevel: 'warning',
})
