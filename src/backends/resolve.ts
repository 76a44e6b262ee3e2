// Which keychain this machine has: the one place that looks at the platform for it.
import {findProgram} from '../process/find-program.js'
import type {Backend, KeychainName} from './backend.js'
import {INSTALL_ANYWHERE} from './install-hint.js'
import type {ToolOptions} from './tool.js'

/** The keychain of this machine, or none, and why. */
export type Keychain =
  | {name: KeychainName; title: string; because: string; open: (options: ToolOptions) => Promise<Backend>}
  | {name: undefined; because: string; hint?: string}

/**
 * Decides, from platform and environment alone, which keychain to use. Nothing is started, and no backend is loaded
 * before `open`. Whether the keychain answers is another question, which only asking it can settle.
 * @param env where PATH and SystemRoot are looked up
 * @param platform as of `process.platform`
 */
export function resolveKeychain(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): Keychain {
  switch (platform) {
    case 'darwin':
      return {
        name: 'macos-keychain',
        title: 'the macOS keychain',
        because: 'this is macOS',
        open: async (options) => (await import('./macos-keychain.js')).openMacosKeychain(options),
      }
    case 'win32':
      return {
        name: 'windows-vault',
        title: 'the Windows password vault',
        because: 'this is Windows',
        open: async (options) => (await import('./windows-vault.js')).openWindowsVault({...options, env}),
      }
    default:
      return resolveSecretService(env)
  }
}

function resolveSecretService(env: NodeJS.ProcessEnv): Keychain {
  const program = findProgram('secret-tool', env)
  if (program === undefined)
    return {
      name: undefined,
      because: 'secret-tool is not installed',
      hint: INSTALL_ANYWHERE,
    }
  return {
    name: 'secret-service',
    title: 'the keyring',
    because: 'secret-tool is installed',
    open: async (options) => (await import('./secret-service.js')).openSecretService({program, ...options}),
  }
}

/** How long a keychain operation may take where no prompt can be shown, in milliseconds. */
export const WITHOUT_PROMPT_MS = 5000
const WITH_PROMPT_MS = 60_000

/**
 * How long a keychain operation may take, in milliseconds: a minute where the user may be answering its prompt, else
 * seconds. On Linux a keyring prompts in a window alone: a terminal shows nothing to answer.
 * @param terminal whether stderr is a terminal
 */
export function patience(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, terminal: boolean): number {
  const onTerminal = terminal && (platform === 'darwin' || platform === 'win32')
  return onTerminal || hasDisplay(env, platform) ? WITH_PROMPT_MS : WITHOUT_PROMPT_MS
}

/** How long gpg may take, in milliseconds: its pinentry asks for a passphrase on a terminal, too. */
export function gpgPatience(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, terminal: boolean): number {
  return terminal ? WITH_PROMPT_MS : patience(env, platform, terminal)
}

function hasDisplay(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): boolean {
  if (platform === 'darwin' || platform === 'win32') return !env.SSH_CONNECTION && !env.CI
  return Boolean(env.DISPLAY) || Boolean(env.WAYLAND_DISPLAY)
}
