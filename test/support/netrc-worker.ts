import {build} from 'esbuild'
import {join} from 'node:path'
import {fileURLToPath, pathToFileURL} from 'node:url'

const SOURCE = fileURLToPath(new URL('../../src/host/netrc-parser/worker.ts', import.meta.url))

/**
 * Bundles the worker as the build does, so that it starts as fast as in an installation.
 * @returns the file to start
 */
export async function buildWorker(folder: string): Promise<URL> {
  const outfile = join(folder, 'netrc-worker.cjs')
  await build({entryPoints: [SOURCE], outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'warning'})
  return pathToFileURL(outfile)
}
