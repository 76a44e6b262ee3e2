/**
 * What an action was refused with.
 * @throws {Error} if it was not refused at all
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
