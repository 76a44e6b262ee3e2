import {Command, ux} from '@oclif/core'
import {openPlaces} from './credentials/open-places.js'
import type {Places} from './credentials/places.js'
import {hideBytes} from './hidden-bytes.js'
import {type Hosts, hostsFrom} from './hosts.js'
import {run} from './run.js'
import {exitCodeOf, isTold} from './user-error.js'

/** What all our commands share: where tokens are, how to speak, and how trouble reaches the user. */
export abstract class BaseCommand extends Command {
  private opened: Places | undefined

  protected override async init(): Promise<void> {
    // Before anything is read from stdin or the network.
    hideBytes()
    await super.init()
  }

  /** The places that hold tokens, as this environment has them. */
  protected get places(): Places {
    this.opened ??= this.openPlaces()
    return this.opened
  }

  /** Tells the user one line, on stderr, unwrapped, so that a script can find it. */
  protected notify(line: string): void {
    process.stderr.write(`${this.config.bin}: ${line}\n`)
  }

  // The one place where our errors become oclif's. Causes are left behind: oclif prints them.
  protected override async catch(error: Error & {exitCode?: number}): Promise<unknown> {
    if (ux.action.running) ux.action.stop('failed')
    if (isTold(error))
      this.error(error.message, {
        exit: exitCodeOf(error),
        ...(error.hint === undefined ? {} : {suggestions: [error.hint]}),
      })
    return super.catch(error)
  }

  /** The same places, for another Heroku. */
  protected placesAt(hosts: Hosts): Places {
    return openPlaces({
      dataDir: this.config.dataDir,
      hosts,
      run,
      terminal: process.stderr.isTTY,
      notify: (line) => {
        this.notify(line)
      },
    })
  }

  private openPlaces(): Places {
    const hosts = hostsFrom(process.env)
    for (const warning of hosts.warnings) this.notify(warning)
    return this.placesAt(hosts)
  }
}
