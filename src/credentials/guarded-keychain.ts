import {defined} from '../defined.js'
import type {Backend, Credential, Peek} from '../backends/backend.js'
import {type Keychain, WITH_PROMPT_MS} from '../backends/resolve.js'
import {StorageError} from '../errors.js'
import type {RunTool} from '../process/run.js'

// Longer than a working keychain takes; short enough that the wait is explained before it is noticed.
const NOTICE_AFTER_MS = 2000

/** The keychain for one process: prints a notice while it is waited for, and is not called again after a failure. */
export class GuardedKeychain implements Backend {
  /** Why it failed, once it has. */
  failure: StorageError | undefined

  private backend: Promise<Backend> | undefined
  private announced = false
  private warned = false

  constructor(
    private readonly keychain: Extract<Keychain, {name: string}>,
    private readonly options: {run: RunTool; timeoutMs: number; notify: (line: string) => void},
  ) {}

  get name() {
    return this.keychain.name
  }

  get title() {
    return this.keychain.title
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

  /** Prints a warning, unless one was printed. */
  warnOnce(line: string): void {
    if (!this.warned) this.options.notify(line)
    this.warned = true
  }

  /** @throws {StorageError} as the backend does; the same one again if the keychain has failed in this process */
  private async call<T>(operation: (backend: Backend) => Promise<T>): Promise<T> {
    if (this.failure) throw this.failure
    const {notify, run, timeoutMs} = this.options
    const notice = setTimeout(() => {
      this.announce()
    }, NOTICE_AFTER_MS)
    try {
      this.backend ??= this.keychain.open({run, timeoutMs, notify})
      return await operation(await this.backend)
    } catch (error) {
      // 'refused' is about the account or token, and says nothing of the keychain.
      if (error instanceof StorageError && error.problem !== 'refused') this.failure = error
      throw error
    } finally {
      clearTimeout(notice)
    }
  }

  private announce(): void {
    if (this.announced) return
    this.announced = true
    const {notify, timeoutMs} = this.options
    const prompt = timeoutMs >= WITH_PROMPT_MS ? '; it may be showing a prompt' : ''
    notify(`waiting for ${this.title} (${timeoutMs / 1000} s at most)${prompt}`)
  }
}
