// Runs our commands in this process as the host does, with an environment, a stdin, and a keychain that may fail.
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

/** A command's result: its output and exit status. */
export interface Said {
  exitCode: number
  stdout: string
  stderr: string
  /** An unexpected error's stack, which the host would print. */
  crash?: string
}

/** The keychain, unless it is this machine's, and `run` of the current command. */
let injected: Partial<StoresContext> | undefined

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

/** The user's answers to prompts. */
const answers = ({fresh}: World): Record<string, string> => ({
  'Email:': 'ada@example.com\n',
  'Password:': 'correct horse\n',
  'q to exit:': 'x',
  'plain text in': 'y\n',
  'Organization name:': 'acme\n',
  'Access token:': `${fresh}\n`,
})

/** Visits a login page's URL in the terminal's output, directly at Heroku, so that this request never fails. */
function follow({front}: World, text: string): void {
  const [, path] = /https?:\/\/\S+?(\/auth\/browser\/\S+)/u.exec(text) ?? []
  if (path !== undefined) void fetch(`http://${front.behind.login}${path}`).catch(() => undefined)
}

let loaded: Promise<Config> | undefined

/**
 * Runs one of our commands.
 * @param stdin the piped input; undefined for a terminal where prompts are answered
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
  injected = {...world.context, run}
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

/** Runs the part of the init hook that configures git before one of the host's commands. */
export async function keepGitConfiguredIn(world: World): Promise<Said> {
  loaded ??= Config.load({root: ROOT})
  const config = Object.assign(await loaded, {dataDir: world.dataDir, cacheDir: world.cacheDir, bin: 'heroku'})
  const said: Said = {exitCode: 0, stdout: '', stderr: ''}
  const restore = disguise(world, said, '')
  try {
    if (needsGitConfigured(config, 'apps')) await keepGitConfigured(config)
  } catch (error) {
    // The hook must catch all errors.
    said.crash = error instanceof Error ? (error.stack ?? error.message) : String(error)
  } finally {
    restore()
  }

  return said
}

/** Reports an error as oclif's handler does. */
function tell(error: unknown, said: Said): void {
  if (error instanceof Errors.CLIError) {
    said.exitCode = error.oclif.exit ?? 2
    said.stderr += `Error: ${error.message}\n${(error as {suggestions?: string[]}).suggestions?.join('\n') ?? ''}\n`
  } else {
    said.exitCode = 1
    said.crash = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}

/** Sets up this process as if it was started for the command. @returns a function that undoes this */
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
    // readline ends its lines with CRLF.
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
