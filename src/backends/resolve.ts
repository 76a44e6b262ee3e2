// Which keychain this machine has: the only code that chooses one by platform.
import {defined} from '../defined.js'
import {findProgram} from '../process/find-program.js'
import type {Backend, KeychainName} from './backend.js'
import {INSTALL_ANYWHERE} from './install-hint.js'
import type {ToolOptions} from './tool.js'

/** The keychain of this machine, or why there is none. */
export type Keychain =
  | {name: KeychainName; title: string; because: string; open: (options: ToolOptions) => Promise<Backend>}
  | {name: undefined; because: string; hint?: string}

interface Machine {
  /** Where PATH and SystemRoot are looked up. */
  env: NodeJS.ProcessEnv
  /** As `process.platform`. */
  platform: NodeJS.Platform
}

/** A keychain that can be used, or what is missing. */
type Availability =
  {because: string; open: (options: ToolOptions) => Promise<Backend>} | {missing: string; hint?: string}

interface Store {
  name: KeychainName
  /** The name in messages. */
  title: string
  /** Decides from platform, environment and file system alone. Undefined on a platform that the store is not for. */
  check: (machine: Machine) => Availability | undefined
}

/** All keychains that we support, the preferred one first. The bundler finds each backend by its dynamic import. */
const STORES: readonly Store[] = [
  {
    name: 'macos-keychain',
    title: 'the macOS keychain',
    check: ({platform}) =>
      platform === 'darwin'
        ? {
            because: 'this is macOS',
            open: async (options) => (await import('./macos-keychain.js')).openMacosKeychain(options),
          }
        : undefined,
  },
  {
    name: 'windows-vault',
    title: 'the Windows password vault',
    check: ({env, platform}) =>
      platform === 'win32'
        ? {
            because: 'this is Windows',
            open: async (options) => (await import('./windows-vault.js')).openWindowsVault({...options, env}),
          }
        : undefined,
  },
  {
    name: 'secret-service',
    title: 'the keyring',
    check({env, platform}) {
      if (platform === 'darwin' || platform === 'win32') return undefined
      const program = findProgram('secret-tool', env)
      if (program === undefined) return {missing: 'secret-tool is not installed', hint: INSTALL_ANYWHERE}
      return {
        because: 'secret-tool is installed',
        open: async (options) => (await import('./secret-service.js')).openSecretService({program, ...options}),
      }
    },
  },
]

/**
 * Selects the first keychain that this machine has. Starts no process, and loads no backend before `open`; whether the
 * keychain answers is not known before the first call.
 * @param env where PATH and SystemRoot are looked up
 * @param platform as `process.platform`
 */
export function resolveKeychain(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): Keychain {
  let none: Keychain | undefined
  for (const {check, name, title} of STORES) {
    const checked = check({env, platform})
    if (checked && 'open' in checked) return {name, title, ...checked}
    // The reason to show is that of the preferred keychain of this platform.
    if (checked) none ??= {name: undefined, because: checked.missing, ...defined({hint: checked.hint})}
  }
  return none ?? {name: undefined, because: 'no keychain is supported on this system'}
}

const WITHOUT_PROMPT_MS = 5000
// The first powershell.exe after a start of Windows took 8 to 25 s on hosted runners.
const WITHOUT_PROMPT_ON_WINDOWS_MS = 20_000
/** The timeout of a keychain operation where the keychain may show a prompt, in milliseconds. */
export const WITH_PROMPT_MS = 60_000

/**
 * The timeout of a keychain operation, in milliseconds: a minute where the keychain may prompt the user, else 5 s, and 20 s on
 * Windows. On Linux, a keyring prompts only in a window, so a terminal does not count.
 * @param terminal whether stderr is a terminal
 */
export function patience(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, terminal: boolean): number {
  const onTerminal = terminal && (platform === 'darwin' || platform === 'win32')
  if (onTerminal || hasDisplay(env, platform)) return WITH_PROMPT_MS
  return platform === 'win32' ? WITHOUT_PROMPT_ON_WINDOWS_MS : WITHOUT_PROMPT_MS
}

/** The timeout of gpg, in milliseconds: its pinentry also prompts on a terminal. */
export function gpgPatience(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, terminal: boolean): number {
  return terminal || hasDisplay(env, platform) ? WITH_PROMPT_MS : WITHOUT_PROMPT_MS
}

function hasDisplay(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): boolean {
  if (platform === 'darwin' || platform === 'win32') return !env.SSH_CONNECTION && !env.CI
  return Boolean(env.DISPLAY) || Boolean(env.WAYLAND_DISPLAY)
}
