import type {Interfaces} from '@oclif/core'
import {pathToFileURL} from 'node:url'
import type {Places} from '../credentials/places.js'
import {type Client, SETTER} from './client.js'
import {openHostPlaces} from './host-places.js'
import {openProvider, type Provider} from './provider.js'

// One for the process, however many copies of the client there are: a keychain is not asked again once it has failed.
let places: Places | undefined

/** Gives a copy of the client, which is imported for it, our provider of credentials. */
export async function provideTokens(config: Interfaces.Config, {providerModule}: Client): Promise<void> {
  const client = (await import(pathToFileURL(providerModule).href)) as Record<string, unknown>
  const set = client[SETTER]
  if (typeof set !== 'function') return
  places ??= openHostPlaces(config)
  ;(set as (provider: Provider) => void)(openProvider(places))
}
