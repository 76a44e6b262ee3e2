// Our commands in this process, as the host runs them: with an environment, a stdin, and a keychain that may go wrong.
import {type Command, Config, Errors} from '@oclif/core'
import {PassThrough} from 'node:stream'
import {fileURLToPath} from 'node:url'
import AuthLogin from '../../src/commands/auth/login.js'
import AuthLogout from '../../src/commands/auth/logout.js'
import AuthMigrate from '../../src/commands/auth/migrate.js'
import AuthToken from '../../src/commands/auth/token.js'
import {CredentialStores, type StoresContext} from '../../src/credentials/stores.js'
import {keepGitConfigured, needsGitConfigured} from '../../src/git/before-command.js'
import type {Endpoints} from '../../src/heroku/endpoints.js'
import type {RunTool} from '../../src/process/run.js'
import type {World} from './world.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What a command came to, for somebody who sees its output and its exit status. */
export interface Said {
  exitCode: number
  stdout: string
  stderr: string
  /** What was thrown that is no error of ours: the host would print its stack. */
  crash?: string
}

/** What the command that is under way has for a keychain, and for starting programs. */
let injected: Pick<StoresContext, 'keychain' | 'run'> | undefined

const faulty = (stores: CredentialStores) => new CredentialStores({...stores.context, ...injected})

class Login extends AuthLogin {
  protected override storesAt(hosts: Endpoints): CredentialStores {
    return faulty(super.storesAt(hosts))
  }
}
class Logout extends AuthLogout {
  protected override storesAt(hosts: Endpoints): CredentialStores {
    return faulty(super.storesAt(hosts))
  }
}
class Token extends AuthToken {
  protected override storesAt(hosts: Endpoints): CredentialStores {
    return faulty(super.storesAt(hosts))
  }
}

class Migrate extends AuthMigrate {
  protected override storesAt(hosts: Endpoints): CredentialStores {
    return faulty(super.storesAt(hosts))
  }
}

const COMMANDS = {login: Login, logout: Logout, migrate: Migrate, token: Token} as const

/** What somebody at the terminal answers. */
const answers = ({fresh}: World): Record<string, string> => ({
  'Email:': 'ada@example.com\n',
  'Password:': 'correct horse\n',
  'q to exit:': 'x',
  'Organization name:': 'acme\n',
  'Access token:': `${fresh}\n`,
})

/** Goes to a page that the terminal shows, as far as it is one to log in at; past everything that goes wrong. */
function follow({front}: World, text: string): void {
  const [, path] = /https?:\/\/\S+?(\/auth\/browser\/\S+)/u.exec(text) ?? []
  if (path !== undefined) void fetch(`http://${front.behind.login}${path}`).catch(() => undefined)
}

let loaded: Promise<Config> | undefined

/**
 * Runs a command of ours.
 * @param stdin what is piped in; undefined for a terminal where e-mail and password are answered
 */
export async function runCommand(
  world: World,
  name: keyof typeof COMMANDS,
  args: string[],
  run: RunTool,
  stdin: string | undefined,
): Promise<Said> {
  loaded ??= Config.load({root: ROOT})
  const config = await loaded
  Object.assign(config, {dataDir: world.dataDir, cacheDir: world.cacheDir, bin: 'heroku'})
  const said: Said = {exitCode: 0, stdout: '', stderr: ''}
  const restore = disguise(world, said, stdin)
  injected = {keychain: world.keychain, run}
  try {
    const command: Command = new COMMANDS[name](args, config)
    await (command as unknown as {_run: () => Promise<unknown>})._run()
  } catch (error) {
    tell(error, said)
  } finally {
    injected = undefined
    restore()
  }

  return said
}

/** Has the hook see to git before a command of the host's. */
export async function keepGitConfiguredIn(world: World): Promise<Said> {
  loaded ??= Config.load({root: ROOT})
  const config = Object.assign(await loaded, {dataDir: world.dataDir, cacheDir: world.cacheDir, bin: 'heroku'})
  const said: Said = {exitCode: 0, stdout: '', stderr: ''}
  const restore = disguise(world, said, '')
  try {
    if (needsGitConfigured(config, 'apps')) await keepGitConfigured(config)
  } catch (error) {
    // The hook itself lets nothing through.
    said.crash = error instanceof Error ? (error.stack ?? error.message) : String(error)
  } finally {
    restore()
  }

  return said
}

/** As oclif's own handler tells an error. */
function tell(error: unknown, said: Said): void {
  if (error instanceof Errors.CLIError) {
    said.exitCode = error.oclif.exit ?? 2
    said.stderr += `Error: ${error.message}\n${(error as {suggestions?: string[]}).suggestions?.join('\n') ?? ''}\n`
  } else {
    said.exitCode = 1
    said.crash = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}

/** Makes this process look like one that was started for the command. @returns a function that undoes it */
function disguise(world: World, said: Said, piped: string | undefined): () => void {
  const {env} = world
  const before = {...process.env}
  for (const name of Object.keys(process.env)) if (!(name in env)) Reflect.deleteProperty(process.env, name)
  Object.assign(process.env, env)

  const stdin = Object.assign(new PassThrough(), {isTTY: piped === undefined, setRawMode: () => undefined})
  if (piped !== undefined) stdin.end(piped)
  const own = Object.getOwnPropertyDescriptor(process, 'stdin')
  Object.defineProperty(process, 'stdin', {value: stdin, configurable: true})

  const {stderr, stdout} = process
  const write = {stdout: stdout.write.bind(stdout), stderr: stderr.write.bind(stderr)}
  stdout.write = (text: string | Uint8Array) => {
    said.stdout += String(text)
    return true
  }
  stderr.write = (text: string | Uint8Array) => {
    // A line editor ends its lines as terminals do.
    said.stderr += piped === undefined ? String(text).replaceAll('\r\n', '\n') : String(text)
    follow(world, String(text))
    const [, answer] = Object.entries(answers(world)).find(([question]) => String(text).includes(question)) ?? []
    if (piped === undefined && answer !== undefined) setImmediate(() => stdin.write(answer))
    return true
  }
  const wasTerminal = stderr.isTTY
  stderr.isTTY = piped === undefined

  return () => {
    Object.assign(stdout, {write: write.stdout})
    Object.assign(stderr, {write: write.stderr})
    stderr.isTTY = wasTerminal
    if (own) Object.defineProperty(process, 'stdin', own)
    for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name)
    Object.assign(process.env, before)
  }
}
