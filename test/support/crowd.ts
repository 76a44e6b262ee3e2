// Many processes that start at the same moment and share one keyring, one data folder and one .netrc.
import {build} from 'esbuild'
import {spawn} from 'node:child_process'
import {mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'
import type {Order, Outcome} from '../fixtures/concurrency/actor.js'
import {type Keyring, startKeyring} from './keyring.js'
import {openSandbox, type Sandbox} from './sandbox.js'

const ACTOR = fileURLToPath(new URL('../fixtures/concurrency/actor.ts', import.meta.url))

export type Done = Outcome & {order: Order}

export interface Crowd {
  readonly sandbox: Sandbox
  readonly keyring: Keyring
  readonly dataDir: string
  /** Starts one process per order, all at once. Resolves when all have ended. */
  act(orders: readonly Order[]): Promise<Done[]>
  stop(): Promise<void>
}

/** Prepares the processes: our code is bundled into one file, so they start fast. */
export async function gatherCrowd(): Promise<Crowd> {
  const sandbox = openSandbox()
  const program = join(sandbox.root, 'actor.mjs')
  // Bundled CommonJS packages load node's modules with require().
  const banner = {js: "import {createRequire} from 'node:module'; const require = createRequire(import.meta.url)"}
  await build({entryPoints: [ACTOR], outfile: program, bundle: true, platform: 'node', format: 'esm', banner})
  const keyring = await startKeyring(sandbox)
  const dataDir = join(sandbox.home, 'data')
  mkdirSync(dataDir, {recursive: true, mode: 0o700})
  const env = {...sandbox.envWith(keyring.env), DATA_DIR: dataDir}

  return {
    sandbox,
    keyring,
    dataDir,
    async act(orders) {
      const actors = await Promise.all(orders.map((order) => startActor(program, order, env)))
      const watchers = actors.filter(({order}) => order.does === 'watch')
      const others = actors.filter((actor) => !watchers.includes(actor))
      for (const each of [...watchers, ...others]) each.begin()
      const done = await Promise.all(others.map((each) => each.done()))
      for (const each of watchers) each.begin()
      return [...done, ...(await Promise.all(watchers.map((each) => each.done())))]
    },
    async stop() {
      await keyring.stop()
      await sandbox.close()
    },
  }
}

async function startActor(program: string, order: Order, env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [program], {env, stdio: ['pipe', 'pipe', 'inherit']})
  child.stdin.on('error', () => undefined)
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]()
  const line = async () => {
    const next = (await lines.next()) as IteratorResult<string, undefined>
    if (next.done === true) throw new Error('an actor ended without a word')
    return next.value
  }
  await line()
  return {
    order,
    begin: () => child.stdin.write(`${JSON.stringify(order)}\n`),
    done: async (): Promise<Done> => ({order, ...(JSON.parse(await line()) as Outcome)}),
  }
}
