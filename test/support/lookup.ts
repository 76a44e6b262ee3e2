// The results of lookups in a form that is short to compare: `{found}`, `{because}`, or `{because, failure}`.
import {expect} from 'chai'
import * as policy from '../../src/credentials/find.js'
import type {CredentialStores, FoundCredential} from '../../src/credentials/stores.js'
import type {StorageError} from '../../src/errors.js'

export interface ShortLookup {
  found?: FoundCredential
  because?: string
  failure?: StorageError
}

function shortened(lookup: policy.Lookup): ShortLookup {
  switch (lookup.outcome) {
    case 'found':
      return {found: withoutTime(lookup.credential)}
    case 'absent':
      return lookup.because === undefined ? {} : {because: lookup.because}
    case 'failed':
      return {because: lookup.error.message, failure: lookup.error}
  }
}

/** Without the time of the test. */
function withoutTime({recordedAt, ...found}: FoundCredential): FoundCredential {
  if (recordedAt !== undefined) expect(found.expiresAt, recordedAt).to.be.a('string')
  return found
}

export const findCredential = async (...how: Parameters<typeof policy.findCredential>) =>
  shortened(await policy.findCredential(...how))

export const findAccountCredential = async (stores: CredentialStores, account: string) =>
  shortened(await policy.findAccountCredential(stores, account))
