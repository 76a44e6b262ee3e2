// Kills a process in the middle of its work, with a real keyring and real files: at any operation that changes
// something, or at any moment.
import {build} from 'esbuild'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {resolveKeychain} from '../../src/backends/resolve.js'
import {CredentialStores} from '../../src/credentials/stores.js'
import {spawnTool} from '../../src/process/spawn.js'
import {endpointsFrom} from '../../src/heroku/endpoints.js'
import {type Keyring, startKeyring} from './keyring.js'
import {REPOSITORY} from './npm.js'
import {openSandbox, type Sandbox} from './sandbox.js'

const DRIVER = fileURLToPath(new URL('../fixtures/killed/driver.ts', import.meta.url))

/** An operation that the driver runs. */
export type Work = 'login' | 'logout' | 'migrate' | 'migrate back'

interface Credential {
  account: string
  token: string
}

/** A user with a private home and keyring. */
export interface Person {
  readonly home: string
  /** A file below the home folder; empty if there is none. */
  read(path: string): string
  write(path: string, text: string): void
  store(credential: Credential): Promise<void>
  clear(): Promise<void>
  /** The account's token in the keyring; empty if there is none. */
  secretOf(account: string): Promise<string>
  /** The stores of a process that is not killed. */
  stores(): CredentialStores
  /**
   * Starts the work, and kills it at an operation, counted from 1, or `afterMs` after it has loaded its modules.
   * @returns whether it was killed: it may have finished first
   * @throws {Error} if the work failed
   */
  killed(work: Work, at: {operation: number} | {afterMs: number}): Promise<boolean>
}

/** Bundles the driver, and creates two users, so that two processors are busy. */
export function peopleWhoAreKilled(): {readonly people: readonly Person[]} {
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
      people.push(personIn(sandbox, await startKeyring(sandbox), bundle))
    }
  })
  after(async () => {
    rmSync(folder, {recursive: true, force: true})
    for (const person of people) await person.stop()
  })

  return {people}
}

function personIn(sandbox: Sandbox, keyring: Keyring, bundle: string): Person & {stop(): Promise<void>} {
  const {home} = sandbox
  const env = {...process.env, ...keyring.env, HOME: home}
  const tool = (args: string[], input = '') =>
    spawnTool('/usr/bin/secret-tool', args, {env: keyring.env, input, timeoutMs: 20_000})
  const attributes = (account: string) => ['--', 'service', 'heroku-cli', 'account', account]

  return {
    home,
    read(path) {
      try {
        return readFileSync(join(home, path), 'utf8')
      } catch {
        return ''
      }
    },
    write(path, text) {
      mkdirSync(join(home, path, '..'), {recursive: true})
      writeFileSync(join(home, path), text, {mode: 0o600})
    },
    async store({account, token}) {
      await tool(['store', '--label=Heroku CLI', ...attributes(account)], token)
    },
    async clear() {
      await tool(['clear', '--', 'service', 'heroku-cli'])
    },
    async secretOf(account) {
      const answer = await tool(['lookup', ...attributes(account)])
      return answer.status === 'exited' && answer.code === 0 ? answer.stdout : ''
    },
    stores: () =>
      new CredentialStores({
        env,
        dataDir: join(home, 'data'),
        endpoints: endpointsFrom({}),
        keychain: resolveKeychain(env, process.platform),
        run: (file, args, options) => spawnTool(file, args, {...options, env: {...keyring.env, ...options.env}}),
        timeoutMs: 20_000,
        notify: () => undefined,
      }),
    async killed(work, at) {
      const operation = 'operation' in at ? at.operation : 0
      const child = spawn(process.execPath, [bundle, home, work, String(operation)], {
        env,
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
      if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the ${work} failed: ${said}`)
      return signal === 'SIGKILL'
    },
    async stop() {
      await keyring.stop()
      await sandbox.close()
    },
  }
}

/** Runs `work` for all users in parallel, each until it returns false. */
export async function share(people: readonly Person[], work: (person: Person) => Promise<boolean>): Promise<void> {
  await Promise.all(
    people.map(async (person) => {
      while (await work(person));
    }),
  )
}
