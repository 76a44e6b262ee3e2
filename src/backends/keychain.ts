import type {Backend, KeychainName} from './backend.js'
import type {ToolOptions} from './tool.js'

/** What the backends need in order to open. */
export interface OpenOptions extends ToolOptions {
  /** oclif's `config.dataDir`. */
  dataDir: string
  /** The machine names of the API and of git. */
  endpoints: {api: string; git: string}
  /** Whether stderr is a terminal, on which gpg may prompt. Default: false. */
  terminal?: boolean
  /** The accounts on record, for stores that cannot list theirs. */
  accounts: () => string[]
}

/** A keychain, or why it cannot be used. */
export type Keychain =
  | {
      name: KeychainName
      title: string
      because: string
      /** For `git-helper`: which helper. */
      helper?: string
      open: (options: OpenOptions) => Promise<Backend>
    }
  | {name: undefined; because: string; hint?: string}
