// A private, real GNOME Keyring for a sandbox, and the ways in which a Secret Service fails.
import {existsSync, readFileSync} from 'node:fs'
import {mkdtemp} from 'node:fs/promises'
import {join} from 'node:path'
import {type Bus, startBus} from './bus.js'
import type {Sandbox} from './sandbox.js'
import {startSupervised, type Supervised} from './supervised.js'

const PASSWORD = 'the password of the login keyring'

/** A keyring's item. */
export interface Item {
  label: string
  /**
   * All attributes but libsecret's own `xdg:schema`. GNOME Keyring keeps attributes encrypted: a keyring that has not
   * been unlocked since its start shows only `gkr:compat:hashed:<name>`, and no labels.
   */
  attributes: Record<string, string>
  /** Undefined if it is locked. */
  secret: string | undefined
  locked: boolean
}

/** A service on a private bus. */
export interface Provider {
  /** Variables with which a program in the sandbox finds it. */
  readonly env: Bus['env']
  /** Ends it, its bus, and all processes started with them. */
  stop(): Promise<void>
}

export interface Keyring extends Provider {
  /** Every item of every collection, read from the daemon. Never prompts to unlock. */
  items(): Promise<Item[]>
  /** Stores an item with `secret-tool`, as another program would. */
  store(item: {label: string; attributes: Record<string, string>; secret: string}): Promise<void>
  /** Removes items with `secret-tool`, as another program would; resolves to whether there were any. */
  clear(attributes: Record<string, string>): Promise<boolean>
  /** Locks the default collection: every later lookup asks the user through a prompter. */
  lock(): Promise<void>
  /** Unlocks it again without a prompt. */
  unlock(): Promise<void>
  /** Suspends the daemon, as on a heavily loaded machine: no call is answered until {@link thaw}. */
  freeze(): Promise<void>
  thaw(): void
  /** Ends the daemon; the bus stays, and the items stay in the sandbox's home for the next keyring. */
  stopDaemon(): Promise<void>
  /**
   * Starts a prompter that accepts each request to ask the user, and never answers.
   * Without it no prompt can be shown, and a locked keyring fails at once.
   */
  startUnansweredPrompter(): Promise<Prompter>
  /** Sets an empty password, as the GUI can: the daemon then stores the default collection in plain text. */
  removePassword(): Promise<void>
  /** Adds a collection beside the default one, unlocked. */
  addCollection(): Promise<Collection>
}

export interface Collection {
  /** Stores an item with `secret-tool`, as another program would; in this collection. */
  store(item: {label: string; attributes: Record<string, string>; secret: string}): Promise<void>
  lock(): Promise<void>
  unlock(): Promise<void>
}

export interface Prompter {
  /**
   * Resolves at the next prompt; call it again for the one after it.
   * @throws {Error} if none comes within ten seconds
   */
  asked(): Promise<void>
  stop(): Promise<void>
}

export interface KeyringOptions {
  /**
   * Let the bus start the machine's own services, as on a desktop: after {@link Keyring.stopDaemon} the next call
   * starts a new daemon with the keyring locked, as after a login without a password. By default no daemon starts.
   */
  activation?: boolean
}

/**
 * Starts a session bus and a GNOME Keyring on it, with its login keyring (the default collection) unlocked. Needs
 * `gnome-keyring`, `libsecret-tools`, `dbus` and `python3-dbus`.
 * @throws {Error} if it is not unlocked within ten seconds
 */
export async function startKeyring(sandbox: Sandbox, {activation = false}: KeyringOptions = {}): Promise<Keyring> {
  const bus = await startBus(sandbox, {activation})
  const daemon = startSupervised('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], {
    env: sandbox.envWith(bus.env),
    cwd: sandbox.home,
    input: PASSWORD,
  })
  const others: Supervised[] = []
  const stop = async () => {
    for (const each of [...others, daemon, bus]) await each.stop()
  }
  try {
    await bus.runScript('secrets.py', ['wait-unlocked', '10'])
  } catch (error) {
    await stop()
    throw new Error(`GNOME Keyring did not come up: ${daemon.stderr()}`, {cause: error})
  }

  let frozen: number | undefined
  const secretTool = (args: string[], input = '') =>
    sandbox.run('secret-tool', args, {env: {...bus.env, ...ANY_LETTERS}, input})

  const store = async ({attributes, label, secret}: Parameters<Keyring['store']>[0], where: string[] = []) => {
    const args = ['store', `--label=${label}`, ...where, '--', ...words(attributes)]
    const {exitCode, stderr} = await secretTool(args, secret)
    if (exitCode !== 0) throw new Error(`secret-tool store: ${stderr}`)
  }

  return {
    env: bus.env,
    stop,
    async items() {
      const found = JSON.parse(await bus.runScript('secrets.py', ['items'])) as {
        label: string
        attributes: Record<string, string>
        secret: string | null
        locked: boolean
      }[]
      return found.map((item) => ({
        ...item,
        secret: item.secret === null ? undefined : Buffer.from(item.secret, 'base64').toString('utf8'),
      }))
    },
    store: (item) => store(item),
    async clear(attributes) {
      const {exitCode, stderr} = await secretTool(['clear', '--', ...words(attributes)])
      if (stderr !== '') throw new Error(`secret-tool clear: ${stderr}`)
      return exitCode === 0
    },
    async lock() {
      // Not with `secret-tool lock`, which crashes in libsecret 0.20.5.
      await bus.runScript('secrets.py', ['lock'])
    },
    async unlock() {
      await bus.runScript('secrets.py', ['unlock'], PASSWORD)
    },
    async removePassword() {
      await bus.runScript('secrets.py', ['remove-password'], PASSWORD)
    },
    async addCollection() {
      const path = await bus.runScript('secrets.py', ['add-collection'], PASSWORD)
      return {
        store: (item) => store(item, [`--collection=${path}`]),
        async lock() {
          await bus.runScript('secrets.py', ['lock', path])
        },
        async unlock() {
          await bus.runScript('secrets.py', ['unlock', path], PASSWORD)
        },
      }
    },
    async freeze() {
      frozen = Number(await bus.runScript('secrets.py', ['pid']))
      process.kill(frozen, 'SIGSTOP')
    },
    thaw() {
      if (frozen !== undefined) process.kill(frozen, 'SIGCONT')
      frozen = undefined
    },
    stopDaemon: () => daemon.stop(),
    async startUnansweredPrompter() {
      const prompter = bus.startScript('prompter.py')
      others.push(prompter)
      await prompter.line()
      return {
        async asked() {
          await prompter.line()
        },
        stop: () => prompter.stop(),
      }
    },
  }
}

// Without a UTF-8 locale secret-tool refuses arguments outside of ASCII.
const ANY_LETTERS = {LC_ALL: 'C', CHARSET: 'UTF-8'}

const words = (attributes: Record<string, string>) => Object.entries(attributes).flat()

/** Starts a session bus without a Secret Service, and without one to activate, as on a server or in WSL. */
export async function startBusWithoutProvider(sandbox: Sandbox): Promise<Provider> {
  const bus = await startBus(sandbox, {activation: false})
  return {env: bus.env, stop: () => bus.stop()}
}

/** The behavior of a simulated Secret Service; provider.py describes each. */
export type Behaviour = 'dismissed' | 'kwallet' | 'keepassxc' | 'closed' | 'ignoring' | 'confirming'

export interface MadeUpProvider extends Provider {
  /** The number of prompts that the user would have seen so far. */
  prompts(): number
}

/** Starts a Secret Service with one item, whose user answers every prompt at once. */
export async function startProvider(
  sandbox: Sandbox,
  behaviour: Behaviour,
  {label, attributes}: Pick<Item, 'label' | 'attributes'>,
): Promise<MadeUpProvider> {
  const bus = await startBus(sandbox, {activation: false})
  const pairs = Object.entries(attributes).map(([name, value]) => `${name}=${value}`)
  const prompts = join(await mkdtemp(join(sandbox.root, 'provider-')), 'prompts')
  const provider = bus.startScript('provider.py', [behaviour, prompts, label, ...pairs])
  await provider.line()
  return {
    env: bus.env,
    prompts: () => (existsSync(prompts) ? readFileSync(prompts, 'utf8').trimEnd().split('\n').length : 0),
    async stop() {
      await provider.stop()
      await bus.stop()
    },
  }
}
