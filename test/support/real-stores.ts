// The stores of a user as their own programs see them, without our code: a keyring, the password store of `pass`, and a git
// credential helper. Each holds a secret of another program's, too.
import {execFileSync} from 'node:child_process'
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Credential, KeychainName} from '../../src/backends/backend.js'
import {defined} from '../../src/defined.js'
import type {RunTool} from '../../src/process/run.js'
import {spawnTool} from '../../src/process/spawn.js'
import {createKeyRing} from './key-ring.js'
import {startKeyring} from './keyring.js'
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
  /** Whether the other program's secret is still in it. */
  holdsForeign(): Promise<boolean>
  /** Removes all of our tokens. */
  clear(): Promise<void>
  stop(): Promise<void>
}

/** How long a program may take on a busy machine, in milliseconds. */
const PATIENT_MS = 20_000

/** Runs a program of the store's own. @returns its stdout; undefined if it fails @throws {Error} if it does not end */
async function ask(
  file: string,
  args: string[],
  {env = {}, input = '', run = spawnTool}: {env?: Record<string, string>; input?: string; run?: RunTool},
): Promise<string | undefined> {
  const answer = await run(file, args, {env, input, timeoutMs: PATIENT_MS})
  if (answer.status !== 'exited') throw new Error(`the store's own ${file} ${answer.status}`)
  return answer.code === 0 ? answer.stdout : undefined
}

/** @param host the API's host, which a git credential helper stores a token for */
export async function openRealStore(
  name: RealStoreName,
  sandbox: Sandbox,
  {home = sandbox.home, host = 'api.heroku.com'} = {},
): Promise<RealStore> {
  switch (name) {
    case 'keyring':
      return openKeyring(sandbox)
    case 'pass':
      return openPass(home)
    case 'helper':
      return openHelper(join(sandbox.root, 'credentials'), host)
  }
}

const FOREIGN = 'not of Heroku'

async function openKeyring(sandbox: Sandbox): Promise<RealStore> {
  const keyring = await startKeyring(sandbox)
  const {env} = keyring
  const secretTool = (args: string[], input = '') => ask('/usr/bin/secret-tool', args, {env, input})
  await keyring.store({label: 'another', attributes: {service: 'another'}, secret: FOREIGN})
  const attributes = (account: string) => ['--', 'service', 'heroku-cli', 'account', account]
  return {
    option: 'keyring',
    savedIn: {name: 'secret-service'},
    env,
    async store({account, token}) {
      await secretTool(['store', '--label=Heroku CLI', ...attributes(account)], token)
    },
    secretOf: async (account) => (await secretTool(['lookup', ...attributes(account)])) ?? '',
    isEmpty: async () => ((await secretTool(['search', '--all', '--', 'service', 'heroku-cli'])) ?? '') === '',
    holdsForeign: async () => (await secretTool(['lookup', '--', 'service', 'another'])) === FOREIGN,
    async clear() {
      await secretTool(['clear', '--', 'service', 'heroku-cli'])
    },
    stop: () => keyring.stop(),
  }
}

/**
 * As `pass insert` and `pass show` have it, with a key without a passphrase.
 * @param simulated runs gpg instead of the real one, which then needs no key
 */
export async function openPass(home: string, simulated?: RunTool): Promise<RealStore> {
  const ring = simulated ? undefined : createKeyRing(['ada'])
  const env = {...ring?.env}
  const store = join(home, '.password-store')
  const folder = join(store, 'heroku-cli')
  const another = join(store, 'another.gpg')
  const fileOf = (account: string) => join(folder, `${account}.gpg`)
  const gpg = (args: string[], input = '') =>
    ask('gpg', ['--batch', '--quiet', ...args], {env, input, ...defined({run: simulated})})
  const self: RealStore = {
    option: 'pass',
    savedIn: {name: 'password-store'},
    env,
    async store({account, token}) {
      const sealed = await gpg(['--trust-model', 'always', '--recipient', 'ada', '--armor', '--encrypt'], token)
      mkdirSync(folder, {recursive: true, mode: 0o700})
      writeFileSync(fileOf(account), sealed ?? '', {mode: 0o600})
    },
    secretOf: async (account) => (await gpg(['--decrypt', fileOf(account)])) ?? '',
    isEmpty: () => Promise.resolve(readdirSync(folder).length === 0),
    holdsForeign: () => Promise.resolve(readFileSync(another, 'utf8') === FOREIGN),
    clear() {
      rmSync(folder, {recursive: true, force: true})
      mkdirSync(store, {recursive: true, mode: 0o700})
      writeFileSync(join(store, '.gpg-id'), 'ada\n')
      writeFileSync(another, FOREIGN)
      return Promise.resolve()
    },
    stop() {
      ring?.close()
      return Promise.resolve()
    },
  }
  await self.clear()
  return self
}

/** git's own `credential-store`, which answers at once, by its path. */
async function openHelper(file: string, host: string): Promise<RealStore> {
  const program = join(execFileSync('git', ['--exec-path'], {encoding: 'utf8'}).trimEnd(), 'git-credential-store')
  const helper = `${program} --file ${file}`
  const another = `https://me:${encodeURIComponent(FOREIGN)}@example.com\n`
  const run = (operation: 'get' | 'store', fields: Record<string, string>) => {
    const lines = Object.entries({protocol: 'https', host, ...fields}).map(([name, value]) => `${name}=${value}\n`)
    return ask(program, ['--file', file, operation], {input: lines.join('')})
  }
  const self: RealStore = {
    option: `helper:${helper}`,
    savedIn: {name: 'git-helper', helper},
    env: {},
    async store({account, token}) {
      await run('store', {username: account, password: token})
    },
    async secretOf(account) {
      return /^password=(.*)$/mu.exec((await run('get', {username: account})) ?? '')?.[1] ?? ''
    },
    isEmpty: () => Promise.resolve(readFileSync(file, 'utf8') === another),
    holdsForeign: () => Promise.resolve(readFileSync(file, 'utf8').includes(another)),
    clear() {
      writeFileSync(file, another, {mode: 0o600})
      return Promise.resolve()
    },
    stop: () => Promise.resolve(),
  }
  await self.clear()
  return self
}
