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
  chosen = chosenBy(VARIABLE, process.env[VARIABLE]),
  ...context
}: Pick<StoresContext, 'chosen' | 'dataDir' | 'endpoints' | 'notify' | 'run'> & {
  terminal: boolean
}): CredentialStores {
  const {env, platform} = process
  const keychainNamed = (choice: StoreChoice) => chosenKeychain(choice, env, platform)
  const automatic = automaticKeychains(env, platform)
  const [keychain, ...otherKeychains]: [Keychain, ...Keychain[]] =
    typeof chosen?.store === 'object' ? [keychainNamed(chosen.store), ...automatic] : automatic
  let project: {selection: Selection | undefined} | undefined
  return new CredentialStores({
    ...context,
    env,
    selectedByProject: () => (project ??= {selection: selectedByProject(env)}).selection,
    keychain,
    otherKeychains,
    keychainNamed,
    terminal,
    ...defined({chosen}),
    timeoutMs: patience(env, platform, terminal),
    gpgTimeoutMs: gpgPatience(env, platform, terminal),
  })
}

/** The keychains of this machine that need no choice, the preferred one first, whatever the user has chosen. */
export const automaticStores = () => automaticKeychains(process.env, process.platform)
