// Sets up this process like a command of an older CLI: a private home, a real keyring, and copies of netrc-parser.
import {mkdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {dirname, join} from 'node:path'
import type {NetrcModule} from '../../src/host/netrc-parser/patch.js'
import {openSyncCredentials, type SyncCredentials} from '../../src/host/netrc-parser/sync-credentials.js'
import {type Keyring, startKeyring} from './keyring.js'
import {buildWorker} from './netrc-worker.js'
import {openSandbox, type Sandbox} from './sandbox.js'

export interface NetrcReader {
  readonly sandbox: Sandbox
  readonly keyring: Keyring
  readonly home: string
  /** This process's synchronous credentials; created on first use, with the variables of that moment. */
  readonly credentials: SyncCredentials
  /** The worker process's program. */
  readonly worker: URL
  /** Drops the cached `credentials`. */
  startAnew(): void
  /** The number of times a keychain's tool was started for us. */
  calls(): number
  /** The keyring's tokens, by account. */
  tokens(): Promise<Record<string, string | undefined>>
  store(credential: {account: string; token: string}): Promise<void>
  /** A file below the home folder; undefined if there is none. */
  read(path: string): string | undefined
  write(path: string, content: string): void
  /** The file's inode: it reveals that a file was replaced by an equal one. */
  inode(path: string): number
}

/** Loads a private copy of netrc-parser. */
export function copyOfNetrcParser(): NetrcModule {
  const require = createRequire(import.meta.url)
  Reflect.deleteProperty(require.cache, require.resolve('netrc-parser'))
  return require('netrc-parser') as NetrcModule
}

/** Creates an empty home and an empty keyring for each case of the enclosing `describe`. */
export function freshNetrcReader(): NetrcReader {
  const developers = {...process.env}
  let opened: {sandbox: Sandbox; keyring: Keyring; worker: URL; env: NodeJS.ProcessEnv} | undefined
  let credentials: SyncCredentials | undefined
  const current = () => {
    if (!opened) throw new Error('there is a reader in a test only')
    return opened
  }
  const home = () => join(current().sandbox.home, 'ada')
  const log = () => join(current().sandbox.root, 'calls')

  before(async () => {
    const sandbox = openSandbox()
    const keyring = await startKeyring(sandbox)
    const worker = await buildWorker(sandbox.root)
    // The sandbox checks its own home, and would reject this process's as the developer's.
    const env = {...sandbox.envWith(keyring.env), HOME: join(sandbox.home, 'ada'), PATH: `${sandbox.root}/tools`}
    opened = {sandbox, keyring, worker, env}
    mkdirSync(env.PATH)
    const script = `#!/bin/sh\necho >> '${log()}'\nexec /usr/bin/secret-tool "$@"\n`
    writeFileSync(join(env.PATH, 'secret-tool'), script, {mode: 0o755})
  })
  beforeEach(async () => {
    const {env, keyring} = current()
    replaceEnv(env)
    await keyring.unlock()
    await keyring.clear({service: 'heroku-cli'})
    rmSync(home(), {recursive: true, force: true})
    rmSync(log(), {force: true})
    mkdirSync(home())
    credentials = undefined
  })
  after(async () => {
    replaceEnv(developers)
    await current().keyring.stop()
    await current().sandbox.close()
  })

  return {
    get sandbox() {
      return current().sandbox
    },
    get keyring() {
      return current().keyring
    },
    get home() {
      return home()
    },
    get worker() {
      return current().worker
    },
    get credentials() {
      credentials ??= openSyncCredentials({bin: 'heroku', dataDir: join(home(), 'data')}, {worker: current().worker})
      return credentials
    },
    startAnew() {
      credentials = undefined
    },
    calls: () => readOr(log(), '').length,
    async tokens() {
      const items = await current().keyring.items()
      return Object.fromEntries(items.map(({attributes, secret}) => [attributes.account ?? '', secret]))
    },
    store: ({account, token}) =>
      current().keyring.store({label: 'Heroku CLI', attributes: {service: 'heroku-cli', account}, secret: token}),
    read: (path) => readOr(join(home(), path), undefined),
    write(path, content) {
      const file = join(home(), path)
      mkdirSync(dirname(file), {recursive: true})
      writeFileSync(file, content, {mode: 0o600})
    },
    inode: (path) => statSync(join(home(), path)).ino,
  }
}

function replaceEnv(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (!(name in env)) Reflect.deleteProperty(process.env, name)
  Object.assign(process.env, env)
}

function readOr<T>(file: string, otherwise: T): string | T {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return otherwise
  }
}
