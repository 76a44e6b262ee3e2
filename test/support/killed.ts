// Kills a process in the middle of its work, with real stores and real files: at any operation that changes something, or at
// any moment.
import {build} from 'esbuild'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync} from 'node:fs'
import {join, relative} from 'node:path'
import {fileURLToPath} from 'node:url'
import {VARIABLE} from '../../src/credentials/chosen-store.js'
import {keychainsOf} from '../../src/credentials/open-stores.js'
import {CredentialStores} from '../../src/credentials/stores.js'
import {spawnTool} from '../../src/process/spawn.js'
import {endpointsFrom} from '../../src/heroku/endpoints.js'
import {ageLocks} from './migrate.js'
import {REPOSITORY} from './npm.js'
import {openRealStore, type RealStore, type RealStoreName} from './real-stores.js'
import {openSandbox, type Sandbox} from './sandbox.js'

const DRIVER = fileURLToPath(new URL('../fixtures/killed/driver.ts', import.meta.url))

/** An operation that the driver runs. */
export type Work = 'login' | 'logout' | 'migrate' | 'migrate back' | 'migrate from another store'

/** A user with a private home, and with stores. */
export interface Person {
  readonly home: string
  /** A file below the home folder; empty if there is none. */
  read(path: string): string
  write(path: string, text: string): void
  /** The store that the user has chosen, or the keyring. */
  readonly store: RealStore
  /** The keyring, which is there beside a chosen store, too. */
  readonly keyring: RealStore
  /** The files below the home folder that have this text in them. */
  filesWith(text: string): string[]
  /** Backdates the locks and temporary files of processes that were killed. */
  ageLeftovers(): Promise<void>
  /** The stores of a process that is not killed. @param choice of HEROKU_CREDENTIAL_STORE. Default: the user's */
  stores(choice?: string): CredentialStores
  /**
   * Starts the work, and kills it at an operation, counted from 1, or `afterMs` after it has loaded its modules.
   * @param choice of HEROKU_CREDENTIAL_STORE. Default: the user's
   * @returns whether it was killed: it may have finished first
   * @throws {Error} if the work failed
   */
  killed(work: Work, at: {operation: number} | {afterMs: number}, choice?: string): Promise<boolean>
}

/** Bundles the driver, and creates two users with a chosen store, so that two processors are busy. */
export function peopleWhoAreKilled(store: RealStoreName): {readonly people: readonly Person[]} {
  const folder = mkdtempSync(join(REPOSITORY, '.cache', 'driver-'))
  const bundle = join(folder, 'driver.mjs')
  const people: (Person & {stop(): Promise<void>})[] = []

  before(async () => {
    await build({
      entryPoints: [DRIVER],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'warning',
      // Bundled CommonJS packages load node's modules with require().
      banner: {js: "import {createRequire as r} from 'node:module'; const require = r(import.meta.url)"},
    })
    for (let index = 0; index < 2; index++) {
      const sandbox = openSandbox()
      const keyring = await openRealStore('keyring', sandbox)
      people.push(
        personIn(sandbox, keyring, store === 'keyring' ? keyring : await openRealStore(store, sandbox), bundle),
      )
    }
  })
  after(async () => {
    rmSync(folder, {recursive: true, force: true})
    for (const person of people) await person.stop()
  })

  return {people}
}

function personIn(
  sandbox: Sandbox,
  keyring: RealStore,
  store: RealStore,
  bundle: string,
): Person & {stop(): Promise<void>} {
  const {home} = sandbox
  const chosen = store === keyring ? '' : store.option
  const variables = {...keyring.env, ...store.env, HOME: home}
  const envWith = (choice: string) => ({...process.env, ...variables, [VARIABLE]: choice})
  const files = () =>
    readdirSync(home, {recursive: true, withFileTypes: true})
      .filter((each) => each.isFile())
      .map((each) => relative(home, join(each.parentPath, each.name)))
  const read = (path: string) => {
    try {
      return readFileSync(join(home, path), 'utf8')
    } catch {
      return ''
    }
  }

  return {
    home,
    read,
    write(path, text) {
      mkdirSync(join(home, path, '..'), {recursive: true})
      writeFileSync(join(home, path), text, {mode: 0o600})
    },
    store,
    keyring,
    filesWith: (text) => files().filter((path) => read(path).includes(text)),
    async ageLeftovers() {
      await ageLocks(home, join(home, 'data'))
      for (const path of files()) if (path.endsWith('.tmp')) utimesSync(join(home, path), 0, 0)
    },
    stores: (choice = chosen) =>
      new CredentialStores({
        env: envWith(choice),
        dataDir: join(home, 'data'),
        endpoints: endpointsFrom({}),
        ...keychainsOf(envWith(choice), process.platform),
        run: (file, args, options) => spawnTool(file, args, {...options, env: {...variables, ...options.env}}),
        timeoutMs: 20_000,
        notify: () => undefined,
      }),
    async killed(work, at, choice = chosen) {
      const operation = 'operation' in at ? at.operation : 0
      const child = spawn(process.execPath, [bundle, home, work, String(operation)], {
        env: {...envWith(choice), [MARK]: home},
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let said = ''
      let timer: NodeJS.Timeout | undefined
      child.stderr.on('data', (data: Buffer) => (said += data.toString()))
      child.stdout.on('data', () => {
        if ('afterMs' in at) timer ??= setTimeout(() => child.kill('SIGKILL'), at.afterMs)
      })
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
      clearTimeout(timer)
      await toolsHaveEnded(home)
      if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the ${work} failed: ${said}`)
      return signal === 'SIGKILL'
    },
    async stop() {
      for (const each of new Set([store, keyring])) await each.stop()
      await sandbox.close()
    },
  }
}

/** Marks the driver's environment, and that of the tools that it starts. */
const MARK = 'KILLED_BY_TEST'

/** A tool outlives the driver, and would change the store under what comes next. */
async function toolsHaveEnded(home: string): Promise<void> {
  const isTool = (pid: string) => {
    try {
      return /^\d+$/u.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${MARK}=${home}\0`)
    } catch {
      // It has ended, or is another user's.
      return false
    }
  }
  while (readdirSync('/proc').some(isTool)) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Runs `work` for all users in parallel, each until it returns false. */
export async function share(people: readonly Person[], work: (person: Person) => Promise<boolean>): Promise<void> {
  await Promise.all(
    people.map(async (person) => {
      while (await work(person));
    }),
  )
}

/**
 * Kills a work at its first operation, at its second, and so on, until it is done before it is killed.
 * @param kill prepares the user, starts the work, kills it at the operation, and judges. Returns whether it was killed
 * @returns the number of kills
 */
export async function killAtEachOperation(
  people: readonly Person[],
  kill: (person: Person, operation: number, when: string) => Promise<boolean>,
): Promise<number> {
  let next = 1
  let kills = 0
  await share(people, async (person) => {
    const operation = next++
    const killed = await kill(person, operation, `operation ${operation}`)
    if (killed) kills += 1
    return killed
  })
  return kills
}
