// An account that the user has selected instead of the current one, and what selected it.
import {notLoggedIn} from '../errors.js'
import {printable} from '../ui/printable.js'
import {unsetHint} from '../ui/shell-hints.js'

/** What selected an account, in order of precedence. */
export type SelectedBy = '--account' | 'URL' | 'HEROKU_ACCOUNT' | 'git config'

export interface Selection {
  /** An e-mail address, or an alias of `heroku accounts`. */
  name: string
  by: SelectedBy
  /** The file of git's configuration, as git names it; undefined for a value from `git -c`. */
  file?: string
}

export interface SelectedAccount extends Selection {
  /** The e-mail address. */
  account: string
}

/** What selected it, for messages. */
export function describeSelection({by, file}: Pick<Selection, 'by' | 'file'>): string {
  if (by === 'URL') return "the remote's URL"
  return by === 'git config' ? `git config heroku.account${file === undefined ? '' : ` in ${printable(file)}`}` : by
}

/** @param because the reason, if it is not simply that the account is not logged in */
export const selectedNotLoggedIn = (selected: SelectedAccount, because?: string) =>
  notLoggedIn(because, undefined, `${printable(selected.account)} (selected by ${describeSelection(selected)})`)

/** The notice that another account is still selected, and how to change that. */
export function howToClear(selected: SelectedAccount): string {
  const clear =
    selected.by === 'HEROKU_ACCOUNT'
      ? unsetHint('HEROKU_ACCOUNT')
      : selected.file === '.git/config'
        ? 'git config --unset heroku.account'
        : 'git config --show-origin heroku.account shows where it is set'
  return `${describeSelection(selected)} still selects ${printable(selected.account)}; to clear it: ${clear}`
}
