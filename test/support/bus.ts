// A private D-Bus session bus for a sandbox; the test decides what runs on it.
import {mkdtemp, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import type {Env, Sandbox} from './sandbox.js'
import {PYTHON, startSupervised, type Supervised} from './supervised.js'

export interface Bus {
  /** Variables with which a program finds the bus. Without them a program in the sandbox has no session bus. */
  readonly env: Env & {DBUS_SESSION_BUS_ADDRESS: string; XDG_RUNTIME_DIR: string}
  /** Starts one of the Python programs in `dbus/` on this bus. */
  startScript(name: string, args?: readonly string[]): Supervised
  /**
   * Runs one of the Python programs in `dbus/` to its end.
   * @returns its stdout
   * @throws {Error} with its stderr, if it fails or takes more than fifteen seconds
   */
  runScript(name: string, args: readonly string[], input?: string): Promise<string>
  /** Ends the bus and every process that the bus has started. */
  stop(): Promise<void>
}

export interface BusOptions {
  /** Let the bus start the services that are installed on this machine on demand, as on a desktop. */
  activation: boolean
}

/** Starts a session bus. It ends with this process, at the latest. */
export async function startBus(sandbox: Sandbox, {activation}: BusOptions): Promise<Bus> {
  // Not in the runtime folder: GLib finds a socket named `bus` there without DBUS_SESSION_BUS_ADDRESS.
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
