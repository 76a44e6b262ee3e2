import {Args} from '@oclif/core'
import {BaseCommand} from '../../base-command.js'
import {useAlias} from '../../credentials/aliases.js'
import {describeFallback} from '../../credentials/describe-saved.js'
import {describeOtherSelection} from '../../credentials/selection.js'

export default class AccountsSet extends BaseCommand {
  static override summary = 'make an account the current one'

  static override description =
    'Replaces the command of the Heroku CLI, which writes the token into .netrc if it does not know the store.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> work',
    {
      description: 'by e-mail address',
      command: '<%= config.bin %> <%= command.id %> ada@example.com',
    },
  ]

  static override args = {
    name: Args.string({description: 'alias or e-mail address', required: true}),
  }

  async run(): Promise<void> {
    const {args} = await this.parse(AccountsSet)
    const {account, saved} = await useAlias(this.stores, args.name)
    for (const line of [saved && describeFallback(saved), await describeOtherSelection(this.stores, account)])
      if (line !== undefined) this.notify(line)
  }
}
