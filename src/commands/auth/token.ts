import {defined} from '../../defined.js'
import {Flags} from '@oclif/core'
import {BaseCommand, completeAccounts} from '../../base-command.js'
import {credentialOf, findCredential} from '../../credentials/find.js'
import type {CredentialStores, FoundCredential} from '../../credentials/stores.js'
import {describeExpiry} from '../../ui/expiry.js'
import {assertLives, type Duration, parseDuration} from '../../ui/token-life.js'

/** Which token, for `auth:token` and `auth:exec`. */
export const tokenFlags = {
  account: Flags.string({
    description: 'use the token of this account: an e-mail address, or an alias of heroku accounts',
    helpValue: 'ACCOUNT',
    ...completeAccounts,
  }),
  'min-ttl': Flags.custom<Duration>({
    description: 'fail if the token expires sooner, or if it is not known when; such as 30m (units: s, m, h, d)',
    helpValue: 'DURATION',
    parse: (text) => Promise.resolve(parseDuration(text)),
  })(),
}

/**
 * The token that is used, of an account that the user names, if any.
 * @throws {UserError} if there is none, or it cannot be read
 */
export async function tokenOf(stores: CredentialStores, account: string | undefined): Promise<FoundCredential> {
  return credentialOf(await findCredential(stores, {account}))
}

export default class AuthToken extends BaseCommand {
  static override summary = 'print the API token in use'

  static override description =
    'The token alone goes to stdout; when it expires, and anything else, goes to stderr. Nothing is sent over the network without --verify. To give the token to a program, use auth:exec.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'send a request; the token is not in an argument of curl, which other users can see',
      command: `<%= config.bin %> auth:exec -- bash -c 'curl -H @<(printf "Authorization: Bearer %s\\n" "$HEROKU_API_KEY") https://api.heroku.com/account'`,
    },
    {
      description: 'ask the API whether the token is valid, and until when',
      command: '<%= config.bin %> <%= command.id %> --verify',
    },
  ]

  static override enableJsonFlag = true

  static override flags = {
    ...tokenFlags,
    verify: Flags.boolean({description: 'ask the API whether the token is valid, and until when'}),
  }

  async run(): Promise<Record<string, string>> {
    const {flags} = await this.parse(AuthToken)
    const credential = await tokenOf(this.stores, flags.account)
    const found = flags.verify ? await this.verify(credential) : credential
    if (flags['min-ttl']) assertLives(found, flags['min-ttl'])
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
