import {defined} from '../../defined.js'
import {Flags} from '@oclif/core'
import {BaseCommand} from '../../base-command.js'
import {findCredential} from '../../credentials/find.js'
import type {FoundCredential} from '../../credentials/stores.js'
import {describeExpiry} from '../../ui/expiry.js'
import {notLoggedIn, UserError} from '../../errors.js'

export default class AuthToken extends BaseCommand {
  static override summary = 'print the API token that this CLI is using'

  static override description =
    'The token alone goes to stdout; when it expires, and anything else, goes to stderr. Nothing is sent over the network without --verify.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'use the token in a request',
      command: 'curl -H "Authorization: Bearer $(<%= config.bin %> <%= command.id %>)" https://api.heroku.com/account',
    },
    {
      description: 'ask the API whether the token is valid, and until when',
      command: '<%= config.bin %> <%= command.id %> --verify',
    },
  ]

  static override enableJsonFlag = true

  static override flags = {
    verify: Flags.boolean({description: 'ask the API whether the token is valid, and until when'}),
  }

  async run(): Promise<Record<string, string>> {
    const {flags} = await this.parse(AuthToken)
    const lookup = await findCredential(this.stores)
    if (lookup.outcome === 'failed') throw new UserError(lookup.error.message, lookup.error.hint)
    if (lookup.outcome === 'absent') throw notLoggedIn(lookup.because)
    const found = flags.verify ? await this.verify(lookup.credential) : lookup.credential
    if (found.expiresAt !== undefined) this.notify(describeExpiry(found.expiresAt))
    this.log(found.token)
    const {account, expiresAt, source, token} = found
    return {token, source, ...defined({account, expiresAt})}
  }

  private async verify(found: FoundCredential): Promise<FoundCredential> {
    const {openApi} = await import('../../heroku/api.js')
    const {openHttp} = await import('../../heroku/http.js')
    const {verifyToken} = await import('../../heroku/verify.js')
    const verified = await verifyToken(
      openApi(openHttp(process.env), this.stores.context.endpoints.apiUrl),
      found.token,
    )
    return {...found, ...verified}
  }
}
