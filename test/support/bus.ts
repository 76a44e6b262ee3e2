// A D-Bus session of a sandbox's own, with as much on it as a test wants.
import {mkdtemp, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import type {Env, Sandbox} from './sandbox.js'
import {PYTHON, startSupervised, type Supervised} from './supervised.js'

export interface Bus {
  /** What a program needs to find it. Without these a program in the sandbox has no session bus at all. */
  readonly env: Env & {DBUS_SESSION_BUS_ADDRESS: string; XDG_RUNTIME_DIR: string}
  /** Starts one of the Python programs in `dbus/` on this bus. */
  startScript(name: string, args?: readonly string[]): Supervised
  /**
   * Runs one of the Python programs in `dbus/` to its end.
   * @returns what it said on stdout
   * @throws {Error} with what it said on stderr, if it fails or takes more than fifteen seconds
   */
  runScript(name: string, args: readonly string[], input?: string): Promise<string>
  /** Ends the bus and everything that the bus has started. */
  stop(): Promise<void>
}

export interface BusOptions {
  /** Start the services that are installed on this machine when somebody asks for them, as a desktop does. */
  activation: boolean
}

/** Starts a session bus. It ends with this process, at the latest. */
export async function startBus(sandbox: Sandbox, {activation}: BusOptions): Promise<Bus> {
  // Not in the runtime folder, where GLib finds a socket called `bus` without being told of one.
  const folder = await mkdtemp(join(sandbox.root, 'bus-'))
  const config = join(folder, 'bus.conf')
  await writeFile(config, configuration(folder, activation))
  const runtime = sandbox.env.XDG_RUNTIME_DIR ?? sandbox.root
  const daemon = startSupervised(
    'dbus-daemon',
    ['--nofork', '--nopidfile', '--print-address', `--config-file=${config}`],
    {
      env: sandbox.env,
      cwd: sandbox.home,
    },
  )
  const env = {DBUS_SESSION_BUS_ADDRESS: await daemon.line(), XDG_RUNTIME_DIR: runtime}

  return {
    env,
    startScript: (name, args = []) =>
      startSupervised(PYTHON, [script(name), ...args], {env: sandbox.envWith(env), cwd: sandbox.home}),
    async runScript(name, args, input) {
      const {stdout, stderr, exitCode} = await sandbox.run(PYTHON, [script(name), ...args], {
        env,
        timeoutMs: 15_000,
        ...(input === undefined ? {} : {input}),
      })
      if (exitCode !== 0) throw new Error(`${name} ${args.join(' ')}: ${stderr}`)
      return stdout
    },
    stop: () => daemon.stop(),
  }
}

const script = (name: string) => fileURLToPath(new URL(`dbus/${name}`, import.meta.url))

function configuration(folder: string, activation: boolean): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${folder}/socket</listen>
  <auth>EXTERNAL</auth>
  ${activation ? '<standard_session_servicedirs/>' : `<servicedir>${folder}</servicedir>`}
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`
}
