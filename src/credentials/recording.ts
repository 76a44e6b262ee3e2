// Writing down who is logged in, with words for the user where that cannot be done.
import {defined} from '../defined.js'
import type {StoreName, Credential} from '../backends/backend.js'
import {StorageError, UserError} from '../errors.js'
import {accessCommand, causeOf} from '../files/file-error.js'
import {fingerprint, type TokenRecord} from './token-record.js'

/** What is to be remembered of a token that is stored. */
export const recordFor = (
  {account, expiresAt, token}: Credential & {expiresAt?: string | undefined},
  apiHost: string,
  savedIn: StoreName,
): TokenRecord => ({
  account,
  apiHost,
  fingerprint: fingerprint(token),
  savedIn,
  ...defined({expiresAt}),
})

/**
 * Records a login.
 * @param next what to do once the data folder can be written to
 * @param instead what to do where it never can, as on a read-only file system
 * @throws {UserError} if it cannot be recorded
 */
export const recordingLogin = (dataDir: string, record: () => Promise<void> | void, next = '', instead = '') =>
  recording(record, (cause) => {
    const then = next === '' ? '' : `, ${next}`
    const otherwise = instead === '' ? '' : `; or ${instead}`
    const command = accessCommand(dataDir)
    return new UserError(
      `cannot record in ${dataDir} who is logged in (${cause})`,
      command === undefined ? `make ${dataDir} a folder that you can write to${then}${otherwise}` : `${command}${then}`,
    )
  })

/**
 * Records that a token is gone.
 * @param fact what that means, as in 'cannot record that …'
 * @throws {StorageError} if it cannot be recorded: the part of a removal that is not done
 */
export const recordingRemoval = (dataDir: string, record: () => Promise<void>, fact: string) =>
  recording(
    record,
    (cause) =>
      new StorageError('failed', `cannot record in ${dataDir} that ${fact} (${cause})`, accessCommand(dataDir)),
  )

async function recording(record: () => Promise<void> | void, failure: (cause: string) => Error): Promise<void> {
  try {
    await record()
  } catch (error) {
    throw failure(causeOf(error))
  }
}
