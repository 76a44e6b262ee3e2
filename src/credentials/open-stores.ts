import {defined} from '../defined.js'
import {gpgPatience, patience} from '../backends/patience.js'
import {automaticKeychains, chosenKeychain, type Keychain} from '../backends/resolve.js'
import type {StoreChoice} from '../backends/store-choice.js'
import {chosenBy, VARIABLE} from './chosen-store.js'
import {selectedByProject} from './project-account.js'
import type {Selection} from './selected-account.js'
import {CredentialStores, type StoresContext} from './stores.js'

/**
 * The stores of this machine, as this process's environment allows them.
 * @param terminal whether stderr is a terminal, where the user may answer a keychain's prompt
 * @param chosen the store that a flag names. Default: that of HEROKU_CREDENTIAL_STORE
 */
export function openStores({
  terminal,
  chosen,
  ...context
}: Pick<StoresContext, 'chosen' | 'dataDir' | 'endpoints' | 'notify' | 'run'> & {
  terminal: boolean
}): CredentialStores {
  const {env, platform} = process
  let project: {selection: Selection | undefined} | undefined
  return new CredentialStores({
    ...context,
    env,
    selectedByProject: () => (project ??= {selection: selectedByProject(env)}).selection,
    ...keychainsOf(env, platform, chosen),
    terminal,
    timeoutMs: patience(env, platform, terminal),
    gpgTimeoutMs: gpgPatience(env, platform, terminal),
  })
}

/**
 * The keychains of a machine: the chosen one, else the preferred one, and the further ones.
 * @param env where PATH, SystemRoot and HOME are looked up
 * @param platform as `process.platform`
 * @param chosen the user's choice. Default: that of HEROKU_CREDENTIAL_STORE
 */
export function keychainsOf(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
  chosen = chosenBy(VARIABLE, env[VARIABLE]),
): Pick<StoresContext, 'chosen' | 'keychain' | 'keychainNamed' | 'otherKeychains'> {
  const keychainNamed = (choice: StoreChoice) => chosenKeychain(choice, env, platform)
  const automatic = automaticKeychains(env, platform)
  const [keychain, ...otherKeychains]: [Keychain, ...Keychain[]] =
    typeof chosen?.store === 'object' ? [keychainNamed(chosen.store), ...automatic] : automatic
  return {keychain, otherKeychains, keychainNamed, ...defined({chosen})}
}

/** The keychains of this machine that need no choice, the preferred one first, whatever the user has chosen. */
export const automaticStores = () => automaticKeychains(process.env, process.platform)
