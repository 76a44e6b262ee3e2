import {Args} from '@oclif/core'
import {BaseCommand} from '../../base-command.js'
import {addAlias, assertNewAlias} from '../../credentials/aliases.js'
import {credentialOf, findCredential} from '../../credentials/find.js'
import {openApi} from '../../heroku/api.js'
import {openHttp} from '../../heroku/http.js'
import {verifyToken} from '../../heroku/verify.js'

export default class AccountsAdd extends BaseCommand {
  static override summary = 'give the current account an alias'

  static override description =
    'Replaces the command of the Heroku CLI, which writes the token into the list, too, if it does not know the store.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> work',
    {
      description: 'give an account an alias, and use it in all terminals',
      command: '<%= config.bin %> <%= command.id %> work && <%= config.bin %> auth:switch work',
    },
  ]

  static override args = {
    name: Args.string({description: 'alias for the account', required: true}),
  }

  async run(): Promise<void> {
    const {args} = await this.parse(AccountsAdd)
    await assertNewAlias(this.stores, args.name)
    const credential = credentialOf(await findCredential(this.stores))
    const api = openApi(openHttp(process.env), this.stores.context.endpoints.apiUrl)
    const {account} = await verifyToken(api, credential.token)
    await addAlias(this.stores, {alias: args.name, account, credential})
  }
}
