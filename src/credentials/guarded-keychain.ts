import {defined} from '../defined.js'
import type {Backend, Credential, Peek} from '../backends/backend.js'
import {WITH_PROMPT_MS} from '../backends/patience.js'
import type {Keychain, OpenOptions} from '../backends/resolve.js'
import {StorageError} from '../errors.js'
import {readLoginState} from './login-files.js'
import {accountsOnRecord} from './login-state.js'

// Longer than a working keychain takes; short enough that the wait is explained before it is noticed.
const NOTICE_AFTER_MS = 2000

type GuardContext = Omit<OpenOptions, 'accounts'> & {
  notify: (line: string) => void
  /** For keychains that prompt with gpg, in milliseconds. Default: `timeoutMs`. */
  gpgTimeoutMs?: number
}

/** The keychain for one process: prints a notice while it is waited for, and is not called again after a failure. */
export class GuardedKeychain implements Backend {
  /** Why it failed, once it has. */
  failure: StorageError | undefined

  private backend: Promise<Backend> | undefined
  private announced = false
  private warned = false

  constructor(
    private readonly keychain: Extract<Keychain, {name: string}>,
    private readonly context: GuardContext,
  ) {}

  get name() {
    return this.keychain.name
  }

  get title() {
    return this.keychain.title
  }

  /** For `git-helper`: which helper. */
  get helper() {
    return this.keychain.helper
  }

  /** In milliseconds: pass prompts with gpg. */
  private get timeoutMs(): number {
    const {gpgTimeoutMs, timeoutMs} = this.context
    return this.name === 'password-store' ? (gpgTimeoutMs ?? timeoutMs) : timeoutMs
  }

  get(account: string): Promise<string | undefined> {
    return this.call((backend) => backend.get(account))
  }

  peek(account: string): Promise<Peek> {
    return this.call(async (backend) => {
      if (backend.peek) return backend.peek(account)
      const token = await backend.get(account)
      return defined({token})
    })
  }

  set(credential: Credential): Promise<void> {
    return this.call((backend) => backend.set(credential))
  }

  remove(account: string): Promise<boolean> {
    return this.call((backend) => backend.remove(account))
  }

  accounts(): Promise<string[]> {
    return this.call((backend) => backend.accounts())
  }

  /**
   * Checks whether it can be reached. Not for a keychain that may prompt or hang when its accounts are listed.
   * @throws {StorageError} 'unavailable' or 'refused'; any other failure says that it is there
   */
  async assertReachable(): Promise<void> {
    try {
      await (await this.open()).accounts()
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      if (error.problem === 'unavailable' || error.problem === 'refused') throw error
    }
  }

  /** Calls it even if it has failed: to undo what it may have done. */
  async undo<T>(operation: (backend: Backend) => Promise<T>): Promise<T> {
    return operation(await this.open())
  }

  /** Removes a token that it has just given. @throws {StorageError} also if it says that it had none, and gives it still */
  async removeHeld({account, token}: Credential): Promise<void> {
    if ((await this.remove(account)) || (await this.get(account)) !== token) return
    throw new StorageError('failed', `${this.title} still gives the token that was to be removed`, 'try again')
  }

  /** Prints a warning, unless one was printed. */
  warnOnce(line: string): void {
    if (!this.warned) this.context.notify(line)
    this.warned = true
  }

  /** @throws {StorageError} as the backend does; the same one again if the keychain has failed in this process */
  private async call<T>(operation: (backend: Backend) => Promise<T>): Promise<T> {
    if (this.failure) throw this.failure
    const notice = setTimeout(() => {
      this.announce()
    }, NOTICE_AFTER_MS)
    try {
      return await operation(await this.open())
    } catch (error) {
      // 'refused' is about the account or token, and says nothing of the keychain.
      if (error instanceof StorageError && error.problem !== 'refused') this.failure = error
      throw error
    } finally {
      clearTimeout(notice)
    }
  }

  private open(): Promise<Backend> {
    const {dataDir, ...options} = this.context
    const accounts = () => accountsOnRecord(readLoginState(dataDir))
    this.backend ??= this.keychain.open({...options, timeoutMs: this.timeoutMs, dataDir, accounts})
    return this.backend
  }

  private announce(): void {
    if (this.announced) return
    this.announced = true
    const {timeoutMs} = this
    const prompt = timeoutMs >= WITH_PROMPT_MS ? '; it may be showing a prompt' : ''
    this.context.notify(`waiting for ${this.title} (${timeoutMs / 1000} s at most)${prompt}`)
  }
}
