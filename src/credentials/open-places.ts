import {gpgPatience, patience, resolveKeychain} from '../backends/resolve.js'
import {Places, type Surroundings} from './places.js'

/**
 * The places that hold tokens on this machine, as this process's environment has them.
 * @param terminal whether stderr is a terminal, where somebody may answer a keychain's prompt
 */
export function openPlaces({
  terminal,
  ...around
}: Pick<Surroundings, 'dataDir' | 'hosts' | 'notify' | 'run'> & {terminal: boolean}): Places {
  const {env, platform} = process
  return new Places({
    ...around,
    env,
    keychain: resolveKeychain(env, platform),
    timeoutMs: patience(env, platform, terminal),
    gpgTimeoutMs: gpgPatience(env, platform, terminal),
  })
}
