// The environment for fault injection: a user with a real keyring, real files, and a loopback Heroku.
import {mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {type Keychain, resolveKeychain} from '../../src/backends/resolve.js'
import {findCredential, type ShortLookup} from '../support/lookup.js'
import {recordLogin, recordLogout} from '../support/login-record.js'
import {fingerprint} from '../../src/credentials/token-record.js'
import {CredentialStores, type StoresContext} from '../../src/credentials/stores.js'
import {endpointsFrom} from '../../src/heroku/endpoints.js'
import {run, type RunTool} from '../../src/process/run.js'
import {type Keyring, startKeyring} from '../support/keyring.js'
import {type LoopbackHeroku, startHeroku} from '../support/loopback-heroku.js'
import {memoryKeychain} from '../support/memory-keychain.js'
import {openSandbox, type Sandbox} from '../support/sandbox.js'
import {startSecretService} from '../support/secret-tool.js'
import {type Front, startFront} from './front.js'

export const ADA = 'ada@example.com'
/** A browser that does nothing: the test visits the page itself. */
export const BROWSER = 'a-browser'
export const FOREIGN_NETRC = '# mine\nmachine example.com login me password kept # and this\n'
export const FOREIGN_GIT = '[user]\n\tname = Ada\n'
const FOREIGN_ITEM = {label: 'another', attributes: {service: 'another'}, secret: 'not of Heroku'}

/** The state before an operation. */
export interface Before {
  /** Whether Ada is logged in: with her token in the keyring and a copy in .netrc, or in only one of them. */
  loggedIn: boolean | 'in plain text' | 'in the keychain'
  /** The operation's variables. */
  env?: Record<string, string>
  /** Whether git is on PATH; without it an operation is much faster. */
  git?: boolean
}

/**
 * The kind of keychain: one in memory, which starts no program; a Secret Service simulated in this process, with calls
 * of its tool; or a real keyring and its tool.
 */
export type Store = 'memory' | 'secret-tool' | 'keyring'

export interface World {
  readonly home: string
  readonly dataDir: string
  readonly cacheDir: string
  readonly netrc: string
  readonly env: Record<string, string>
  readonly heroku: LoopbackHeroku
  readonly front: Front
  readonly keychain: Keychain
  /** Runs a program, without faults. */
  readonly run: RunTool
  /** Ada's previous token, and the token that a login stores. */
  readonly old: string
  readonly fresh: string
  /** A new process's stores. */
  stores(run: RunTool, changes?: Partial<StoresContext>): CredentialStores
  /** The lookup of a later command, without faults. */
  find(): Promise<ShortLookup>
  /** Ada's token in the keyring. */
  inKeyring(): Promise<string | undefined>
  /** Whether the keyring still has another program's item. */
  holdsForeign(): Promise<boolean>
  read(path: string): string | undefined
  /** Every file below the home folder. */
  files(): string[]
}

export interface Machine {
  /** Resets everything to the state `before`. */
  begin(before: Before, store: Store): Promise<World>
  stop(): Promise<void>
}

export async function startMachine(): Promise<Machine> {
  const sandbox: Sandbox = openSandbox()
  const keyring: Keyring = await startKeyring(sandbox)
  const front = await startFront()
  const withoutGit = join(sandbox.root, 'no-git')
  mkdirSync(withoutGit)
  symlinkSync('/usr/bin/secret-tool', join(withoutGit, 'secret-tool'))
  symlinkSync('/bin/true', join(withoutGit, BROWSER))
  await keyring.store(FOREIGN_ITEM)
  let heroku: LoopbackHeroku | undefined

  const secretTool = async (...args: string[]) => {
    const ran = await run('/usr/bin/secret-tool', args, {timeoutMs: 10_000, env: keyring.env})
    if (ran.status !== 'exited') throw new Error(`the oracle's own secret-tool ${ran.status}`)
    return ran.code === 0 ? ran.stdout : undefined
  }

  return {
    async begin({env: changes = {}, git = false, loggedIn}, store) {
      await heroku?.stop()
      const current = (heroku = await startHeroku())
      front.behind = {api: heroku.host, login: new URL(heroku.env.HEROKU_LOGIN_HOST).host}
      front.plan('500', -1)
      const home = join(sandbox.root, 'ada')
      rmSync(home, {recursive: true, force: true})
      const env = sandbox.envWith({
        ...keyring.env,
        ...(git ? {} : {PATH: withoutGit}),
        HOME: home,
        XDG_CONFIG_HOME: join(home, '.config'),
        HEROKU_HOST: `http://${front.host}`,
        HEROKU_LOGIN_HOST: `http://${front.host}`,
        ...changes,
      })
      const dataDir = join(home, 'data')
      const netrc = join(home, '.netrc')
      const old = heroku.issue({account: ADA}).token
      const entry = `machine ${front.host}\n  login ${ADA}\n  password ${old}\n`
      const write = (path: string, text: string) => {
        mkdirSync(dirname(path), {recursive: true})
        writeFileSync(path, text, {mode: 0o600})
      }
      const fresh = heroku.issue({account: ADA}).token
      const inPlainText = loggedIn === true || loggedIn === 'in plain text'
      const inKeychain = loggedIn === true || loggedIn === 'in the keychain'
      write(netrc, FOREIGN_NETRC + (inPlainText ? entry : ''))
      write(join(home, '.gitconfig'), FOREIGN_GIT)
      write(join(home, 'git-helper.cjs'), '')
      const memory = memoryKeychain()
      const service = startSecretService()
      service.items.push(FOREIGN_ITEM)
      const item = {label: 'Heroku CLI', attributes: {service: 'heroku-cli', account: ADA}, secret: old}
      if (store === 'keyring') await keyring.clear({service: 'heroku-cli'})
      if (inKeychain && store === 'keyring') await keyring.store(item)
      if (inKeychain && store === 'secret-tool') service.items.push(item)
      if (inKeychain && store === 'memory') memory.tokens.set(ADA, old)
      if (loggedIn === false) await recordLogout(dataDir, undefined)
      else {
        const known = {account: ADA, apiHost: front.host, fingerprint: fingerprint(old)}
        await recordLogin(dataDir, {...known, savedIn: inKeychain ? 'secret-service' : 'netrc'}, inKeychain)
      }

      const isCalled = store !== 'memory' || changes.PATH !== undefined
      const world: World = {
        home,
        keychain: isCalled ? resolveKeychain(env, 'linux') : memory.keychain,
        run: store === 'secret-tool' ? service.run : run,
        dataDir,
        cacheDir: join(home, 'cache'),
        netrc,
        env,
        heroku: current,
        front,
        old,
        fresh,
        stores: (run, more = {}) =>
          new CredentialStores({
            env,
            dataDir,
            endpoints: endpointsFrom(env),
            keychain: world.keychain,
            run: (file, args, options) => run(file, args, {...options, env: {...keyring.env, ...options.env}}),
            timeoutMs: 5000,
            notify: () => undefined,
            ...more,
          }),
        find: () => findCredential(world.stores(world.run)),
        async inKeyring() {
          if (store === 'keyring') return secretTool('lookup', 'service', 'heroku-cli', 'account', ADA)
          if (store === 'memory') return memory.tokens.get(ADA)
          return service.items.find(({attributes}) => attributes.account === ADA)?.secret
        },
        async holdsForeign() {
          if (store === 'keyring') return (await secretTool('lookup', 'service', 'another')) === FOREIGN_ITEM.secret
          return store === 'memory' || service.items.includes(FOREIGN_ITEM)
        },
        read(path) {
          try {
            return readFileSync(join(home, path), 'utf8')
          } catch {
            return undefined
          }
        },
        files: () => readdirSync(home, {recursive: true, encoding: 'utf8'}),
      }
      return world
    },
    async stop() {
      await heroku?.stop()
      await front.stop()
      await keyring.stop()
      await sandbox.close()
    },
  }
}
