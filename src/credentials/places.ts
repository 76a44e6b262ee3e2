import type {BackendName} from '../backends/backend.js'
import type {NetrcBackend} from '../backends/netrc.js'
import type {Keychain} from '../backends/resolve.js'
import type {Hosts} from '../hosts.js'
import type {Run} from '../run.js'
import {UserError} from '../user-error.js'
import {KeychainSession} from './keychain-session.js'
import {apiKeyIn, isNetrcOnly} from './tiers.js'

/** What the policy depends on. */
export interface Surroundings {
  env: NodeJS.ProcessEnv
  /** oclif's `config.dataDir`. */
  dataDir: string
  hosts: Hosts
  keychain: Keychain
  run: Run
  /** How long one keychain operation may take, in milliseconds. */
  timeoutMs: number
  /** How long gpg may take for a `.netrc.gpg`, in milliseconds. Default: `timeoutMs`. */
  gpgTimeoutMs?: number
  /** Tells the user one line, on stderr. */
  notify: (line: string) => void
}

/** A token, and where it was found. */
export interface Found {
  token: string
  /** Unknown for HEROKU_API_KEY, and for a `.netrc` entry without a login. */
  account?: string
  source: 'HEROKU_API_KEY' | BackendName
  /** The source in words for a person. */
  place: string
  /** ISO 8601, where the server told when it issued the token. */
  expiresAt?: string
}

/** The places that a token can be in, as far as the environment lets us use them. Opens none before it is asked for. */
export class Places {
  /** The value of HEROKU_API_KEY, if it is set and not empty. */
  readonly apiKey: string | undefined
  /** Whether HEROKU_NETRC_WRITE says that `.netrc` is all there is. */
  readonly netrcOnly: boolean
  /** Undefined where there is none, or it is not to be used. */
  readonly keychain: KeychainSession | undefined

  private opened: Promise<NetrcBackend> | undefined

  constructor(readonly around: Surroundings) {
    const {env, keychain} = around
    this.apiKey = apiKeyIn(env)
    this.netrcOnly = isNetrcOnly(env)
    this.keychain = keychain.name === undefined || this.netrcOnly ? undefined : new KeychainSession(keychain, around)
  }

  async netrc(): Promise<NetrcBackend> {
    const {env, hosts, run, gpgTimeoutMs: timeoutMs = this.around.timeoutMs} = this.around
    this.opened ??= import('../backends/netrc.js').then(({openNetrc}) => openNetrc({run, timeoutMs, env, hosts}))
    return this.opened
  }

  /**
   * Refuses to change what is stored while HEROKU_API_KEY would win anyway.
   * @param verb what was to be done, for the message
   * @throws {UserError} if it is set
   */
  assertChangeable(verb: string): void {
    if (this.apiKey !== undefined)
      throw new UserError(
        `cannot ${verb} while HEROKU_API_KEY is set: it is used instead`,
        'unset HEROKU_API_KEY first',
      )
  }
}
