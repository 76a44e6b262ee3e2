import {StorageError} from '../../src/errors.js'

/**
 * The error that an action rejects with.
 * @throws {Error} if the action resolves
 */
export async function thrownBy(action: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const error: unknown = await action.then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error,
  )
  if (!(error instanceof Error)) throw new Error(`no Error was thrown, but ${String(error)}`)
  if (error.message === 'nothing was thrown') throw error
  return error as Error & Record<string, unknown>
}

/** The same for a StorageError. */
export async function refusalOf(action: Promise<unknown>): Promise<StorageError> {
  const error = await thrownBy(action)
  if (error instanceof StorageError) return error
  throw error
}
