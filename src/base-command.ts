import {Command, ux} from '@oclif/core'
import {defined} from './defined.js'
import {type Chosen, chosenBy} from './credentials/chosen-store.js'
import {readLoginState} from './credentials/login-files.js'
import {accountsOnRecord} from './credentials/login-state.js'
import {openStores} from './credentials/open-stores.js'
import type {CredentialStores} from './credentials/stores.js'
import {hideBytes} from './process/supervise.js'
import {type Endpoints, endpointsFrom} from './heroku/endpoints.js'
import {run} from './process/run.js'
import {UserError} from './errors.js'

/** Shared by our commands: the credential stores, notices, and the conversion of our errors to oclif's. */
export abstract class BaseCommand extends Command {
  private defaultStores: CredentialStores | undefined

  protected override async init(): Promise<void> {
    // Before anything is read from stdin or the network.
    hideBytes()
    await super.init()
  }

  /** The credential stores that this environment allows. */
  protected get stores(): CredentialStores {
    this.defaultStores ??= this.openDefaultStores()
    return this.defaultStores
  }

  /** Prints a line on stderr without wrapping it, so that a script can find it. */
  protected notify(line: string): void {
    process.stderr.write(`${this.config.bin}: ${line}\n`)
  }

  // Converts our errors to oclif's, without their causes, which oclif would print.
  protected override async catch(error: Error & {exitCode?: number; oclif?: {exit?: number}}): Promise<unknown> {
    if (ux.action.running) ux.action.stop('failed')
    if (error instanceof UserError && !this.jsonEnabled())
      this.error(error.message, {
        exit: error.exitCode,
        ...(error.hint === undefined ? {} : {suggestions: [error.hint]}),
      })
    // With --json, oclif would exit with 1 for a wrong flag.
    process.exitCode ??= error.oclif?.exit
    return super.catch(error)
  }

  /** For --json: oclif's format, with our hint. */
  protected override toErrorJson(error: unknown): unknown {
    if (!(error instanceof UserError)) return super.toErrorJson(error)
    const {hint, message, oclif} = error
    return {error: {message, ...defined({hint}), oclif}}
  }

  /** Opens the stores with the one that a flag names. @param text undefined changes nothing */
  protected chooseStore(flag: string, text: string | undefined): void {
    const chosen = chosenBy(flag, text)
    if (chosen) this.defaultStores = this.openDefaultStores(chosen)
  }

  /** The credential stores for these endpoints. */
  protected storesAt(endpoints: Endpoints, chosen?: Chosen): CredentialStores {
    return openStores({
      ...defined({chosen}),
      dataDir: this.config.dataDir,
      endpoints,
      run,
      terminal: process.stderr.isTTY,
      notify: (line) => {
        this.notify(line)
      },
    })
  }

  private openDefaultStores(chosen?: Chosen): CredentialStores {
    const endpoints = endpointsFrom(process.env)
    for (const warning of endpoints.warnings) this.notify(warning)
    return this.storesAt(endpoints, chosen)
  }
}

/**
 * What the Heroku CLI's `autocomplete` offers for a flag's value.
 * @param key names the file in which the CLI keeps the values, for a second
 */
export const completeWith = (key: string, values: (config: {dataDir: string}) => readonly string[]) => ({
  completion: {
    cacheDuration: 1,
    cacheKey: () => Promise.resolve(`heroku-keychain-${key}`),
    options: ({config}: {config: {dataDir: string}}) => Promise.resolve([...values(config)]),
  },
})

/** Completes a flag's value with the accounts on record: at a press of Tab, no keychain may show a prompt. */
export const completeAccounts = completeWith('accounts', ({dataDir}) => accountsOnRecord(readLoginState(dataDir)))
