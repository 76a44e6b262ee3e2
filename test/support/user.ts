// A user with a private home folder and an in-memory keychain, for tests of the policy.
import {mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import type {Keychain} from '../../src/backends/resolve.js'
import {CredentialStores, type StoresContext} from '../../src/credentials/stores.js'
import {endpointsFrom} from '../../src/heroku/endpoints.js'
import {run} from '../../src/process/run.js'
import {memoryKeychain, type MemoryKeychain} from './memory-keychain.js'

export const ada = {account: 'ada@example.com', token: 'HRKU-adas'}
export const grace = {account: 'grace@example.com', token: 'HRKU-graces'}

export const noKeychain: Keychain = {
  name: undefined,
  because: 'secret-tool is not installed',
  hint: 'install it',
}

export interface User {
  readonly home: string
  readonly dataDir: string
  readonly netrcPath: string
  readonly memory: MemoryKeychain
  /** Every notice shown to the user. */
  readonly notices: string[]
  /** A new process's stores: the same home and keychain each time, no state from the previous one. */
  stores(env?: NodeJS.ProcessEnv, keychain?: Keychain, context?: Partial<StoresContext>): CredentialStores
  /** A file below the home folder; undefined if there is none. */
  read(path: string): string | undefined
  write(path: string, content: string): void
}

/** A Heroku login's entries in `.netrc`, one for each host. */
export const entries = (
  {account, token}: {account?: string; token: string},
  hosts = ['api.heroku.com', 'git.heroku.com'],
): string =>
  hosts
    .map((host) => `machine ${host}\n${account === undefined ? '' : `  login ${account}\n`}  password ${token}\n`)
    .join('')

export const LOGIN_JSON = 'data/login.json'
export const OUR_JSON = 'data/heroku-keychain.json'

/** Creates a new user for each case of the enclosing `describe`, and removes the home afterwards. */
export function freshUser(): User {
  let now: Pick<User, 'home' | 'memory' | 'notices'> | undefined
  const current = () => {
    if (!now) throw new Error('there is a user in a test only')
    return now
  }

  beforeEach(() => {
    const home = realpathSync(mkdtempSync(join(tmpdir(), 'keychain-user-')))
    now = {home, memory: memoryKeychain(), notices: []}
  })
  afterEach(() => {
    rmSync(current().home, {recursive: true, force: true})
  })

  return {
    get home() {
      return current().home
    },
    get memory() {
      return current().memory
    },
    get notices() {
      return current().notices
    },
    get dataDir() {
      return join(current().home, 'data')
    },
    get netrcPath() {
      return join(current().home, process.platform === 'win32' ? '_netrc' : '.netrc')
    },
    stores(changes = {}, keychain = current().memory.keychain, context = {}) {
      const {home, notices} = current()
      const env = {HOME: home, PATH: process.env.PATH, ...changes}
      return new CredentialStores({
        env,
        dataDir: join(home, 'data'),
        endpoints: endpointsFrom(env),
        keychain,
        run,
        timeoutMs: 5000,
        notify: (line) => notices.push(line),
        ...context,
      })
    },
    read(path) {
      try {
        return readFileSync(join(current().home, path), 'utf8')
      } catch {
        return undefined
      }
    },
    write(path, content) {
      const file = join(current().home, path)
      mkdirSync(dirname(file), {recursive: true})
      writeFileSync(file, content, {mode: 0o600})
    },
  }
}
