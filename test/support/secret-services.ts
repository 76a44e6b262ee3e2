// Debian's other providers of the Secret Service than GNOME Keyring, each in its own session.
import {mkdir, mkdtemp, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {type Bus, startBus} from './bus.js'
import type {Display} from './display.js'
import type {Env, Sandbox} from './sandbox.js'
import {startSupervised, type Supervised} from './supervised.js'

const PASSWORD = 'the password of the database'

export interface SecretService {
  /** Variables with which a program finds it, the display included. */
  readonly env: Env
  /** The accounts of Heroku's items. Unlocks nothing. */
  accounts(): Promise<string[]>
  /** Unlocks and removes Heroku's items; needs a user who answers the dialogs. */
  clear(): Promise<void>
  stop(): Promise<void>
}

export interface KeepassxcSettings {
  /** Ask before a program uses an entry, and before it removes one: KeePassXC's defaults. */
  confirm: boolean
  /** Ask to unlock the database at a search. Default: true, as in KeePassXC. */
  unlock?: boolean
}

export interface Keepassxc extends SecretService {
  /** Locks the database, as its toolbar does; changes are saved. */
  lock(): Promise<void>
  /** Closes the database. */
  close(): Promise<void>
  /** Opens it again, without a dialog. */
  open(): Promise<void>
}

/**
 * Starts KeePassXC with one database, open, whose root group is the default collection. Needs `keepassxc`.
 * @throws {Error} with its output, if the collection is not there within a minute
 */
export async function startKeepassxc(
  sandbox: Sandbox,
  display: Display,
  {confirm, unlock = true}: KeepassxcSettings,
): Promise<Keepassxc> {
  const folder = await mkdtemp(join(sandbox.root, 'keepassxc-'))
  const [xml, database, config] = ['database.xml', 'passwords.kdbx', 'keepassxc.ini'].map((name) => join(folder, name))
  if (xml === undefined || database === undefined || config === undefined) throw new Error('no paths')
  await writeFile(xml, DATABASE)
  await writeFile(config, keepassxcSettings({confirm, unlock}))
  const imported = await sandbox.run(
    'keepassxc-cli',
    ['import', '--set-password', '--decryption-time', '100', xml, database],
    {
      input: `${PASSWORD}\n${PASSWORD}\n`,
    },
  )
  if (imported.exitCode !== 0) throw new Error(`keepassxc-cli import: ${imported.stderr}`)

  const bus = await startBus(sandbox, {activation: false})
  const env = {...bus.env, ...display.env}
  const program = startSupervised(
    'keepassxc',
    ['--config', config, '--localconfig', join(folder, 'local.ini'), '--pw-stdin', database],
    {env: sandbox.envWith(env), cwd: sandbox.home, input: `${PASSWORD}\n`},
  )
  // Only waits: a request to unlock the database would open a dialog, and the password on stdin would be lost.
  const isOpen = () => wait(bus, 'secrets.py', 'wait-unlocked')
  const service = await ready('KeePassXC', {bus, env, program}, isOpen)
  return {
    ...service,
    async lock() {
      await bus.runScript('keepassxc.py', ['lock'])
    },
    async close() {
      await bus.runScript('keepassxc.py', ['close'])
    },
    async open() {
      await bus.runScript('keepassxc.py', ['open', database], PASSWORD)
      await isOpen()
    },
  }
}

/** The key of the exposed group in a KeePassXC database (its CustomData::FdoSecretsExposedGroup). */
const DATABASE = `<?xml version="1.0" encoding="UTF-8"?>
<KeePassFile>
  <Meta>
    <DatabaseName>passwords</DatabaseName>
    <CustomData>
      <Item>
        <Key>FDO_SECRETS_EXPOSED_GROUP</Key>
        <Value>{00112233-4455-6677-8899-aabbccddeeff}</Value>
      </Item>
    </CustomData>
  </Meta>
  <Root>
    <Group>
      <UUID>ABEiM0RVZneImaq7zN3u/w==</UUID>
      <Name>Root</Name>
    </Group>
  </Root>
</KeePassFile>
`

/**
 * Names are those of its src/core/Config.cpp. Its questions keep their defaults unless a setting is false. Saving after every
 * change is off: 2.7.4 crashed (SIGSEGV) when an entry was removed while it saved and reloaded.
 */
const keepassxcSettings = ({confirm, unlock}: Required<KeepassxcSettings>) => `[General]
SingleInstance=false
UpdateCheckMessageShown=true
AutoReloadOnChange=false
AutoSaveAfterEveryChange=false
[GUI]
CheckForUpdates=false
[FdoSecrets]
Enabled=true
${confirm ? '' : 'ConfirmAccessItem=false\nConfirmDeleteItem=false\n'}${unlock ? '' : 'UnlockBeforeSearch=false\n'}`

/**
 * Starts KWallet with one wallet, open, which is the default collection: the wallet is created and opened with a key,
 * as at a login to a Plasma desktop (its PAM module calls `pamOpen`). Needs `libkf5wallet-bin` and, since KWallet
 * encrypts with it, `libqca-qt5-2-plugins`.
 * @throws {Error} with its output, if the collection is not there within a minute
 */
export async function startKwallet(sandbox: Sandbox, display: Display): Promise<SecretService> {
  await mkdir(join(sandbox.home, '.config'), {recursive: true})
  await writeFile(join(sandbox.home, '.config', 'kwalletrc'), KWALLETRC)
  const bus = await startBus(sandbox, {activation: false})
  const env = {...bus.env, ...display.env}
  const start = () => startSupervised('kwalletd5', [], {env: sandbox.envWith(env), cwd: sandbox.home})
  // KWallet picks its default collection at its start, from the wallets that exist then.
  const first = start()
  await wait(bus, 'kwallet.py', 'open')
  await first.stop()
  const program = start()
  return ready('KWallet', {bus, env, program}, async () => {
    await wait(bus, 'kwallet.py', 'open')
    await wait(bus, 'heroku-items.py', 'unlock')
  })
}

const KWALLETRC = `[Wallet]
First Use=false
Default Wallet=kdewallet
`

/**
 * Waits until the provider is ready, at most a minute: desktop programs start slowly on a busy machine.
 * @param script takes its time limit in seconds as the last argument
 * @throws {Error} with the script's output, if it fails
 */
async function wait(bus: Bus, script: string, command: string): Promise<void> {
  const waiting = bus.startScript(script, [command, '60'])
  const {exitCode} = await waiting.ended
  if (exitCode !== 0) throw new Error(`${script} ${command}: ${waiting.stderr()}`)
}

async function ready(
  name: string,
  {bus, env, program}: {bus: Bus; env: Env; program: Supervised},
  isReady: () => Promise<void>,
): Promise<SecretService> {
  const stop = async () => {
    await program.stop()
    await bus.stop()
  }
  try {
    await isReady()
  } catch (error) {
    await stop()
    throw new Error(`${name} did not come up: ${program.stderr()}`, {cause: error})
  }
  return {
    env,
    stop,
    async accounts() {
      return JSON.parse(await bus.runScript('heroku-items.py', ['accounts'])) as string[]
    },
    async clear() {
      await bus.runScript('heroku-items.py', ['clear'])
    },
  }
}
