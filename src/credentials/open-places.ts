import {gpgPatience, patience, resolveKeychain} from '../backends/resolve.js'
import {CredentialStores, type StoresContext} from './stores.js'

/**
 * The places that hold tokens on this machine, as this process's environment has them.
 * @param terminal whether stderr is a terminal, where somebody may answer a keychain's prompt
 */
export function openStores({
  terminal,
  ...context
}: Pick<StoresContext, 'dataDir' | 'endpoints' | 'notify' | 'run'> & {terminal: boolean}): CredentialStores {
  const {env, platform} = process
  return new CredentialStores({
    ...context,
    env,
    keychain: resolveKeychain(env, platform),
    timeoutMs: patience(env, platform, terminal),
    gpgTimeoutMs: gpgPatience(env, platform, terminal),
  })
}
