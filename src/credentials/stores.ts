import type {StoreName} from '../backends/backend.js'
import type {NetrcFile} from '../backends/netrc/netrc-file.js'
import {gpgPatience, type Keychain, patience, resolveKeychain} from '../backends/resolve.js'
import type {Endpoints} from '../heroku/endpoints.js'
import type {RunTool} from '../process/run.js'
import {UserError} from '../errors.js'
import {selectedByProject} from './project-account.js'
import type {SelectedAccount, Selection} from './selected-account.js'
import {GuardedKeychain} from './guarded-keychain.js'
import {unsetHint} from '../ui/shell-hints.js'

/** What the policy depends on. */
export interface StoresContext {
  env: NodeJS.ProcessEnv
  /** oclif's `config.dataDir`. */
  dataDir: string
  endpoints: Endpoints
  keychain: Keychain
  run: RunTool
  /** How long one keychain operation may take, in milliseconds. */
  timeoutMs: number
  /** How long gpg may take for a `.netrc.gpg`, in milliseconds. Default: `timeoutMs`. */
  gpgTimeoutMs?: number
  /** What `git config heroku.account` selects in the current directory. Default: nothing. @throws {UserError} */
  selectedByProject?: () => Selection | undefined
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
  /** The selection that this credential follows; undefined if the login decided. */
  selected?: SelectedAccount
}

/** The credential stores that this environment allows. Each is opened on first use. */
export class CredentialStores {
  /** The value of HEROKU_API_KEY, if it is set and not empty. */
  readonly apiKey: string | undefined
  /** Whether HEROKU_NETRC_WRITE says that `.netrc` is all there is. */
  readonly netrcOnly: boolean
  /** Undefined where there is none, or it is not to be used. */
  readonly keychain: GuardedKeychain | undefined

  private opened: Promise<NetrcFile> | undefined

  constructor(readonly context: StoresContext) {
    const {env, keychain} = context
    this.apiKey = env.HEROKU_API_KEY === '' ? undefined : env.HEROKU_API_KEY
    this.netrcOnly = env.HEROKU_NETRC_WRITE?.toLowerCase() === 'true'
    this.keychain = keychain.name === undefined || this.netrcOnly ? undefined : new GuardedKeychain(keychain, context)
  }

  async netrc(): Promise<NetrcFile> {
    const {env, endpoints, run, gpgTimeoutMs: timeoutMs = this.context.timeoutMs} = this.context
    this.opened ??= import('../backends/netrc/netrc-file.js').then(({openNetrc}) =>
      openNetrc({run, timeoutMs, env, hosts: endpoints}),
    )
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
        `${unsetHint('HEROKU_API_KEY')} first`,
      )
  }
}

/**
 * The stores of this machine, as this process's environment allows them.
 * @param terminal whether stderr is a terminal, where the user may answer a keychain's prompt
 */
export function openStores({
  terminal,
  ...context
}: Pick<StoresContext, 'dataDir' | 'endpoints' | 'notify' | 'run'> & {terminal: boolean}): CredentialStores {
  const {env, platform} = process
  let project: {selection: Selection | undefined} | undefined
  return new CredentialStores({
    ...context,
    env,
    selectedByProject: () => (project ??= {selection: selectedByProject(env)}).selection,
    keychain: resolveKeychain(env, platform),
    timeoutMs: patience(env, platform, terminal),
    gpgTimeoutMs: gpgPatience(env, platform, terminal),
  })
}
