import {Flags} from '@oclif/core'
import {BaseCommand} from '../../base-command.js'
import {automaticStores} from '../../credentials/open-stores.js'
import {setupTarget} from '../../git/setup-stamp.js'
import {openApi} from '../../heroku/api.js'
import {openHttp} from '../../heroku/http.js'
import {verifyToken} from '../../heroku/verify.js'
import {PLUGIN} from '../../host/override-commands.js'
import {describeClient} from '../../host/installed-client.js'
import {endpointsFrom} from '../../heroku/endpoints.js'
import {collectFacts} from '../../status/facts.js'
import {buildReport} from '../../status/checks.js'
import type {CliFacts, Report} from '../../status/report.js'
import {screen, showsUnicode} from '../../status/screen.js'

const API_TIMEOUT_MS = 10_000
/** The longest line that reads well, in columns. */
const WIDEST = 80

const EXIT = {healthy: 0, trouble: 1, 'not logged in': 100} as const

export default class AuthStatus extends BaseCommand {
  static override summary = 'show the login, its store, and any problem'

  static override description =
    'Changes nothing, and never shows the token itself. Exits with 0 if you are logged in, also with warnings; with 100 if you are not; and with 1 if the token is not valid or could not be checked, the keychain failed, git cannot be configured, or .netrc holds a token though HEROKU_CREDENTIAL_STORE names another store.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'send no request',
      command: '<%= config.bin %> <%= command.id %> --offline',
    },
    {
      description: 'print, for a script, when the token expires',
      command: '<%= config.bin %> <%= command.id %> --json | jq -r .token.expiresAt',
    },
  ]

  static override enableJsonFlag = true

  static override flags = {
    offline: Flags.boolean({description: 'do not ask the API whether the token is valid'}),
    verbose: Flags.boolean({description: 'also show the hosts and the versions of the CLI and the plugin'}),
  }

  async run(): Promise<Report> {
    const {flags} = await this.parse(AuthStatus)
    const {bin} = this.config
    // Not this.stores, which prints a warning about ignored hosts: here they are part of the report.
    const endpoints = endpointsFrom(process.env)
    const facts = await collectFacts({
      stores: this.storesAt(endpoints),
      automatic: automaticStores(),
      target: setupTarget(this.config, endpoints),
      cli: this.describeCli(),
      ...(flags.offline
        ? {}
        : {verify: (token) => verifyToken(openApi(openHttp(process.env), endpoints.apiUrl, API_TIMEOUT_MS), token)}),
    })
    const report = buildReport(facts, bin)
    const {columns, isTTY} = process.stdout
    const terminal = {
      colour: isTTY && process.stdout.hasColors(),
      unicode: showsUnicode(process.env),
      home: this.config.home,
      ...(isTTY && columns > 0 && {columns: Math.min(columns, WIDEST)}),
    }
    for (const line of screen(report, terminal, flags.verbose)) this.log(line)
    // Not exit(), which throws: with --json oclif would print that error instead of the report.
    process.exitCode = EXIT[report.verdict]
    return report
  }

  private describeCli(): CliFacts {
    const {config} = this
    const plugin = [...config.plugins.values()].find(({name}) => name === PLUGIN)
    return {
      name: `${config.name}/${config.version}`,
      ...(plugin && plugin.name !== config.name ? {plugin: `${plugin.name}/${plugin.version}`} : {}),
      ...describeClient(config.root),
    }
  }
}
