import {defined} from '../defined.js'
import type {StoreName} from '../backends/backend.js'
import type {NetrcFile} from '../backends/netrc/netrc-file.js'
import type {Keychain} from '../backends/resolve.js'
import {NETRC, parseStore, type StoreChoice, storeOption} from '../backends/store-choice.js'
import type {Endpoints} from '../heroku/endpoints.js'
import type {RunTool} from '../process/run.js'
import {type StorageError, UserError} from '../errors.js'
import type {Chosen} from './chosen-store.js'
import type {SelectedAccount, Selection} from './selected-account.js'
import {GuardedKeychain} from './guarded-keychain.js'
import {readLoginState} from './login-files.js'
import {recordOfAccount, type TokenRecord} from './token-record.js'
import {unsetHint} from '../ui/shell-hints.js'

/** What the policy depends on. */
export interface StoresContext {
  env: NodeJS.ProcessEnv
  /** oclif's `config.dataDir`. */
  dataDir: string
  endpoints: Endpoints
  /** The chosen keychain, else the preferred one of this machine. */
  keychain: Keychain
  /** The further keychains of this machine that need no choice, in order. Only a logout uses them if one is chosen. Default: none. */
  otherKeychains?: readonly Keychain[]
  /** The store that the user has chosen. Default: none. */
  chosen?: Chosen
  /** Opens a keychain that a record names. Default: there is none but `keychain`. */
  keychainNamed?: (choice: StoreChoice) => Keychain
  run: RunTool
  /** How long one keychain operation may take, in milliseconds. */
  timeoutMs: number
  /** How long gpg may take for a `.netrc.gpg`, in milliseconds. Default: `timeoutMs`. */
  gpgTimeoutMs?: number
  /** What `git config heroku.account` selects in the current directory. Default: nothing. @throws {UserError} */
  selectedByProject?: () => Selection | undefined
  /** Whether stderr is a terminal, where gpg may prompt. Default: false. */
  terminal?: boolean
  /** Tells the user one line, on stderr. */
  notify: (line: string) => void
}

/** A token, and where it was found. */
export interface FoundCredential {
  token: string
  /** Unknown for HEROKU_API_KEY, and for a `.netrc` entry without a login. */
  account?: string
  source: 'HEROKU_API_KEY' | StoreName
  /** The source, for messages. */
  location: string
  /** ISO 8601, if the server sent it when it issued the token. */
  expiresAt?: string
  /** ISO 8601: when `expiresAt` was recorded. */
  recordedAt?: string
  /** Whether it is in plain text because no encrypted store took it. */
  isFallback?: true
  /** The selection that this credential follows; undefined if the login decided. */
  selected?: SelectedAccount
}

/** The credential stores that this environment allows. Each is opened on first use. */
export class CredentialStores {
  /** The value of HEROKU_API_KEY, if it is set and not empty. */
  readonly apiKey: string | undefined
  /** Whether HEROKU_NETRC_WRITE says that `.netrc` is all there is. */
  readonly netrcOnly: boolean
  /** The chosen keychain, else the preferred one of this machine. Undefined where there is none, or it is not to be used. */
  readonly keychain: GuardedKeychain | undefined

  private readonly guarded = new Map<string, GuardedKeychain>()
  private warnedOfChoice = false
  private opened: Promise<NetrcFile> | undefined

  constructor(readonly context: StoresContext) {
    const {env, keychain} = context
    this.apiKey = env.HEROKU_API_KEY === '' ? undefined : env.HEROKU_API_KEY
    this.netrcOnly = env.HEROKU_NETRC_WRITE?.toLowerCase() === 'true'
    this.keychain = this.guard(keychain)
  }

  /** The keychain that the user has chosen, and no other is to be used. */
  get chosenKeychain(): Chosen | undefined {
    const {chosen} = this.context
    return typeof chosen?.store === 'object' ? chosen : undefined
  }

  /** Whether a login may go to another keychain than the preferred one. */
  get hasOtherKeychains(): boolean {
    const {chosen, otherKeychains = []} = this.context
    return !chosen && otherKeychains.length > 0
  }

  /** The first failure of a keychain in this process. */
  get failure(): StorageError | undefined {
    return [...this.guarded.values()].find(({failure}) => failure)?.failure
  }

  /** Where an account's token is looked up: in the chosen keychain, else in the one on record, else in the preferred one. */
  keychainFor(account: string | undefined): Keychain {
    return this.chosenKeychain ? this.context.keychain : this.keychainOnRecord(account)
  }

  /** The keychain that holds an account's token according to our record, else the preferred one of this machine. */
  keychainOnRecord(account: string | undefined): Keychain {
    const record = account === undefined ? undefined : recordOfAccount(readLoginState(this.context.dataDir), account)
    return record ? this.keychainNamedBy(record) : this.context.keychain
  }

  /** The keychain that a record names, else the preferred one of this machine. */
  keychainNamedBy({helper, savedIn: name}: Pick<TokenRecord, 'helper' | 'savedIn'>): Keychain {
    const {keychain, keychainNamed} = this.context
    if (name === 'netrc' || !keychainNamed) return keychain
    const choice = {name, ...defined({helper})}
    return isSame(keychain, choice) ? keychain : keychainNamed(choice)
  }

  /** The same as {@link keychainFor}, open; undefined where it cannot be used. */
  keychainOf(account: string | undefined): GuardedKeychain | undefined {
    return this.guard(this.keychainFor(account))
  }

  /** The keychains that take an account's token at a login, in order: the chosen one, or that on record and all others. */
  keychainsForLogin(account: string | undefined): GuardedKeychain[] {
    const {keychain, otherKeychains = []} = this.context
    const all = this.chosenKeychain ? [keychain] : [this.keychainOnRecord(account), keychain, ...otherKeychains]
    return this.guardAll(all)
  }

  /** Every keychain that may hold a copy of an account's token: its own, those that need no choice, and all that were ever used. */
  keychainsToClear(account: string | undefined): GuardedKeychain[] {
    const {dataDir, keychain, keychainNamed, otherKeychains = []} = this.context
    const used = (readLoginState(dataDir).stores ?? []).flatMap((each) => parseStore(each) ?? [])
    const others = keychainNamed ? used.map(keychainNamed) : []
    return this.guardAll([
      this.keychainFor(account),
      this.keychainOnRecord(account),
      keychain,
      ...otherKeychains,
      ...others,
    ])
  }

  /** Prints, once, that a lookup did not follow the user's choice. @param inNetrc whether it found the token there */
  warnOfChoice(inNetrc: boolean): void {
    const {chosen, notify} = this.context
    if (!chosen || this.warnedOfChoice) return
    const {from, store, text} = chosen
    if (store === undefined) notify(`${from} names no store, and is ignored: ${JSON.stringify(text)}`)
    else if (inNetrc && store !== NETRC)
      notify(`the token is in .netrc, though ${from} asks for ${text}; to move it: heroku auth:migrate --to '${text}'`)
    else return
    this.warnedOfChoice = true
  }

  /** Opens a keychain, once in this process; undefined where it cannot be used. */
  guard(keychain: Keychain): GuardedKeychain | undefined {
    if (keychain.name === undefined || this.netrcOnly) return undefined
    const key = storeOption(keychain)
    const guarded = this.guarded.get(key) ?? new GuardedKeychain(keychain, this.context)
    this.guarded.set(key, guarded)
    return guarded
  }

  private guardAll(keychains: readonly Keychain[]): GuardedKeychain[] {
    return [...new Set(keychains.flatMap((each) => this.guard(each) ?? []))]
  }

  async netrc(): Promise<NetrcFile> {
    const {env, endpoints, run, gpgTimeoutMs: timeoutMs = this.context.timeoutMs} = this.context
    this.opened ??= import('../backends/netrc/netrc-file.js').then(({openNetrc}) =>
      openNetrc({run, timeoutMs, env, hosts: endpoints}),
    )
    return this.opened
  }

  /**
   * Refuses to change what is stored while HEROKU_API_KEY would win anyway, or another machine stores it.
   * @param verb what was to be done, for the message
   * @throws {UserError}
   */
  assertChangeable(verb: string): void {
    if (this.apiKey !== undefined)
      throw new UserError(
        `cannot ${verb} while HEROKU_API_KEY is set: it is used instead`,
        `${unsetHint('HEROKU_API_KEY')} first`,
      )
    if (this.context.keychain.name === 'git-forwarded')
      throw new UserError(
        `cannot ${verb} here: this login comes from git's credential helper`,
        `on the machine that stores it, run: heroku ${verb === 'log out' ? 'logout' : 'login'}`,
      )
  }
}

const isSame = (one: {name: string | undefined; helper?: string}, other: StoreChoice) =>
  one.name === other.name && one.helper === other.helper
