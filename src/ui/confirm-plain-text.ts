import {UserError} from '../errors.js'
import {ask} from './prompts.js'

/**
 * Asks before a token is stored in plain text.
 * @param reason why no encrypted store takes it, and how to get one
 * @param netrc the file that would hold the token
 * @throws {UserError} unless the user agrees
 */
export async function confirmPlainText(
  {because, hint}: {because: string; hint?: string},
  netrc: {path: string; encrypted: boolean},
  notify: (line: string) => void,
): Promise<void> {
  if (netrc.encrypted) return
  notify(`there is no encrypted store here: ${because}${hint === undefined ? '' : ` (${hint})`}`)
  if (/^y(es)?$/iu.test(await ask(`Store the token in plain text in ${netrc.path}? [y/N] `))) return
  throw new UserError('not logged in: the token would be in plain text', hint ?? 'heroku login --store netrc')
}
