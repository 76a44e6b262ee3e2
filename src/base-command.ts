import {Command, ux} from '@oclif/core'
import {type CredentialStores, openStores} from './credentials/stores.js'
import {hideBytes} from './process/hidden-bytes.js'
import {type Endpoints, endpointsFrom} from './heroku/endpoints.js'
import {run} from './process/run.js'
import {UserError} from './errors.js'

/** What all our commands share: where tokens are, how to speak, and how trouble reaches the user. */
export abstract class BaseCommand extends Command {
  private opened: CredentialStores | undefined

  protected override async init(): Promise<void> {
    // Before anything is read from stdin or the network.
    hideBytes()
    await super.init()
  }

  /** The places that hold tokens, as this environment has them. */
  protected get stores(): CredentialStores {
    this.opened ??= this.openStores()
    return this.opened
  }

  /** Tells the user one line, on stderr, unwrapped, so that a script can find it. */
  protected notify(line: string): void {
    process.stderr.write(`${this.config.bin}: ${line}\n`)
  }

  // The one place where our errors become oclif's. Causes are left behind: oclif prints them.
  protected override async catch(error: Error & {exitCode?: number}): Promise<unknown> {
    if (ux.action.running) ux.action.stop('failed')
    if (error instanceof UserError)
      this.error(error.message, {
        exit: error.exitCode,
        ...(error.hint === undefined ? {} : {suggestions: [error.hint]}),
      })
    return super.catch(error)
  }

  /** The same places, for another Heroku. */
  protected storesAt(hosts: Endpoints): CredentialStores {
    return openStores({
      dataDir: this.config.dataDir,
      endpoints: hosts,
      run,
      terminal: process.stderr.isTTY,
      notify: (line) => {
        this.notify(line)
      },
    })
  }

  private openStores(): CredentialStores {
    const hosts = endpointsFrom(process.env)
    for (const warning of hosts.warnings) this.notify(warning)
    return this.storesAt(hosts)
  }
}
