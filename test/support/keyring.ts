// A real GNOME Keyring of a sandbox's own, and the ways in which a Secret Service fails.
import {existsSync, readFileSync} from 'node:fs'
import {mkdtemp} from 'node:fs/promises'
import {join} from 'node:path'
import {type Bus, startBus} from './bus.js'
import type {Sandbox} from './sandbox.js'
import {startSupervised, type Supervised} from './supervised.js'

const PASSWORD = 'the password of the login keyring'

/** What a keyring holds. */
export interface Item {
  label: string
  /**
   * All of them but libsecret's own `xdg:schema`. GNOME Keyring keeps the attributes encrypted: one that has not been
   * unlocked since it was started has nothing but `gkr:compat:hashed:<name>`, and no labels.
   */
  attributes: Record<string, string>
  /** Undefined if it is locked. */
  secret: string | undefined
  locked: boolean
}

/** Something on a bus of its own. */
export interface Provider {
  /** What a program in the sandbox needs to find it. */
  readonly env: Bus['env']
  /** Ends it, its bus, and everything that was started with them. */
  stop(): Promise<void>
}

export interface Keyring extends Provider {
  /** Every item of every collection, as the daemon has it. Never asks to unlock. */
  items(): Promise<Item[]>
  /** Stores as somebody else would, by `secret-tool`. */
  store(item: {label: string; attributes: Record<string, string>; secret: string}): Promise<void>
  /** Removes as somebody else would, by `secret-tool`; resolves to whether there was anything to remove. */
  clear(attributes: Record<string, string>): Promise<boolean>
  /** Locks the default collection: every later lookup asks the user, by way of a prompter. */
  lock(): Promise<void>
  /** Unlocks it again without asking anybody. */
  unlock(): Promise<void>
  /** Stops the daemon from running, as a heavily loaded machine would: no call is answered until {@link thaw}. */
  freeze(): Promise<void>
  thaw(): void
  /** Ends the daemon; the bus stays, and what was stored stays in the sandbox's home for the next keyring. */
  stopDaemon(): Promise<void>
  /**
   * Gives the daemon a prompter that takes each request to ask the user, and never comes back.
   * Without one no prompt can be shown here, and a locked keyring says so at once.
   */
  startUnansweredPrompter(): Promise<Prompter>
  /** Gives the default collection an empty password, as its own window can: the daemon then stores it as text. */
  removePassword(): Promise<void>
  /** Adds a collection beside the default one, unlocked. */
  addCollection(): Promise<Collection>
}

export interface Collection {
  /** Stores as another program would, by `secret-tool`. */
  store(item: {label: string; attributes: Record<string, string>; secret: string}): Promise<void>
  lock(): Promise<void>
  unlock(): Promise<void>
}

export interface Prompter {
  /**
   * Resolves when the user would have been asked; call it once more for the next time.
   * @throws {Error} if that takes more than ten seconds
   */
  asked(): Promise<void>
  stop(): Promise<void>
}

export interface KeyringOptions {
  /**
   * Let the bus start the machine's own services, as a desktop does: after {@link Keyring.stopDaemon} the next call
   * starts a new daemon, with the keyring locked, as after a login without a password. By default there is nobody then.
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
      // Not by `secret-tool lock`, which crashes in libsecret 0.20.5.
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

// Without it secret-tool refuses arguments outside of ASCII.
const ANY_LETTERS = {LC_ALL: 'C', CHARSET: 'UTF-8'}

const words = (attributes: Record<string, string>) => Object.entries(attributes).flat()

/** Starts a session bus that has no Secret Service and knows of none to start: a server, or WSL. */
export async function startBusWithoutProvider(sandbox: Sandbox): Promise<Provider> {
  const bus = await startBus(sandbox, {activation: false})
  return {env: bus.env, stop: () => bus.stop()}
}

/** How a Secret Service other than the machine's own behaves; provider.py describes each. */
export type Behaviour = 'dismissed' | 'kwallet' | 'keepassxc' | 'closed' | 'ignoring' | 'confirming'

export interface MadeUpProvider extends Provider {
  /** How many prompts the user would have seen so far. */
  prompts(): number
}

/** Starts a Secret Service that has one item, and whose user acts at once on every prompt. */
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
