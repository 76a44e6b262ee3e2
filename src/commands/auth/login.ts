import {defined} from '../../defined.js'
import {Flags, ux} from '@oclif/core'
import {plainKeyrings, SET_A_PASSWORD} from '../../backends/plain-keyring.js'
import {NETRC, STORE_NAMES} from '../../backends/store-choice.js'
import {BaseCommand, completeWith} from '../../base-command.js'
import {plainTextAtLogin} from '../../credentials/plain-text-at-login.js'
import {accountOnRecord} from '../../credentials/login-state.js'
import {readLoginState} from '../../credentials/login-files.js'
import {describeLeftovers} from '../../credentials/leftovers.js'
import {describeOtherSelection} from '../../credentials/selection.js'
import {recordExpiry} from '../../credentials/record-expiry.js'
import {describeReplaced} from '../../credentials/replaced-token.js'
import {describeFallback, describeSaved} from '../../credentials/describe-saved.js'
import {assertLoginRecordable, type Saved, saveToken} from '../../credentials/save.js'
import {updateGitAfterLogin} from '../../git/after-login.js'
import {type Api, type Issued, openApi} from '../../heroku/api.js'
import {watchClock} from '../../heroku/clock.js'
import {openHttp} from '../../heroku/http.js'
import {login, type Method, methodFor} from '../../heroku/login.js'
import {THIRTY_DAYS} from '../../heroku/password-login.js'
import {revoke} from '../../heroku/revoke.js'
import {openBrowser} from '../../ui/browser.js'
import {confirmPlainText} from '../../ui/confirm-plain-text.js'
import {printable} from '../../ui/printable.js'
import {ask, confirmByKey, delayed, interruptible, isInteractive, readStdin} from '../../ui/prompts.js'
import {UserError} from '../../errors.js'
import {terminalHint} from '../../ui/shell-hints.js'

const DASHBOARD = 'https://dashboard.heroku.com/account/applications'

/** How long a request that issues a token may continue after a signal, in milliseconds. */
const GRACE_MS = 2000
/** The time limit for a request about a token that is no longer needed, in milliseconds. */
const DISCARD_TIMEOUT_MS = 10_000

export default class AuthLogin extends BaseCommand {
  static override summary = 'log in and store the token in the keychain'

  static override description =
    'Opens your browser to log in, then stores the API token in the keychain, or in another encrypted store of this machine. If there is none, the command asks before it stores the token in plain text in ~/.netrc; without a terminal, it does so with a warning. If you name a store with --store, no other is used.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'with e-mail address, password and two-factor code, for a token of one hour',
      command: '<%= config.bin %> <%= command.id %> --interactive --expires-in 3600',
    },
    {
      description: 'without a browser or a terminal: over SSH, in a container or in CI',
      command: '<%= config.bin %> <%= command.id %> --with-token < token.txt',
    },
  ]

  static override aliases = ['login']

  static override usage = '<%= command.id %> [--browser NAME | -i | --with-token] [-e SECONDS] [--store NAME]'

  static override flags = {
    browser: Flags.string({
      description: 'browser to log in with, such as firefox or safari',
      exclusive: ['interactive', 'with-token'],
    }),
    'expires-in': Flags.integer({
      char: 'e',
      description: 'life of the token in seconds, thirty days at most; implies --interactive',
      exclusive: ['sso', 'with-token', 'browser'],
      helpValue: 'SECONDS',
      max: THIRTY_DAYS,
      min: 1,
    }),
    interactive: Flags.boolean({char: 'i', description: 'log in with e-mail address and password'}),
    store: Flags.string({
      description: `where to store the token: ${STORE_NAMES.join(', ')}`,
      helpValue: 'NAME',
      ...completeWith('stores', () => STORE_NAMES),
    }),
    sso: Flags.boolean({char: 's', description: 'log in through the SSO page of your organization', hidden: true}),
    'with-token': Flags.boolean({
      description: 'read the token from stdin; a terminal prompts for it',
      exclusive: ['interactive', 'sso'],
    }),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(AuthLogin)
    this.chooseStore('--store', flags.store)
    this.stores.assertChangeable('log in')
    const method = methodFor(flags, process.env)
    if (method !== 'with-token' && !isInteractive())
      throw new UserError('cannot ask you anything: this is not a terminal', terminalHint(this.config.bin))
    assertLoginRecordable(this.stores)
    const plainText = await plainTextAtLogin(this.stores)
    if (plainText && method !== 'with-token') {
      await confirmPlainText(plainText, this.stores.context.notify)
      // As with --store: the user has agreed, and needs no further warning.
      this.chooseStore('--store', NETRC)
    }
    const question = `${this.config.bin}: Press any key to open up the browser to login or q to exit: `
    if (method === 'browser' && !(await confirmByKey(question))) return

    const {endpoints} = this.stores.context
    const {http, isClockWrong} = watchClock(openHttp(process.env))
    const before = readLoginState(this.config.dataDir)
    const known = accountOnRecord(before)
    const {issued, saved} = await interruptible(async (signal, secondSignal) => {
      const discard = (token: string) =>
        this.discard(openApi(http, endpoints.apiUrl, DISCARD_TIMEOUT_MS, secondSignal), token, signal)
      const untilAnswered = delayed(signal, GRACE_MS, secondSignal)
      const issued = await login(method, {
        http,
        api: openApi(http, endpoints.apiUrl, undefined, signal),
        issuing: {api: openApi(http, endpoints.apiUrl, undefined, untilAnswered), signal: untilAnswered},
        onDoubt: () => {
          this.notify(`Heroku may have issued a token that is stored nowhere; to revoke it: ${DASHBOARD}`)
        },
        loginUrl: endpoints.loginUrl,
        env: process.env,
        ask: (question, options) => ask(question, {...options, signal}),
        visit: (url) => this.visit(url, method, flags.browser),
        discard,
        readStdin: isInteractive() ? (signal) => ask('Token: ', {secret: true, signal}) : readStdin,
        signal,
        ...defined({known}),
        ...(flags['expires-in'] === undefined ? {} : {seconds: flags['expires-in']}),
      })
      if (ux.action.running) ux.action.stop()
      if (isClockWrong()) delete issued.expiresAt
      return {issued, saved: await this.save(issued, signal, method === 'with-token' ? undefined : discard)}
    })
    this.log(`Logged in as ${printable(issued.account)}`)
    this.report(saved, issued.account)
    const selection = await describeOtherSelection(this.stores, issued.account).catch(() => undefined)
    if (selection !== undefined) this.notify(selection)
    const api = openApi(http, endpoints.apiUrl, DISCARD_TIMEOUT_MS)
    const replaced = await describeReplaced(this.stores, saved, issued.account, before, api, this.config.bin)
    if (replaced !== undefined) this.notify(replaced)
    const leftovers =
      saved.savedIn === 'netrc' ? undefined : await describeLeftovers(this.stores, issued.token, this.config.bin)
    if (leftovers !== undefined) this.notify(leftovers)
    await updateGitAfterLogin(this.config, this.stores.context, saved)
    await this.config.runHook('recache', {type: 'login'})
    // Last, and outside `interruptible`: Ctrl-C here ends the command, and the login stays.
    if (issued.expiresAt === undefined && !isClockWrong()) await recordExpiry(this.stores, http, issued)
  }

  private async visit(url: string, method: Method, browser: string | undefined): Promise<void> {
    this.notify(`opening a browser; if none opens, visit:\n${printable(url, 2000)}`)
    await openBrowser(url, browser, (problem) => {
      this.notify(problem)
    })
    if (method === 'browser') ux.action.start(`${this.config.bin}: waiting for you to log in`)
  }

  /** @param discard undefined for a token from stdin, which the user already has */
  private async save(
    {account, expiresAt, token}: Issued,
    signal: AbortSignal,
    discard: ((token: string) => Promise<void>) | undefined,
  ): Promise<Saved & {tookMs: number}> {
    try {
      signal.throwIfAborted()
      const started = performance.now()
      const saved = await saveToken(this.stores, {account, token}, expiresAt)
      return {...saved, tookMs: performance.now() - started}
    } catch (error) {
      await discard?.(token)
      throw error
    }
  }

  /** Revokes a token that was just issued and could not be stored. */
  private async discard(api: Api, token: string, signal: AbortSignal): Promise<void> {
    try {
      await revoke(api, token)
      if (signal.aborted) this.notify('the token that was issued for this login was revoked')
    } catch {
      this.notify(`the token that was issued could not be revoked, so it is still valid; to revoke it: ${DASHBOARD}`)
    }
  }

  private report(saved: Saved & {tookMs: number}, account: string): void {
    const fallback = describeFallback(saved)
    if (fallback !== undefined) this.notify(fallback)
    else this.log(describeSaved(saved, account, saved.tookMs))
    if (saved.savedIn !== 'secret-service') return
    for (const file of plainKeyrings(process.env))
      this.notify(`the keyring has no password, so ${file} holds the token in plain text; ${SET_A_PASSWORD}`)
  }
}
