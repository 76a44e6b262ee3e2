// Which keychains this machine has: the only code that chooses one by platform.
import {join} from 'node:path'
import {defined} from '../defined.js'
import {findProgram} from '../process/find-program.js'
import type {Backend, KeychainName} from './backend.js'
import {INSTALL_ANYWHERE} from './install-hint.js'
import type {Keychain, OpenOptions} from './keychain.js'
import {hasDisplay} from './patience.js'
import {findSystemdCreds} from './systemd-creds-available.js'
import {missingPasswordStore} from './password-store-folder.js'
import type {StoreChoice} from './store-choice.js'
import {findWindows, FROM_WSL_MS} from './wsl.js'

export type {Keychain, OpenOptions} from './keychain.js'

interface Machine {
  /** Where PATH, SystemRoot and HOME are looked up. */
  env: NodeJS.ProcessEnv
  /** As `process.platform`. */
  platform: NodeJS.Platform
}

/** A keychain that can be used, or what is missing. */
type Availability =
  {because: string; open: (options: OpenOptions) => Promise<Backend>} | {missing: string; hint?: string}

interface Store {
  name: KeychainName
  /** The name in messages. */
  title: string
  /** Only a user's choice selects it. */
  isOptIn?: true
  /** Decides from platform, environment and file system alone. Undefined on a platform that the store is not for. */
  check: (machine: Machine, helper: string) => Availability | undefined
}

const isLinux = ({platform}: Machine) => platform !== 'darwin' && platform !== 'win32'

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
    // From WSL, a first call takes up to 25 s.
    name: 'windows-vault',
    title: 'the Windows password vault',
    isOptIn: true,
    check(machine) {
      if (!isLinux(machine)) return undefined
      const windows = findWindows(machine.env)
      if (!windows) return {missing: 'this is not Windows, nor WSL with a drive of Windows'}
      return {
        because: 'it was chosen in WSL',
        async open(options) {
          const {openWindowsVault} = await import('./windows-vault.js')
          return openWindowsVault({...options, ...windows, timeoutMs: FROM_WSL_MS, env: machine.env})
        },
      }
    },
  },
  {
    name: 'secret-service',
    title: 'the keyring',
    check(machine) {
      if (!isLinux(machine)) return undefined
      const program = findProgram('secret-tool', machine.env)
      if (program === undefined) return {missing: 'secret-tool is not installed', hint: INSTALL_ANYWHERE}
      return {
        because: 'secret-tool is installed',
        open: async (options) => (await import('./secret-service.js')).openSecretService({program, ...options}),
      }
    },
  },
  {
    name: 'systemd-creds',
    title: 'systemd-creds',
    check(machine) {
      if (!isLinux(machine)) return undefined
      const found = findSystemdCreds(machine.env)
      if ('missing' in found) return found
      const {program} = found
      return {
        because: 'systemd encrypts credentials for users',
        async open({dataDir, ...options}) {
          const {openSystemdCreds} = await import('./systemd-creds.js')
          return openSystemdCreds({...options, program, folder: join(dataDir, 'sealed')})
        },
      }
    },
  },
  {
    name: 'password-store',
    title: 'pass',
    check({env, platform}) {
      if (platform === 'win32') return undefined
      const missing = missingPasswordStore(env)
      if (missing) return missing
      return {
        because: 'pass is set up',
        open: async (options) =>
          (await import('./password-store.js')).openPasswordStore({
            ...options,
            env,
            display: hasDisplay(env, platform),
          }),
      }
    },
  },
  {
    name: 'git-helper',
    title: "git's credential helper",
    isOptIn: true,
    check: ({env}, helper) => ({
      because: 'it was chosen',
      open: async (options) => {
        const {openGitHelper} = await import('./git-helper.js')
        return openGitHelper({...options, value: helper, host: options.endpoints.api, env})
      },
    }),
  },
  {
    name: 'git-forwarded',
    title: "git's own credential helpers",
    isOptIn: true,
    check: ({env}) => ({
      because: 'it was chosen',
      open: async (options) => {
        const {openGitForwarded} = await import('./git-forwarded.js')
        return openGitForwarded({...options, host: options.endpoints.git, env})
      },
    }),
  },
]

/**
 * The keychains of this machine that need no choice, the preferred one first. Starts no process, and loads no backend before
 * `open`; whether a keychain answers is not known before the first call.
 * @param env where PATH, SystemRoot and HOME are looked up
 * @param platform as `process.platform`
 * @returns one at least, which says why there is none
 */
export function automaticKeychains(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): [Keychain, ...Keychain[]] {
  const checked = STORES.flatMap((store) => (store.isOptIn ? [] : (opened(store, {env, platform}) ?? [])))
  const [first, ...others] = checked.filter(({name}) => name !== undefined)
  // The reason to show is that of the preferred keychain of this platform.
  return first ? [first, ...others] : [checked[0] ?? UNSUPPORTED]
}

/** The keychain that {@link automaticKeychains} prefers. */
export const resolveKeychain = (env: NodeJS.ProcessEnv, platform: NodeJS.Platform) =>
  automaticKeychains(env, platform)[0]

/** The keychain that a user has chosen, or that is on record; with the reason if this machine does not have it. */
export function chosenKeychain(choice: StoreChoice, env: NodeJS.ProcessEnv, platform: NodeJS.Platform): Keychain {
  const stores = STORES.filter(({name}) => name === choice.name)
  return stores.flatMap((store) => opened(store, {env, platform}, choice.helper) ?? [])[0] ?? UNSUPPORTED
}

const UNSUPPORTED: Keychain = {name: undefined, because: 'no keychain is supported on this system'}

function opened({check, name, title}: Store, machine: Machine, helper?: string): Keychain | undefined {
  const checked = check(machine, helper ?? '')
  if (!checked) return undefined
  if ('missing' in checked) return {name: undefined, because: checked.missing, ...defined({hint: checked.hint})}
  const fullTitle = helper === undefined ? title : `${title} '${helper}'`
  return {name, title: fullTitle, ...checked, ...defined({helper})}
}
