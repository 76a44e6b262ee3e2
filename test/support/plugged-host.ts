// A program that runs our commands, a real keyring, and a Heroku on this machine: a real Heroku CLI with this plugin
// installed in it, or the plugin's own `bin/run.js`, which starts in a fraction of the time.
import {readFile, rm, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {installBrowser} from './browser.js'
import {copyPlugin, type Host, installHost, installPlugin, packPlugin, putOnPath} from './host-cli.js'
import {type Item, type Keyring, startKeyring} from './keyring.js'
import {type LoopbackHeroku, startHeroku} from './loopback-heroku.js'
import {REPOSITORY} from './npm.js'
import {type Env, type Finished, openSandbox, type RunOptions, type Sandbox} from './sandbox.js'
import {inTerminal, type Session, type Step} from './terminal.js'

export interface Machine {
  /** The program's name, as it calls itself in messages. */
  readonly bin: string
  readonly sandbox: Sandbox
  readonly keyring: Keyring
  /** A new one for each test, since it records requests. */
  readonly heroku: LoopbackHeroku
  readonly env: Env
  /** The host's `config.dataDir`. */
  readonly dataDir: string
  /** Runs the program, as a script would. */
  run(args: readonly string[], options?: RunOptions): Promise<Finished>
  /** Runs the program at a terminal. */
  inTerminal(args: readonly string[], steps: readonly Step[], env?: Record<string, string>): Promise<Session>
  /** The keyring's Heroku items. */
  tokens(): Promise<Item[]>
  /** A file below the home folder; undefined if there is none. */
  read(path: string): Promise<string | undefined>
  /**
   * Replaces `secret-tool` by a shell script until the next reset; the script can call the real one with
   * `exec "$REAL" "$@"`.
   */
  secretTool(script: string): Promise<void>
  /** Deletes every login on this machine, and replaces the loopback Heroku by a new one. */
  reset(): Promise<void>
  stop(): Promise<void>
}

export interface PluggedHost extends Machine {
  readonly host: Host
}

/** How the plugin gets into a host. */
export type Plugging = 'copied' | 'installed' | 'absent'

/**
 * Starts the Heroku CLI of a version with this plugin.
 * @param wanted its version, exact, such as `11.10.0`; or one that is installed
 * @param plugging `installed` runs `plugins:install` as a user does; `copied` copies what that has written for the same
 * tarball and CLI version; `absent` leaves the CLI by itself, to compare with
 */
export async function startPluggedHost(
  wanted: string | Host,
  plugging: Plugging = typeof wanted === 'string' ? 'copied' : 'installed',
): Promise<PluggedHost> {
  const host = typeof wanted === 'string' ? await installHost(wanted) : wanted
  const sandbox = openSandbox()
  await putOnPath(host, sandbox)
  if (plugging !== 'absent') {
    const plug = plugging === 'copied' ? copyPlugin : installPlugin
    await plug(host, sandbox, await packPlugin())
  }

  const machine = await startMachine(sandbox, 'heroku')
  return Object.defineProperties({host}, Object.getOwnPropertyDescriptors(machine)) as PluggedHost
}

/** Starts the plugin by itself, as `heroku-keychain`: its commands are the same without a host. */
export async function startOwnProgram(): Promise<Machine> {
  // What is packed has been built.
  await packPlugin()
  const sandbox = openSandbox()
  const bin = 'heroku-keychain'
  await symlink(join(REPOSITORY, 'bin', 'run.js'), join(sandbox.bin, bin))
  return startMachine(sandbox, bin)
}

async function startMachine(sandbox: Sandbox, bin: string): Promise<Machine> {
  const keyring = await startKeyring(sandbox)
  const browser = installBrowser(sandbox)
  const dataDir = join(sandbox.home, '.local', 'share', 'heroku')

  const shadow = join(sandbox.bin, 'secret-tool')

  let heroku = await startHeroku()
  const envNow = () => sandbox.envWith({...heroku.env, ...keyring.env, ...browser})

  return {
    bin,
    sandbox,
    keyring,
    dataDir,
    get heroku() {
      return heroku
    },
    get env() {
      return envNow()
    },
    run: (args, options = {}) => sandbox.run(bin, args, {...options, env: {...envNow(), ...options.env}}),
    inTerminal: (args, steps, env = {}) =>
      inTerminal(bin, args, {env: {...envNow(), ...env}, cwd: sandbox.home, steps}),
    tokens: async () => (await keyring.items()).filter(({attributes}) => attributes.service === 'heroku-cli'),
    read: (path) => readFile(join(sandbox.home, path), 'utf8').catch(() => undefined),
    async secretTool(script) {
      await writeFile(shadow, `#!/bin/sh\nREAL=/usr/bin/secret-tool\n${script}\n`, {mode: 0o755})
    },
    async reset() {
      await rm(shadow, {force: true})
      await keyring.unlock()
      await keyring.clear({service: 'heroku-cli'})
      for (const path of [
        '.netrc',
        '.gitconfig',
        '.config/heroku',
        '.local/share/heroku/login.json',
        '.local/share/heroku/heroku-keychain.json',
      ])
        await rm(join(sandbox.home, path), {recursive: true, force: true})
      await heroku.stop()
      heroku = await startHeroku()
    },
    async stop() {
      await keyring.stop()
      await heroku.stop()
      await sandbox.close()
    },
  }
}
