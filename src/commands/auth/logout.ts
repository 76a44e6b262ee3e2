import {defined} from '../../defined.js'
import {Flags, ux} from '@oclif/core'
import {BaseCommand} from '../../base-command.js'
import {currentOnRecord, type LoginState} from '../../credentials/login-state.js'
import {listAccounts} from '../../credentials/switch.js'
import {readLoginState} from '../../credentials/login-files.js'
import type {FoundCredential} from '../../credentials/stores.js'
import {findToRemove, forgetLogin, type Removal, removeToken, stillThere} from '../../credentials/remove.js'
import {tearDownHelper} from '../../git/setup.js'
import {rejectStaleCredentials} from '../../git/after-login.js'
import {setupTarget, hasLogin} from '../../git/setup-stamp.js'
import {openApi} from '../../heroku/api.js'
import {openHttp} from '../../heroku/http.js'
import {revoke, type Revocation} from '../../heroku/revoke.js'
import {printable} from '../../ui/printable.js'
import {run} from '../../process/run.js'
import {UserError} from '../../errors.js'
import {withVariableHint} from '../../ui/shell-hints.js'

interface Outcome {
  account?: string
  /** The result of the revocation. */
  server: Revocation | 'not asked' | 'not logged in'
  /** The stores that the token was removed from. */
  removedFrom: string[]
}

export default class AuthLogout extends BaseCommand {
  static override summary = 'revoke the API token and remove it'

  static override description =
    'Every stored copy of the token is removed; tokens of other accounts stay. With HEROKU_NETRC_WRITE=true it is about the token in .netrc alone.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'revoke and remove what .netrc holds',
      command: 'HEROKU_NETRC_WRITE=true <%= config.bin %> <%= command.id %>',
    },
    {
      description: 'where Heroku cannot be reached: remove it here, though it stays valid',
      command: '<%= config.bin %> <%= command.id %> --local',
    },
  ]

  static override aliases = ['logout']

  static override enableJsonFlag = true

  static override flags = {
    local: Flags.boolean({description: 'remove the token from this machine without revoking it'}),
  }

  async run(): Promise<Outcome> {
    const {flags} = await this.parse(AuthLogout)
    this.stores.assertChangeable('log out')
    const asOf = readLoginState(this.config.dataDir)
    const found = await findToRemove(this.stores)
    if (!found) return this.nothingToDo(asOf)

    ux.action.start('Logging out')
    const server = flags.local ? 'not asked' : await this.revoke(found)
    const revoked = server === 'revoked' || server === 'was invalid'
    const removal = await removeToken(this.stores, found, asOf, {revoked})
    if (removal.failures.length > 0) throw stillThere(removal, revoked)
    await this.unconfigureGit()
    ux.action.stop()
    this.report(found, removal, server)
    await this.mentionOthers()
    await this.config.runHook('recache', {type: 'logout'})
    return {...defined({account: found.account}), server, removedFrom: removal.removedFrom}
  }

  private async nothingToDo(asOf: LoginState): Promise<Outcome> {
    await forgetLogin(this.stores, asOf)
    // An earlier logout may have failed before this.
    await this.unconfigureGit()
    this.notify('not logged in: there is no token to remove')
    return {server: 'not logged in', removedFrom: []}
  }

  private async revoke(found: FoundCredential): Promise<Revocation> {
    try {
      return await revoke(openApi(openHttp(process.env), this.stores.context.endpoints.apiUrl), found.token)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      throw new UserError(
        `the token could not be revoked, so it was left where it is: ${error.message}`,
        `${error.hint ?? 'try again'}; or: ${this.config.bin} logout --local, which leaves it valid`,
      )
    }
  }

  private async unconfigureGit(): Promise<void> {
    const {dataDir, env, endpoints} = this.stores.context
    // After a logout from .netrc alone, the login in the keychain continues.
    if (hasLogin(env, dataDir)) return
    const because = await tearDownHelper(setupTarget(this.config, endpoints), run)
    if (because !== undefined) this.notify(`git still asks for the token, and gets none: ${because}`)
    await rejectStaleCredentials(run, env, endpoints.git)
  }

  /** If no account is current any more, though others are logged in. */
  private async mentionOthers(): Promise<void> {
    const {stores} = this
    if (stores.netrcOnly || currentOnRecord(readLoginState(this.config.dataDir))) return
    const {all} = await listAccounts(stores).catch(() => ({all: []}))
    const [only, ...more] = all.map((each) => printable(each))
    if (only === undefined) return
    this.notify(
      more.length === 0
        ? `${only} is still logged in; to use that account: ${this.config.bin} auth:switch ${only}`
        : `${[only, ...more].join(', ')} are still logged in; to use one of them: ${this.config.bin} auth:switch`,
    )
  }

  private report(
    {account}: FoundCredential,
    {left, notQueried, removedFrom}: Removal,
    server: Outcome['server'],
  ): void {
    const {bin} = this.config
    const token = `the token${account === undefined ? '' : ` of ${printable(account)}`}`
    if (removedFrom.length > 0) this.log(`Removed ${token} from ${removedFrom.join(' and ')}`)
    else this.notify(`${token} was removed by somebody else in the meantime`)
    if (server === 'is the API key')
      this.notify('it is the API key of the account, so it was not revoked, and stays valid')
    if (server === 'not asked') this.notify('it was not revoked, and stays valid')
    if (notQueried !== undefined) this.notify(`${notQueried} was not queried, since the token was not stored there`)
    for (const {account, location, source} of left)
      this.notify(
        `${location} still holds another token${account === undefined ? '' : ` of ${printable(account)}`}; to remove it: ` +
          (source === 'netrc'
            ? withVariableHint('HEROKU_NETRC_WRITE', 'true', `${bin} logout`)
            : `${bin} login, then ${bin} logout`),
      )
  }
}
