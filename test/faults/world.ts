// The environment for fault injection: a user with a real keyring, real files, and a loopback Heroku.
import {mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {findCredential, type ShortLookup} from '../support/lookup.js'
import {recordLogin, recordLogout} from '../support/login-record.js'
import {VARIABLE} from '../../src/credentials/chosen-store.js'
import {keychainsOf} from '../../src/credentials/open-stores.js'
import {recordFor} from '../../src/credentials/token-record.js'
import {CredentialStores, type StoresContext} from '../../src/credentials/stores.js'
import {endpointsFrom} from '../../src/heroku/endpoints.js'
import {run, type RunTool} from '../../src/process/run.js'
import {type LoopbackHeroku, startHeroku} from '../support/loopback-heroku.js'
import {openRealStore, type RealStoreName} from '../support/real-stores.js'
import {openSandbox, type Sandbox} from '../support/sandbox.js'
import {type Front, startFront} from './front.js'
import {type HeldStore, inMemory, simulatedKeyring, simulatedPass} from './held-store.js'

export const ADA = 'ada@example.com'
/** A browser that does nothing: the test visits the page itself. */
export const BROWSER = 'a-browser'
export const FOREIGN_NETRC = '# mine\nmachine example.com login me password kept # and this\n'
export const FOREIGN_GIT = '[user]\n\tname = Ada\n'

/** The state before an operation. */
export interface Before {
  /** Whether Ada is logged in: with her token in the keyring and a copy in .netrc, or in only one of them. */
  loggedIn: boolean | 'in plain text' | 'in the keychain'
  /** The operation's variables. */
  env?: Record<string, string>
  /** Whether git is on PATH; without it an operation is much faster. */
  git?: boolean
}

/** A store that the user has chosen: the password store, or a git credential helper. */
export type ChosenStore = 'pass' | 'helper'

/**
 * The kind of keychain: one in memory, which starts no program; a Secret Service, or gpg for the password store, simulated in this
 * process, with calls of their tools; or a real store and its tool.
 */
export type Store = 'memory' | 'secret-tool' | 'gpg' | RealStoreName

export interface World {
  readonly home: string
  readonly dataDir: string
  readonly cacheDir: string
  readonly netrc: string
  readonly env: Record<string, string>
  readonly heroku: LoopbackHeroku
  readonly front: Front
  /** What the stores of a command are opened with, instead of this machine's keychains. */
  readonly context: Partial<StoresContext>
  /** The keychain, as `--to` names it. */
  readonly option: string
  /** Runs a program, without faults. */
  readonly run: RunTool
  /** Ada's previous token, and the token that a login stores. */
  readonly old: string
  readonly fresh: string
  /** A new process's stores. */
  stores(run: RunTool, changes?: Partial<StoresContext>): CredentialStores
  /** The lookup of a later command, without faults. */
  find(): Promise<ShortLookup>
  /** Ada's token in the keychain. */
  inKeychain(): Promise<string>
  /** Whether the keychain still has another program's secret. */
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
  const front = await startFront()
  const home = join(sandbox.root, 'ada')
  const open = (name: RealStoreName) => openRealStore(name, sandbox, {home, host: front.host})
  const stores = {
    keyring: await open('keyring'),
    pass: await open('pass'),
    gpg: await simulatedPass(home),
    helper: await open('helper'),
  }
  /** A folder for PATH. */
  const folderWith = (...programs: string[]) => {
    const folder = join(sandbox.root, ['with', ...programs].join('-'))
    mkdirSync(folder)
    for (const program of programs) symlinkSync(`/usr/bin/${program}`, join(folder, program))
    symlinkSync('/bin/true', join(folder, BROWSER))
    return folder
  }
  const [withSecretTool, withGpg, withNeither] = [folderWith('secret-tool'), folderWith('gpg'), folderWith()]
  const paths = {
    memory: withSecretTool,
    'secret-tool': withSecretTool,
    keyring: withSecretTool,
    pass: withGpg,
    gpg: withGpg,
    helper: withNeither,
  }
  let heroku: LoopbackHeroku | undefined

  return {
    async begin({env: changes = {}, git = false, loggedIn}, store) {
      await heroku?.stop()
      const current = (heroku = await startHeroku())
      front.behind = {api: heroku.host, login: new URL(heroku.env.HEROKU_LOGIN_HOST).host}
      front.plan('500', -1)
      rmSync(home, {recursive: true, force: true})
      const held: HeldStore =
        store === 'memory' ? inMemory() : store === 'secret-tool' ? simulatedKeyring() : stores[store]
      await held.clear()
      const env = sandbox.envWith({
        ...stores.keyring.env,
        ...held.env,
        ...(held.savedIn.name === 'secret-service' ? {} : {[VARIABLE]: held.option}),
        ...(git ? {} : {PATH: paths[store]}),
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
      if (inKeychain) await held.store({account: ADA, token: old})
      if (loggedIn === false) await recordLogout(dataDir, undefined)
      else {
        const savedIn = inKeychain ? held.savedIn : ({name: 'netrc'} as const)
        await recordLogin(dataDir, recordFor({account: ADA, token: old}, front.host, savedIn), inKeychain)
      }

      const world: World = {
        home,
        // Where there is no keychain, that in memory is not there, either.
        context: changes.PATH === undefined ? {...held.context} : {},
        option: held.option,
        run: held.run ?? run,
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
            ...keychainsOf(env, 'linux'),
            ...world.context,
            run: (file, args, options) =>
              run(file, args, {...options, env: {...stores.keyring.env, ...held.env, ...options.env}}),
            timeoutMs: 5000,
            notify: () => undefined,
            ...more,
          }),
        find: () => findCredential(world.stores(world.run)),
        inKeychain: () => held.secretOf(ADA),
        holdsForeign: () => held.holdsForeign(),
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
      for (const each of Object.values(stores)) await each.stop()
      await sandbox.close()
    },
  }
}
