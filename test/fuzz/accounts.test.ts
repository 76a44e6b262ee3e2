// Random sequences of actions by a user, the Heroku CLI and a keychain: the API and git never get another account's
// token, another host's, one that a logout revoked, or one that is on record as expired. The model tracks the actions, and reads no file.
import {expect} from 'chai'
import fc from 'fast-check'
import {rmSync} from 'node:fs'
import {join} from 'node:path'
import type {Backend, Credential} from '../../src/backends/backend.js'
import {StorageError, UserError} from '../../src/errors.js'
import type {Keychain} from '../../src/backends/resolve.js'
import {writeLoginJson} from '../support/login-record.js'
import {findToRemove, removeToken} from '../../src/credentials/remove.js'
import {removeAccount} from '../../src/credentials/remove-account.js'
import {saveToken} from '../../src/credentials/save.js'
import {answer} from '../../src/git/protocol.js'
import {openProvider} from '../../src/host/credential-provider.js'
import {endpointsFrom} from '../../src/heroku/endpoints.js'
import {fuzz} from '../support/fuzz.js'
import {entries, freshUser, LOGIN_JSON, noKeychain, type User} from '../support/user.js'

const ACCOUNTS = ['ada@example.com', 'grace@example.com', 'ops@example.com']
const HOSTS = ['heroku.com', 'staging.herokudev.com']
const API_KEY = 'HRKU-api-key'

type Mode = 'visible' | 'hidden' | 'hides ada' | 'locked' | 'hanging' | 'keeps' | 'absent'
/** How long a token is valid, in milliseconds; undefined if the API did not say. */
type Life = number | undefined
type Action =
  | {does: 'login'; account: string; host: string; life: Life}
  | {does: 'login by the CLI' | 'choose' | 'remove account'; account: string; host: string}
  | {does: 'edit .netrc'; account: string; host: string; named: boolean}
  | {does: 'keychain'; mode: Mode}
  | {does: 'logout'; host: string; env: Record<string, string>}
  | {does: 'command' | 'failing command' | 'item deleted' | '.netrc deleted'; account: string; host: string}

const account = fc.constantFrom(...ACCOUNTS)
const host = fc.constantFrom(HOSTS[0] ?? '', ...HOSTS)
const mode = fc.constantFrom<Mode>('visible', 'visible', 'hidden', 'hides ada', 'locked', 'hanging', 'keeps', 'absent')
const netrcWrite = fc.constantFrom<Record<string, string>>({}, {}, {HEROKU_NETRC_WRITE: 'true'})
const does = <T extends string>(...what: T[]) => fc.constantFrom(...what)
const DAY = 24 * 60 * 60 * 1000
/** Over, in its last days, or neither. */
const life = fc.constantFrom<Life>(undefined, undefined, 30 * DAY, DAY, -DAY)
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.oneof(
    {weight: 2, arbitrary: fc.record({does: does('login'), account, host, life})},
    {weight: 3, arbitrary: fc.record({does: does('login by the CLI', 'choose', 'remove account'), account, host})},
  ),
  fc.record({does: does('edit .netrc'), account, host, named: fc.boolean()}),
  fc.record({does: does('keychain'), mode}),
  fc.record({does: does('logout'), host, env: netrcWrite}),
  fc.record({does: does('command', 'failing command', 'item deleted', '.netrc deleted'), account, host}),
)

/** The model of one user: the actions so far, and the tokens they allow. */
class World {
  mode: Mode = 'visible'
  /** The account of the last login or choice; undefined at the start and after a logout. */
  current: string | undefined
  /** Each token's account, and the only host it may go to; for a token stored by the CLI, the host of its first use. */
  readonly tokens = new Map<string, {account: string; host: string | undefined}>()
  readonly revoked = new Set<string>()
  readonly expired = new Set<string>()
  /** The last token of each logged-in account. */
  readonly last = new Map<string, string>()
  /** The tokens in `.netrc`, by host. */
  readonly netrc = new Map<string, string>()

  constructor(readonly user: User) {}

  issue(account: string, host: string | undefined): Credential {
    const token = `HRKU-${this.tokens.size}-${account.slice(0, 3)}`
    this.tokens.set(token, {account, host})
    return {account, token}
  }

  private logIn(account: string, token: string): void {
    this.last.set(account, token)
    this.become(account)
  }

  stores(host: string, env: Record<string, string> = {}) {
    return this.user.stores({HEROKU_HOST: host, ...env}, this.keychain())
  }

  private keychain(): Keychain {
    const {keychain} = this.user.memory
    if (this.mode === 'absent') return noKeychain
    return {...keychain, open: async (options) => this.faulty(await keychain.open(options))}
  }

  private faulty(backend: Backend): Backend {
    const fault = {
      locked: new StorageError('locked', 'the keyring is locked', 'unlock it'),
      hanging: new StorageError('timed-out', 'the keyring did not answer within 5 s'),
    }[this.mode as string]
    const isHidden = (account: string) =>
      this.mode === 'hidden' || (this.mode === 'hides ada' && account === ACCOUNTS[0])
    const or = async <T>(work: () => Promise<T>) => {
      if (fault) throw fault
      return work()
    }
    return {
      ...backend,
      get: (account) => or(async () => (isHidden(account) ? undefined : backend.get(account))),
      accounts: () => or(async () => (await backend.accounts()).filter((account) => !isHidden(account))),
      set: (credential) =>
        or(async () => {
          if (isHidden(credential.account)) throw new StorageError('failed', 'the keyring did not keep the token')
          await backend.set(credential)
        }),
      remove: (account) =>
        or(async () => {
          if (this.mode === 'keeps') throw new StorageError('denied', 'the keyring did not let it go')
          return isHidden(account) ? false : backend.remove(account)
        }),
    }
  }

  /** Runs the action; a UserError is a valid result. */
  async take(action: Action): Promise<void> {
    try {
      await this.act(action)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
    }
  }

  private async act(action: Action): Promise<void> {
    const {user} = this
    const {dataDir, memory} = user
    switch (action.does) {
      case 'login': {
        const credential = this.issue(action.account, action.host)
        const expiresAt = action.life === undefined ? undefined : new Date(Date.now() + action.life).toISOString()
        const {savedIn} = await saveToken(this.stores(action.host), credential, expiresAt)
        if (action.life !== undefined && action.life < 0) this.expired.add(credential.token)
        this.logIn(action.account, credential.token)
        if (savedIn === 'netrc') this.netrc.set(action.host, credential.token)
        return
      }
      case 'login by the CLI': {
        // The CLI records no host: a token that replaces another one keeps that one's host.
        const before = this.tokens.get(this.last.get(action.account) ?? '')
        const {token} = this.issue(action.account, before?.host)
        memory.tokens.set(action.account, token)
        await writeLoginJson(dataDir, action.account)
        this.logIn(action.account, token)
        return
      }
      case 'choose':
        await writeLoginJson(dataDir, action.account)
        this.become(action.account)
        return
      case 'remove account': {
        const {failures} = await removeAccount(this.stores(action.host), action.account)
        if (failures.length > 0) return
        this.last.delete(action.account)
        if (this.current === action.account) this.become(undefined)
        return
      }
      case 'edit .netrc': {
        const {account, token} = this.issue(action.account, action.host)
        const {api, git} = endpointsFrom({HEROKU_HOST: action.host})
        user.write('.netrc', entries(action.named ? {account, token} : {token}, [api, git]))
        this.netrc.clear()
        this.netrc.set(action.host, token)
        return
      }
      case 'keychain':
        this.mode = action.mode
        return
      case 'logout': {
        const stores = this.stores(action.host, action.env)
        const found = await findToRemove(stores)
        if (!found) return
        // A logout's lookup is a use, too: it records the host of a token that the CLI stored.
        const known = this.tokens.get(found.token)
        if (known) known.host ??= action.host
        this.revoked.add(found.token)
        const {failures} = await removeToken(stores, found, undefined, {revoked: true})
        const isCurrent = known?.account === this.current || found.account === this.current
        if (failures.length > 0 || stores.netrcOnly) return
        if (found.account !== undefined) this.last.delete(found.account)
        if (isCurrent) this.mayBecomeNobody = true
        return
      }
      case 'command':
        await this.asked(action.host)
        return
      case 'failing command':
        await this.asked(action.host)
        // The CLI's client deletes login.json after any error.
        rmSync(join(user.home, LOGIN_JSON), {force: true})
        return
      case 'item deleted':
        memory.tokens.delete(action.account)
        return
      case '.netrc deleted':
        rmSync(user.netrcPath, {force: true})
        this.netrc.clear()
    }
  }

  /** Whether a logout may have ended the login; that depends on the login's host. */
  mayBecomeNobody = false

  private become(account: string | undefined): void {
    this.current = account
    this.mayBecomeNobody = false
  }

  /** The tokens that a host's API and git get. */
  async asked(host: string, env: Record<string, string> = {}): Promise<string[]> {
    const {api, git} = endpointsFrom({HEROKU_HOST: host})
    const byProvider = await openProvider(this.stores(host, env))
      .getAuth(undefined, api)
      .then(({token}) => (typeof token === 'string' ? [token] : []))
      .catch(() => [])
    const byGit = await answer('get', `protocol=https\nhost=${git}\n\n`, {
      env: this.stores(host, env).context.env,
      endpoints: endpointsFrom({HEROKU_HOST: host}),
      open: () => this.stores(host, env),
    })
    const password = /^password=(.*)$/mu.exec(byGit.stdout)?.[1]
    const given = [...byProvider, ...(password === undefined ? [] : [password])]
    for (const token of given) this.check(token, host, env)
    return given
  }

  /** Asserts that this token may go to this host. */
  private check(token: string, host: string, env: Record<string, string>): void {
    const {HEROKU_API_KEY, HEROKU_NETRC_WRITE} = env
    if (HEROKU_API_KEY !== undefined) {
      expect(token).to.equal(HEROKU_API_KEY)
      return
    }

    const known = this.tokens.get(token)
    const when = `${token} of ${known?.account ?? 'nobody'} for ${known?.host ?? 'any'} went to ${host}`
    if (!known) throw new Error(`${token} was never issued`)
    known.host ??= host
    expect(known.host, when).to.equal(host)
    expect(this.revoked.has(token), `${when}, and is revoked`).to.equal(false)
    // A copy that is left of an older login is on no record.
    const isOnRecord = this.last.get(known.account) === token
    expect(isOnRecord && this.expired.has(token), `${when}, and is expired`).to.equal(false)
    if (HEROKU_NETRC_WRITE !== undefined) expect(token, when).to.equal(this.netrc.get(host))
    else if (this.current !== undefined && !this.mayBecomeNobody)
      expect(this.mayAct(known.account, token, host), `${when}; current: ${this.current}`).to.equal(true)
  }

  /** The current account; or, for a host it is not logged in to, that host's account in `.netrc`. */
  private mayAct(account: string, token: string, host: string): boolean {
    if (account === this.current) return true
    const last = this.tokens.get(this.last.get(this.current ?? '') ?? '')
    const isLoggedIn = last?.host === undefined || last.host === host
    return !isLoggedIn && this.netrc.get(host) === token
  }
}

describe('any sequence of actions on a login', () => {
  const user = freshUser()

  fuzz("never gives another account's token, another host's, a revoked or an expired one to the API or to git", {
    name: 'accounts',
    runs: 250,
    values: fc.record({
      actions: fc.array(action, {minLength: 1, maxLength: 8}),
      env: fc.constantFrom<Record<string, string>>(
        {},
        {},
        {},
        {HEROKU_NETRC_WRITE: 'true'},
        {HEROKU_API_KEY: API_KEY},
        {HEROKU_API_KEY: API_KEY, HEROKU_NETRC_WRITE: 'true'},
      ),
    }),
    async holds({actions, env}) {
      for (const path of ['data', '.netrc']) rmSync(join(user.home, path), {recursive: true, force: true})
      user.memory.tokens.clear()
      const world = new World(user)
      for (const each of actions) await world.take(each)
      for (const each of HOSTS) await world.asked(each, env)
      for (const each of HOSTS) await world.asked(each)
    },
  })

  fuzz('keeps the last login in use, once the keychain shows it again', {
    name: 'accounts-alive',
    runs: 100,
    values: fc.record({
      actions: fc.array(action, {maxLength: 3}),
      login: fc.record({does: does('login'), account, host, life: life.filter((each) => each !== -DAY)}),
      modes: fc.array(mode, {maxLength: 2}),
    }),
    async holds({actions, login, modes}) {
      for (const path of ['data', '.netrc']) rmSync(join(user.home, path), {recursive: true, force: true})
      user.memory.tokens.clear()
      const world = new World(user)
      for (const each of actions) await world.take(each)
      world.mode = 'visible'
      await world.take(login)
      const token = [...world.tokens.keys()].at(-1)
      for (const mode of modes) {
        world.mode = mode
        await world.take({does: 'failing command', account: login.account, host: login.host})
      }
      world.mode = 'visible'
      expect(await world.asked(login.host)).to.deep.equal([token, token])
    },
  })
})
