import {Flags} from '@oclif/core'
import {BaseCommand} from '../../base-command.js'
import {findToken} from '../../credentials/find.js'
import type {Found} from '../../credentials/places.js'
import {describeExpiry} from '../../expiry.js'
import {notLoggedIn, UserError} from '../../user-error.js'

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
    const looked = await findToken(this.places)
    if (!looked.found)
      throw looked.trouble ? new UserError(looked.trouble.message, looked.trouble.hint) : notLoggedIn(looked.because)
    const found = flags.verify ? await this.verify(looked.found) : looked.found
    if (found.expiresAt !== undefined) this.notify(describeExpiry(found.expiresAt))
    this.log(found.token)
    const {account, expiresAt, source, token} = found
    return {token, source, ...(account === undefined ? {} : {account}), ...(expiresAt === undefined ? {} : {expiresAt})}
  }

  private async verify(found: Found): Promise<Found> {
    const {openApi} = await import('../../heroku/api.js')
    const {openHttp} = await import('../../heroku/http.js')
    const {verifyToken} = await import('../../heroku/verify.js')
    const verified = await verifyToken(openApi(openHttp(process.env), this.places.around.hosts.apiUrl), found.token)
    return {...found, ...verified}
  }
}
