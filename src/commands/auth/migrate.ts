import {defined} from '../../defined.js'
import {Flags} from '@oclif/core'
import {BaseCommand, completeAccounts, completeWith} from '../../base-command.js'
import {NETRC, STORE_NAMES} from '../../backends/store-choice.js'
import {installHint, readOsRelease} from '../../backends/install-hint.js'
import {assertCanStore} from '../../credentials/chosen-store.js'
import {readLoginState} from '../../credentials/login-files.js'
import {currentOnRecord} from '../../credentials/login-state.js'
import type {GuardedKeychain} from '../../credentials/guarded-keychain.js'
import {carryOut, type Failure} from '../../migrate/carry-out.js'
import {resolveConflicts, makePlan} from '../../migrate/conflicts.js'
import type {Plan, MigrateOptions} from '../../migrate/plan.js'
import type {Verify} from '../../migrate/survey.js'
import {keychainOfMigrate, PREFERRED} from '../../migrate/target.js'
import {describeStep, type PublicStep, withoutTokens} from '../../migrate/describe.js'
import {CredentialStores} from '../../credentials/stores.js'
import {updateGitAfterLogin} from '../../git/after-login.js'
import {openApi} from '../../heroku/api.js'
import {watchClock} from '../../heroku/clock.js'
import {openHttp} from '../../heroku/http.js'
import {InvalidToken, verifyToken} from '../../heroku/verify.js'
import {printable} from '../../ui/printable.js'
import {ask, isInteractive} from '../../ui/prompts.js'
import {UserError} from '../../errors.js'
import {unsetHint} from '../../ui/shell-hints.js'

/** The output of `--json`. */
interface Outcome {
  version: 1
  /** The store, as `--to` names it. */
  to: string
  dryRun: boolean
  /** The account that is current afterwards. */
  current?: string
  /** The steps that were carried out, or would be with --dry-run. */
  steps: PublicStep[]
  notes: string[]
}

export default class AuthMigrate extends BaseCommand {
  static override summary = 'move tokens from .netrc to the keychain'

  static override description =
    "Finds the tokens that are in plain text, in Heroku's entries of .netrc and in the files of heroku accounts; asks the API whether they are valid; copies them to the keychain; and removes the plain text only once the keychain has given them back. What else is in these files stays as it is, to the byte."

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {description: 'show what would be done', command: '<%= config.bin %> <%= command.id %> --dry-run'},
    {description: 'the way back, for the current account', command: '<%= config.bin %> <%= command.id %> --to netrc'},
  ]

  static override enableJsonFlag = true

  static override flags = {
    account: Flags.string({
      description: 'the account that is current afterwards',
      helpValue: 'EMAIL',
      ...completeAccounts,
    }),
    'dry-run': Flags.boolean({default: false, description: 'show what would be done, and touch nothing'}),
    force: Flags.boolean({description: 'replace another token of the same account'}),
    keep: Flags.boolean({description: 'leave the tokens where they were, too'}),
    offline: Flags.boolean({description: 'do not ask the API whether the tokens are valid'}),
    prune: Flags.boolean({description: 'remove tokens that are not valid any more', exclusive: ['offline']}),
    to: Flags.string({
      description: 'the store to move the tokens to, such as keyring, pass or netrc. Default: the keychain in use',
      helpValue: 'NAME',
      ...completeWith('stores', () => STORE_NAMES),
    }),
  }

  async run(): Promise<Outcome> {
    const {flags} = await this.parse(AuthMigrate)
    this.stores.assertChangeable('migrate')
    const to = flags.to === NETRC ? 'netrc' : 'keychain'
    if (to === 'keychain' && flags.to !== PREFERRED) this.chooseStore('--to', flags.to)
    const stores = this.storesFor(to)
    const account = flags.account ?? currentOnRecord(readLoginState(this.config.dataDir))?.account
    const keychain = await keychainOfMigrate(stores, flags.to, account)
    if (!keychain) throw this.noKeychain()

    const verify = flags.offline ? undefined : this.verify
    const options: MigrateOptions = {...flags, fromKeychains: flags.to !== undefined, ...this.aliasOptions()}
    const mayAsk = isInteractive() && !this.jsonEnabled() && !flags['dry-run']
    const plan = await resolveConflicts(
      options,
      (options) => makePlan(stores, keychain, to, verify, options),
      mayAsk ? {notify: stores.context.notify, ask: (question) => this.askUser(question)} : undefined,
    )

    if (flags['dry-run']) this.show(plan, keychain)
    else await this.carryOut(stores, keychain, plan)
    for (const note of plan.notes) this.notify(note)
    const {current, notes} = plan
    const steps = withoutTokens(plan)
    return {version: 1, to: flags.to ?? PREFERRED, dryRun: flags['dry-run'], ...defined({current}), steps, notes}
  }

  /** @throws {UserError} if a variable excludes the target */
  private storesFor(to: Plan['to']): CredentialStores {
    const {chosenKeychain: chosen, netrcOnly} = this.stores
    if (to === 'netrc' && chosen)
      throw new UserError(
        `cannot migrate to .netrc while ${chosen.from} asks for ${chosen.text}`,
        `${unsetHint(chosen.from)} first`,
      )
    if (to === 'keychain') assertCanStore(this.stores)
    if (!netrcOnly) return this.stores
    if (to === 'keychain')
      throw new UserError(
        'cannot migrate to the keychain while HEROKU_NETRC_WRITE is true: .netrc is used instead',
        `${unsetHint('HEROKU_NETRC_WRITE')} first`,
      )
    // The keychain must be read to move its token to .netrc.
    const {context} = this.stores
    return new CredentialStores({...context, env: {...context.env, HEROKU_NETRC_WRITE: undefined}})
  }

  private noKeychain(): UserError {
    const {keychain} = this.stores.context
    return new UserError(`there is no keychain here: ${keychain.because}`, installHint(readOsRelease()))
  }

  private readonly verify: Verify = async (token) => {
    try {
      const {http, isClockWrong} = watchClock(openHttp(process.env))
      const {account, ...expiry} = await verifyToken(openApi(http, this.stores.context.endpoints.apiUrl), token)
      return {account, ...(isClockWrong() ? {} : expiry)}
    } catch (error) {
      if (error instanceof InvalidToken) return 'invalid'
      if (!(error instanceof UserError)) throw error
      throw new UserError(
        `could not ask whether the tokens are valid, so nothing was changed: ${error.message}`,
        `${error.hint ?? 'try again'}; or use --offline, which does not ask`,
      )
    }
  }

  /** `accounts:set` reads the token from the alias file up to CLI 11.5, and from the keychain in 11.6 and later. */
  private aliasOptions(): {keepAliases?: string} {
    const {name, version} = this.config.pjson
    const [major = 0, minor = 0] = version.split('.').map(Number)
    if (name !== 'heroku' || major > 11 || (major === 11 && minor >= 6)) return {}
    return {
      keepAliases:
        `the files of your aliases keep their tokens, since accounts:set of Heroku CLI ${version} reads them there; ` +
        'with 11.6 or later, migrate once more',
    }
  }

  private async askUser(question: string): Promise<string> {
    try {
      return await ask(question)
    } catch (error) {
      if (error instanceof UserError) throw new UserError('cancelled: nothing was changed', undefined, error.exitCode)
      throw error
    }
  }

  private show({steps}: Plan, {title}: GuardedKeychain): void {
    if (steps.length === 0) this.log('Nothing to migrate')
    for (const step of steps) {
      const text = describeStep(step, title)
      if (text) this.log(`Would ${text.planned}`)
    }
  }

  private async carryOut(stores: CredentialStores, keychain: GuardedKeychain, plan: Plan): Promise<void> {
    if (plan.steps.length === 0) {
      this.log('Nothing to migrate')
      return
    }

    const failures = await carryOut(stores, keychain, plan, {
      configureGit: () => updateGitAfterLogin(this.config, stores.context),
      done: (step) => {
        const text = describeStep(step, keychain.title)
        if (text && step.do !== 'configure git') this.log(text.done)
      },
    })
    if (failures.length > 0) throw stillThere(failures)
    if (plan.steps.some((step) => step.do === 'remove' && step.spot.in === 'alias' && step.because !== 'invalid'))
      this.notify(
        `accounts:set takes the tokens of your aliases from ${keychain.title} now; a Heroku CLI before 11.6 cannot`,
      )
    if (plan.current !== undefined) this.log(`Active account: ${printable(plan.current)}`)
  }
}

const stillThere = (failures: Failure[]) => {
  const hints = failures.flatMap(({error}) => error.hint ?? [])
  return new UserError(
    `the tokens were copied, but some plain-text copies could not be deleted: ${failures.map(({error}) => error.message).join(' and ')}`,
    [...new Set([...hints, 'then migrate once more'])].join('; '),
  )
}
