import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../../base-command.js'
import {accountNamed, describeOtherSelection} from '../../credentials/selection.js'
import {type Accounts, assertLoggedIn, listAccounts, switchTo} from '../../credentials/switch.js'
import {UserError} from '../../errors.js'
import {selectForRepository} from '../../git/project.js'
import {run} from '../../process/run.js'
import {printable} from '../../ui/printable.js'
import {ask, isInteractive} from '../../ui/prompts.js'
import {unsetHint} from '../../ui/shell-hints.js'

export default class AuthSwitch extends BaseCommand {
  static override summary = 'switch to another account'

  static override description =
    'Without ACCOUNT, it switches to the other of two accounts, or prompts. With --project, only git and the CLI in this repository use the account (git config heroku.account).'

  static override examples = [
    '<%= config.bin %> <%= command.id %> ada@example.com',
    {
      description: 'use an account in this repository only',
      command: '<%= config.bin %> <%= command.id %> work@example.com --project',
    },
  ]

  static override args = {
    account: Args.string({description: 'e-mail address, or an alias of heroku accounts'}),
  }

  static override flags = {
    project: Flags.boolean({description: 'select the account for this git repository only'}),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(AuthSwitch)
    const {stores} = this
    stores.assertChangeable('switch accounts')
    if (stores.netrcOnly)
      throw new UserError(
        'cannot switch accounts while HEROKU_NETRC_WRITE is true: .netrc holds one',
        `${unsetHint('HEROKU_NETRC_WRITE')} first`,
      )
    const account =
      args.account === undefined
        ? await this.other(await listAccounts(stores))
        : await accountNamed(stores, args.account)
    await assertLoggedIn(stores, account)
    if (flags.project) {
      await selectForRepository(run, stores.context.env, account)
      this.log(`Switched to ${printable(account)} in this repository`)
    } else {
      await switchTo(stores, account)
      this.log(`Switched to ${printable(account)} in all terminals`)
    }
    const selection = await describeOtherSelection(stores, account)
    if (selection !== undefined) this.notify(selection)
  }

  /** The account to switch to, if none was named. */
  private async other({all, current}: Accounts): Promise<string> {
    const others = all.filter((account) => account !== current)
    const [only, second] = others
    if (only === undefined)
      throw new UserError(
        current === undefined
          ? 'no account is logged in'
          : `${printable(current)} is the only account that is logged in`,
        'log in to another account: heroku login',
      )
    if (second === undefined) return only
    const {bin} = this.config
    if (!isInteractive())
      throw new UserError(
        `several accounts are logged in: ${all.map((each) => printable(each)).join(', ')}`,
        `${bin} auth:switch ${printable(only)}`,
      )
    for (const [index, account] of others.entries()) this.notify(`${index + 1}: ${printable(account)}`)
    const answer = await ask(`Account (1 to ${others.length}): `)
    const chosen = others[Number(answer) - 1] ?? others.find((account) => account === answer)
    if (chosen === undefined) throw new UserError(`there is no account ${printable(answer)}`, `${bin} auth:switch`)
    return chosen
  }
}
