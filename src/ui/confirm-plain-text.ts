import {UserError} from '../errors.js'
import {ask} from './prompts.js'

/**
 * Asks before a token is stored in plain text.
 * @param because why no encrypted store takes it
 * @param hint how to get one
 * @param path the file that would hold the token
 * @throws {UserError} unless the user agrees
 */
export async function confirmPlainText(
  {because, hint, path}: {because: string; hint?: string; path: string},
  notify: (line: string) => void,
): Promise<void> {
  notify(`there is no encrypted store here: ${because}${hint === undefined ? '' : ` (${hint})`}`)
  if (/^y(es)?$/iu.test(await ask(`Store the token in plain text in ${path}? [y/N] `))) return
  throw new UserError('not logged in: the token would be in plain text', hint ?? 'heroku login --store netrc')
}
