// Somebody who is logged in, on a machine where something goes wrong: a real keyring, real files, a Heroku on loopback.
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
import {type Front, startFront} from './front.js'

export const ADA = 'ada@example.com'
/** One that does nothing: the user goes to the page by hand. */
export const BROWSER = 'a-browser'
export const FOREIGN_NETRC = '# mine\nmachine example.com login me password kept # and this\n'
export const FOREIGN_GIT = '[user]\n\tname = Ada\n'
const FOREIGN_SECRET = 'not of Heroku'

/** What is there before an operation begins. */
export interface Before {
  /** Whether Ada is logged in: with her token in the keyring and a copy of it in .netrc, or in one of them alone. */
  loggedIn: boolean | 'in plain text' | 'in the keychain'
  /** Variables of the operation. */
  env?: Record<string, string>
  /** Without git, where it is not what is looked at: it takes most of the time. */
  git?: boolean
}

export interface World {
  readonly home: string
  readonly dataDir: string
  readonly cacheDir: string
  readonly netrc: string
  readonly env: Record<string, string>
  readonly heroku: LoopbackHeroku
  readonly front: Front
  readonly keychain: Keychain
  /** Ada's token from before; one for a login to store. */
  readonly old: string
  readonly fresh: string
  /** What one process would have. */
  stores(run: RunTool, changes?: Partial<StoresContext>): CredentialStores
  /** What a command finds afterwards, with nothing going wrong any more. */
  find(): Promise<ShortLookup>
  /** What the keyring holds for Ada. */
  inKeyring(): Promise<string | undefined>
  /** Whether the keyring still holds what is not Heroku's. */
  holdsForeign(): Promise<boolean>
  read(path: string): string | undefined
  /** Every file below the home folder. */
  files(): string[]
}

export interface Machine {
  /**
   * Everything as it is to be, once more.
   * @param real whether the keychain is the real keyring, or one in memory, where nothing goes wrong with it
   */
  begin(before: Before, real: boolean): Promise<World>
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
  await keyring.store({label: 'another', attributes: {service: 'another'}, secret: FOREIGN_SECRET})
  let heroku: LoopbackHeroku | undefined

  const secretTool = async (...args: string[]) => {
    const ran = await run('/usr/bin/secret-tool', args, {timeoutMs: 10_000, env: keyring.env})
    if (ran.status !== 'exited') throw new Error(`the oracle's own secret-tool ${ran.status}`)
    return ran.code === 0 ? ran.stdout : undefined
  }

  return {
    async begin({env: changes = {}, git = false, loggedIn}, real) {
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
      if (real) await keyring.clear({service: 'heroku-cli'})
      if (inKeychain && real)
        await keyring.store({label: 'Heroku CLI', attributes: {service: 'heroku-cli', account: ADA}, secret: old})
      if (inKeychain && !real) memory.tokens.set(ADA, old)
      if (loggedIn === false) await recordLogout(dataDir, undefined)
      else {
        const known = {account: ADA, apiHost: front.host, fingerprint: fingerprint(old)}
        await recordLogin(dataDir, {...known, savedIn: inKeychain ? 'secret-service' : 'netrc'}, inKeychain)
      }

      const keychain = real || changes.PATH !== undefined ? resolveKeychain(env, 'linux') : memory.keychain
      const world: World = {
        home,
        keychain,
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
            keychain,
            run: (file, args, options) => run(file, args, {...options, env: {...keyring.env, ...options.env}}),
            timeoutMs: 5000,
            notify: () => undefined,
            ...more,
          }),
        find: () => findCredential(world.stores(run)),
        async inKeyring() {
          if (!real) return memory.tokens.get(ADA)
          return secretTool('lookup', 'service', 'heroku-cli', 'account', ADA)
        },
        async holdsForeign() {
          return !real || (await secretTool('lookup', 'service', 'another')) === FOREIGN_SECRET
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
