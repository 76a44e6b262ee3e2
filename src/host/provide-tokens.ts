import type {Interfaces} from '@oclif/core'
import {pathToFileURL} from 'node:url'
import type {CredentialStores} from '../credentials/stores.js'
import {type Client, SETTER} from './installed-client.js'
import {openHostStores} from './host-stores.js'
import {openProvider, type Provider} from './credential-provider.js'

// One for the process, however many copies of the client there are: a keychain is not asked again once it has failed.
let stores: CredentialStores | undefined

/** Gives a copy of the client, which is imported for it, our provider of credentials. */
export async function provideTokens(config: Interfaces.Config, {providerModule}: Client): Promise<void> {
  const client = (await import(pathToFileURL(providerModule).href)) as Record<string, unknown>
  const set = client[SETTER]
  if (typeof set !== 'function') return
  stores ??= openHostStores(config)
  ;(set as (provider: Provider) => void)(openProvider(stores))
}
