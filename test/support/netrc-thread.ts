import {build} from 'esbuild'
import {join} from 'node:path'
import {fileURLToPath, pathToFileURL} from 'node:url'

/**
 * Bundles the thread that asks the four tiers, as the build does: no loader of TypeScript can help a thread whose main
 * thread stands still.
 * @param source another thread's source; default: the real one
 * @returns the file to start it from
 */
export async function buildThread(
  folder: string,
  source = fileURLToPath(new URL('../../src/host/netrc-worker.ts', import.meta.url)),
): Promise<URL> {
  const outfile = join(folder, 'netrc-worker.cjs')
  await build({entryPoints: [source], outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'warning'})
  return pathToFileURL(outfile)
}
