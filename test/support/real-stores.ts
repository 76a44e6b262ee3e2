// The stores of a user as their own programs see them, without our code: a keyring, the password store of `pass`, and a git
// credential helper.
import {execFileSync} from 'node:child_process'
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Credential, KeychainName} from '../../src/backends/backend.js'
import {spawnTool} from '../../src/process/spawn.js'
import {createKeyRing} from './key-ring.js'
import {type Keyring, startKeyring} from './keyring.js'
import type {Sandbox} from './sandbox.js'

export type RealStoreName = 'keyring' | 'pass' | 'helper'

export interface RealStore {
  /** As `--store` names it. */
  readonly option: string
  /** As a record of a token names it. */
  readonly savedIn: {name: KeychainName; helper?: string}
  /** The variables with which a program finds it. */
  readonly env: Record<string, string>
  store(credential: Credential): Promise<void>
  /** The account's token; empty if there is none. */
  secretOf(account: string): Promise<string>
  /** Whether nothing of ours is left in it, not even a sealed copy. */
  isEmpty(): Promise<boolean>
  /** Removes all of our tokens. */
  clear(): Promise<void>
  stop(): Promise<void>
}

/** How long a program may take on a busy machine, in milliseconds. */
const PATIENT_MS = 20_000

/** Runs a program of the store's own. @returns its stdout; undefined if it fails @throws {Error} if it does not end */
async function ask(file: string, args: string[], env: Record<string, string>, input = ''): Promise<string | undefined> {
  const answer = await spawnTool(file, args, {env, input, timeoutMs: PATIENT_MS})
  if (answer.status !== 'exited') throw new Error(`the store's own ${file} ${answer.status}`)
  return answer.code === 0 ? answer.stdout : undefined
}

/** @param host the API's host, which a git credential helper stores a token for */
export async function openRealStore(
  name: RealStoreName,
  sandbox: Sandbox,
  {home = sandbox.home, host = 'api.heroku.com'} = {},
): Promise<RealStore> {
  if (name === 'keyring') return keyringOf(await startKeyring(sandbox))
  return name === 'pass' ? passwordStore(home) : gitHelper(join(sandbox.root, 'credentials'), host)
}

export function keyringOf(keyring: Keyring): RealStore {
  const secretTool = (args: string[], input?: string) => ask('/usr/bin/secret-tool', args, keyring.env, input)
  const attributes = (account: string) => ['--', 'service', 'heroku-cli', 'account', account]
  return {
    option: 'keyring',
    savedIn: {name: 'secret-service'},
    env: keyring.env,
    async store({account, token}) {
      await secretTool(['store', '--label=Heroku CLI', ...attributes(account)], token)
    },
    secretOf: async (account) => (await secretTool(['lookup', ...attributes(account)])) ?? '',
    isEmpty: async () => ((await secretTool(['search', '--all', '--', 'service', 'heroku-cli'])) ?? '') === '',
    async clear() {
      await secretTool(['clear', '--', 'service', 'heroku-cli'])
    },
    stop: () => keyring.stop(),
  }
}

/** As `pass insert` and `pass show` have it, with a key without a passphrase. */
function passwordStore(home: string): RealStore {
  const ring = createKeyRing(['ada'])
  const store = join(home, '.password-store')
  const folder = join(store, 'heroku-cli')
  const fileOf = (account: string) => join(folder, `${account}.gpg`)
  const gpg = (args: string[], input?: string) => ask('gpg', ['--batch', '--quiet', ...args], ring.env, input)
  const self: RealStore = {
    option: 'pass',
    savedIn: {name: 'password-store'},
    env: ring.env,
    async store({account, token}) {
      mkdirSync(folder, {recursive: true, mode: 0o700})
      const forAda = ['--yes', '--trust-model', 'always', '--recipient', 'ada', '--output', fileOf(account)]
      await gpg([...forAda, '--encrypt'], token)
    },
    secretOf: async (account) => (await gpg(['--decrypt', fileOf(account)])) ?? '',
    isEmpty: () => Promise.resolve(readdirSync(folder).length === 0),
    clear() {
      rmSync(folder, {recursive: true, force: true})
      mkdirSync(store, {recursive: true, mode: 0o700})
      writeFileSync(join(store, '.gpg-id'), 'ada\n')
      return Promise.resolve()
    },
    stop() {
      ring.close()
      return Promise.resolve()
    },
  }
  void self.clear()
  return self
}

/** git's own `credential-store`, which answers at once, by its path. */
function gitHelper(file: string, host: string): RealStore {
  const program = join(execFileSync('git', ['--exec-path'], {encoding: 'utf8'}).trimEnd(), 'git-credential-store')
  const helper = `${program} --file ${file}`
  const run = (operation: 'get' | 'store', fields: Record<string, string>) => {
    const lines = Object.entries({protocol: 'https', host, ...fields}).map(([name, value]) => `${name}=${value}\n`)
    return ask(program, ['--file', file, operation], {}, lines.join(''))
  }
  return {
    option: `helper:${helper}`,
    savedIn: {name: 'git-helper', helper},
    env: {},
    async store({account, token}) {
      await run('store', {username: account, password: token})
    },
    async secretOf(account) {
      return /^password=(.*)$/mu.exec((await run('get', {username: account})) ?? '')?.[1] ?? ''
    },
    isEmpty: () => Promise.resolve(readFileSync(file, 'utf8') === ''),
    clear() {
      rmSync(file, {force: true})
      return Promise.resolve()
    },
    stop: () => Promise.resolve(),
  }
}
