import {defined} from '../defined.js'
import type {Backend, Peek} from '../backends/backend.js'
import {StorageError} from '../errors.js'
import {type Keychain, WITHOUT_PROMPT_MS} from '../backends/resolve.js'
import type {RunTool} from '../process/run.js'

// Long enough that a keychain that works is never announced, short enough that nobody wonders.
const NOTICE_AFTER_MS = 2000

/** One process's dealings with the keychain: waited for aloud, and not asked again once it has failed. */
export class GuardedKeychain {
  /** What went wrong, from the moment that it did. */
  failure: StorageError | undefined

  private backend: Promise<Backend> | undefined
  private complained = false

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

  /**
   * Asks the keychain something.
   * @throws {StorageError} as the backend does; the same again, at once, if the keychain has failed in this process
   */
  async ask<T>(question: (backend: Backend) => Promise<T>): Promise<T> {
    if (this.failure) throw this.failure
    const {notify, run, timeoutMs} = this.options
    const notice = setTimeout(() => {
      const prompt = timeoutMs > WITHOUT_PROMPT_MS ? '; it may be showing a prompt' : ''
      notify(`waiting for ${this.title} (${timeoutMs / 1000} s at most)${prompt}`)
    }, NOTICE_AFTER_MS)
    try {
      this.backend ??= this.keychain.open({run, timeoutMs, notify})
      return await question(await this.backend)
    } catch (error) {
      // 'refused' is about the account or token, and says nothing of the keychain.
      if (error instanceof StorageError && error.problem !== 'refused') this.failure = error
      throw error
    } finally {
      clearTimeout(notice)
    }
  }

  /** What it holds of an account, without a prompt where the backend can do without. @throws {StorageError} */
  peek(account: string): Promise<Peek> {
    return this.ask(async (backend) => {
      if (backend.peek) return backend.peek(account)
      const token = await backend.get(account)
      return defined({token})
    })
  }

  /** Tells the user what its trouble has led to, once. */
  complain(line: string): void {
    if (!this.complained) this.options.notify(line)
    this.complained = true
  }
}
