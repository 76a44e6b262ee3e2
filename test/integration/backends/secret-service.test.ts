import {expect} from 'chai'
import {existsSync} from 'node:fs'
import {chmod, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Backend} from '../../../src/backends/backend.js'
import {StorageError} from '../../../src/errors.js'
import {openSecretService} from '../../../src/backends/secret-service.js'
import {run, type RunTool} from '../../../src/process/run.js'
import {describeKeychain} from '../../contract/keychain-contract.js'
import {
  type Behaviour,
  type Collection,
  type Keyring,
  startBusWithoutProvider,
  startKeyring,
  startProvider,
} from '../../support/keyring.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'

const program = '/usr/bin/secret-tool'
const ada = 'ada@example.com'
const adas = {service: 'heroku-cli', account: ada}

/** `run` in a sandbox's environment instead of this process's. */
const runIn =
  (env: Record<string, string>, calls: Parameters<RunTool>[] = []): RunTool =>
  (file, args, options) => {
    calls.push([file, args, options])
    const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
    return run(file, args, {...options, env: {...cleared, ...env, LC_ALL: 'C', CHARSET: 'UTF-8', ...options.env}})
  }

async function failureOf(action: Promise<unknown>): Promise<StorageError> {
  const error: unknown = await action.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error, 'nothing was thrown').to.be.instanceOf(StorageError)
  return error as StorageError
}

describe('secret-service on a real GNOME Keyring', () => {
  let sandbox: Sandbox
  let keyring: Keyring
  let keychain: Backend
  const calls: Parameters<RunTool>[] = []

  before(async () => {
    sandbox = openSandbox()
    keyring = await startKeyring(sandbox)
    keychain = openSecretService({run: runIn({...sandbox.env, ...keyring.env}, calls), timeoutMs: 5000, program})
  })

  after(async () => {
    await keyring.stop()
    await sandbox.close()
  })

  beforeEach(() => {
    calls.length = 0
  })

  afterEach(async () => {
    await keyring.unlock()
    await keyring.clear({service: 'heroku-cli'})
  })

  describeKeychain('secret-service', () => Promise.resolve(keychain), {longestToken: () => 8192})

  it('stores exactly what the Heroku CLI stores', async () => {
    await keychain.set({account: ada, token: 'HRKU-1'})
    expect((await keyring.items()).filter(({attributes}) => attributes.service === 'heroku-cli')).to.deep.equal([
      {
        label: 'Heroku CLI',
        attributes: adas,
        secret: 'HRKU-1',
        locked: false,
      },
    ])
  })

  it('reads a token of another program exactly, with a newline at its end', async () => {
    await keyring.store({label: 'Heroku CLI', attributes: adas, secret: 'HRKU-1\n'})
    expect(await keychain.get(ada)).to.equal('HRKU-1\n')
  })

  it('keeps the token out of every argument list', async () => {
    await keychain.set({account: ada, token: 'HRKU-canary'})
    await keychain.get(ada)
    await keychain.remove(ada)
    const seen = calls.flatMap(([file, args, {env = {}}]) => [file, ...args, JSON.stringify(env)])
    expect(seen.filter((word) => word.includes('HRKU-canary'))).to.deep.equal([])
    expect(calls[0]?.[2].input).to.equal('HRKU-canary')
  })

  it('starts one process for a read, of an account without an item, too', async () => {
    await keychain.set({account: ada, token: 'HRKU-1'})
    calls.length = 0
    expect(await keychain.get(ada)).to.equal('HRKU-1')
    expect(await keychain.get('grace@example.com')).to.equal(undefined)
    expect(calls.map(([, [verb]]) => verb)).to.deep.equal(['search', 'search'])
  })

  it('is locked, and not empty, in every method on a locked keyring, and loses nothing', async () => {
    await keychain.set({account: ada, token: 'HRKU-1'})
    await keyring.lock()
    expect(await failureOf(keychain.get(ada))).to.include({problem: 'locked', message: 'the keyring is locked'})
    expect(await failureOf(keychain.remove(ada))).to.include({problem: 'locked'})
    expect(await failureOf(keychain.set({account: ada, token: 'HRKU-2'}))).to.include({problem: 'locked'})
    await keyring.unlock()
    expect(await keychain.get(ada)).to.equal('HRKU-1')
  })

  it('lists the accounts of a locked keyring', async () => {
    await keychain.set({account: ada, token: 'HRKU-1'})
    await keyring.lock()
    expect(await keychain.accounts()).to.deep.equal([ada])
  })

  it('returns undefined for an account that a locked keyring does not hold', async () => {
    await keychain.set({account: ada, token: 'HRKU-1'})
    await keyring.lock()
    expect(await keychain.get('grace@example.com')).to.equal(undefined)
  })

  it('times out if the prompt is not answered, and leaves no process behind', async () => {
    // A name that no other test uses.
    const patient = 'patient@example.com'
    await keychain.set({account: patient, token: 'HRKU-1'})
    const prompter = await keyring.startUnansweredPrompter()
    try {
      await keyring.lock()
      const hasty = openSecretService({run: runIn({...sandbox.env, ...keyring.env}), timeoutMs: 1000, program})
      const started = performance.now()
      expect(await failureOf(hasty.get(patient))).to.include({
        problem: 'timed-out',
        message: 'the keyring did not answer within 1 s',
      })
      expect(performance.now() - started).to.be.lessThan(2500)
      expect(await failureOf(hasty.set({account: patient, token: 'HRKU-2'}))).to.include({problem: 'timed-out'})
      expect((await sandbox.run('pgrep', ['-f', `secret-tool.*${patient}`])).stdout).to.equal('')
    } finally {
      await prompter.stop()
    }
  })

  it('times out if the daemon is stopped', async () => {
    await keyring.freeze()
    try {
      const hasty = openSecretService({run: runIn({...sandbox.env, ...keyring.env}), timeoutMs: 500, program})
      expect(await failureOf(hasty.get(ada))).to.include({problem: 'timed-out'})
      expect(await failureOf(hasty.accounts())).to.include({problem: 'timed-out'})
    } finally {
      keyring.thaw()
    }
  })

  it('behaves the same with an ASCII locale', async () => {
    const account = 'łada@пример.рф'
    const ascii = openSecretService({
      run: runIn({...sandbox.env, ...keyring.env, LC_ALL: 'C', LANG: 'POSIX'}),
      timeoutMs: 5000,
      program,
    })
    await ascii.set({account, token: 'HRKU-1'})
    expect(await ascii.get(account)).to.equal('HRKU-1')
    expect(await ascii.accounts()).to.deep.equal([account])
  })

  it('starts nothing for a token of over 8,192 bytes', async () => {
    expect(await failureOf(keychain.set({account: ada, token: 'x'.repeat(8193)}))).to.include({problem: 'refused'})
    expect(calls).to.deep.equal([])
  })
})

describe('secret-service on a GNOME Keyring that was never unlocked', () => {
  it('is locked for an existing item, and returns undefined for a missing one', async () => {
    const sandbox = openSandbox()
    const keyring = await startKeyring(sandbox, {activation: true})
    try {
      await keyring.store({label: 'Heroku CLI', attributes: adas, secret: 'HRKU-1'})
      // The next call starts a new daemon, as after a login without a password.
      await keyring.stopDaemon()
      const keychain = openSecretService({run: runIn({...sandbox.env, ...keyring.env}), timeoutMs: 5000, program})
      expect(await failureOf(keychain.get(ada))).to.include({problem: 'locked'})
      expect(await failureOf(keychain.remove(ada))).to.include({problem: 'locked'})
      expect(await failureOf(keychain.accounts())).to.include({
        problem: 'locked',
        message: 'the keyring is locked, and was not unlocked since it was started',
      })
      expect(await keychain.get('grace@example.com')).to.equal(undefined)
    } finally {
      await keyring.stop()
      await sandbox.close()
    }
  })
})

describe('secret-service without a keyring', () => {
  let sandbox: Sandbox
  beforeEach(() => {
    sandbox = openSandbox()
  })
  afterEach(() => sandbox.close())

  const everyVerb = async (keychain: Backend) => {
    const failures = []
    for (const action of [
      () => keychain.get(ada),
      () => keychain.set({account: ada, token: 'HRKU-1'}),
      () => keychain.remove(ada),
      () => keychain.accounts(),
    ])
      failures.push(await failureOf(action()))
    return failures.map(({message, problem}) => `${problem}: ${message}`)
  }

  it('reports that there is no D-Bus session', async () => {
    const keychain = openSecretService({run: runIn(sandbox.env), timeoutMs: 5000, program})
    expect(await everyVerb(keychain)).to.deep.equal(
      Array.from({length: 4}, () => 'unavailable: there is no D-Bus session, so no keyring'),
    )
  })

  for (const address of ['unix:path=/nonexistent/bus', 'disabled:', 'nonsense']) {
    it(`reports the same for the session address ${address}`, async () => {
      const env = {...sandbox.env, DBUS_SESSION_BUS_ADDRESS: address}
      const keychain = openSecretService({run: runIn(env), timeoutMs: 5000, program})
      expect(new Set(await everyVerb(keychain))).to.deep.equal(
        new Set(['unavailable: there is no D-Bus session, so no keyring']),
      )
    })
  }

  it('reports that no keyring is running in the session', async () => {
    const provider = await startBusWithoutProvider(sandbox)
    try {
      const keychain = openSecretService({run: runIn({...sandbox.env, ...provider.env}), timeoutMs: 5000, program})
      expect(new Set(await everyVerb(keychain))).to.deep.equal(
        new Set(['unavailable: no keyring is running in this session']),
      )
    } finally {
      await provider.stop()
    }
  })

  it('reports that the tool cannot be started', async () => {
    const keychain = openSecretService({run: runIn(sandbox.env), timeoutMs: 5000, program: join(sandbox.root, 'none')})
    expect(await failureOf(keychain.get(ada))).to.include({
      problem: 'unavailable',
      message: 'the keyring could not be started (ENOENT)',
    })
  })

  describe('with a tool that misbehaves', () => {
    const brokenBy = async (script: string) => {
      const broken = join(sandbox.bin, 'secret-tool')
      await writeFile(broken, `#!/bin/sh\n${script}\n`)
      await chmod(broken, 0o755)
      return openSecretService({run: runIn(sandbox.env), timeoutMs: 1000, program: broken})
    }

    const ITEM = `attribute.account = ${ada}`
    const LOCKED = 'secret-tool: Cannot get secret of a locked object'

    it('reports that it crashed', async () => {
      const keychain = await brokenBy('kill -SEGV $$')
      expect(await failureOf(keychain.get(ada))).to.include({
        problem: 'failed',
        message: 'the keyring was ended by SIGSEGV',
      })
    })

    it('keeps its output out of the message', async () => {
      const keychain = await brokenBy('echo HRKU-leak; echo HRKU-leak >&2; exit 3')
      for (const failure of [
        await failureOf(keychain.get(ada)),
        await failureOf(keychain.set({account: ada, token: 'HRKU-leak'})),
        await failureOf(keychain.remove(ada)),
        await failureOf(keychain.accounts()),
      ]) {
        expect(failure.problem).to.equal('failed')
        expect(failure.cause).to.equal(undefined)
        expect(`${failure.stack} ${failure.hint}`).not.to.include('HRKU-leak')
      }
    })

    // A lookup of an item that a search shows is the only call that prompts; of no item, KeePassXC would prompt twice.
    for (const [what, found, problem, verbs] of [
      ['calls only search if it shows no item', '', undefined, 'search\n'],
      ['calls lookup once for an item whose token it does not show', ITEM, 'denied', 'search\nlookup\n'],
      ['calls lookup once for a locked item', `${ITEM}\n${LOCKED}`, 'locked', 'search\nlookup\n'],
    ] as const)
      it(what, async () => {
        const calls = join(sandbox.root, 'calls')
        const keychain = await brokenBy(`echo $1 >>'${calls}'
[ $1 = lookup ] && exit 1; printf '%s' '${found}' >&2`)
        if (problem === undefined) expect(await keychain.get(ada)).to.equal(undefined)
        else expect(await failureOf(keychain.get(ada))).to.include({problem})
        expect(await readFile(calls, 'utf8')).to.equal(verbs)
      })

    // As printed by secret-tool 0.20.5 with GNOME Keyring 42.1.
    const PATH = '/org/freedesktop/secrets/collection/login/7'
    for (const gone of [
      `echo "secret-tool: No such secret item at path: ${PATH}" >&2; exit 1`,
      `echo "secret-tool: Object does not exist at path “${PATH}”" >&2`,
      `echo "secret-tool: No such interface “org.freedesktop.Secret.Item” on object at path ${PATH}" >&2`,
    ])
      it(`searches again if another program removes the item meanwhile: ${gone.slice(19, 45)}`, async () => {
        const calls = join(sandbox.root, 'calls')
        const keychain = await brokenBy(`echo $1 >>'${calls}'
[ "$(wc -l <'${calls}')" = 1 ] && { ${gone}; exit; }; exit 0`)
        expect(await keychain.get(ada)).to.equal(undefined)
        expect(await readFile(calls, 'utf8')).to.equal('search\nsearch\n')
      })

    it('reports that the token was not stored, if it stores nothing and exits 0', async () => {
      const keychain = await brokenBy('exit 0')
      expect(await failureOf(keychain.set({account: ada, token: 'HRKU-1'}))).to.include({
        problem: 'denied',
        message: 'the keyring did not store the token',
      })
    })

    it('reports that another token is stored, if it keeps the old one and exits 0', async () => {
      const keychain = await brokenBy(`[ $1 = lookup ] && printf HRKU-old; echo 'attribute.account = ${ada}' >&2`)
      expect(await failureOf(keychain.set({account: ada, token: 'HRKU-1'}))).to.include({
        problem: 'failed',
        message: 'the keyring did not keep the token as it was stored',
      })
    })

    const REJECTED =
      'Rejected send message, 2 matched rules; type="method_call", sender=":1.1" (uid=0 pid=2 comm="secret-tool lookup ' +
      'service heroku-cli account cancelled@dbus-launch") interface="org.freedesktop.Secret.Service" member="OpenSession"'
    const START = 'Error calling StartServiceByName for org.freedesktop.secrets: '
    const NO_SESSION = 'unavailable: there is no D-Bus session, so no keyring'
    const DENIED = 'denied: access to the keyring was denied by the session bus'
    const NOT_STARTED = 'unavailable: the session bus could not start a keyring'
    const LATE = 'timed-out: the keyring did not answer the session bus in time'
    // Output of secret-tool 0.20.5 (recorded), or from the sources of GLib and dbus-daemon.
    for (const [words, expected, hint] of [
      [
        'Failed to execute child process “dbus-launch” (No such file or directory)',
        NO_SESSION,
        'HEROKU_NETRC_WRITE=true',
      ],
      [
        'Error spawning command line “dbus-launch --autolaunch=3d --binary-syntax --close-stderr”: Child process exited with code 1',
        NO_SESSION,
        'HEROKU_NETRC_WRITE=true',
      ],
      [
        'Cannot spawn a message bus without a machine-id: Unable to load /etc/machine-id',
        NO_SESSION,
        'desktop session',
      ],
      ['Cannot spawn a message bus when AT_SECURE is set', NO_SESSION, 'desktop session'],
      ['The connection is closed', NO_SESSION, 'desktop session'],
      [REJECTED, DENIED, 'HEROKU_NETRC_WRITE=true'],
      ['An AppArmor policy prevents this sender from sending this message to this recipient', DENIED, 'snap'],
      ['An SELinux policy prevents this sender from sending this message to this recipient', DENIED, 'snap'],
      ['Exhausted all available authentication mechanisms (tried: EXTERNAL) (available: EXTERNAL)', DENIED, 'NETRC'],
      [`${START}Process org.freedesktop.secrets exited with status 1`, NOT_STARTED, 'GNOME Keyring'],
      [`${START}Process org.freedesktop.secrets received signal 9`, NOT_STARTED, 'GNOME Keyring'],
      [`${START}Failed to execute program org.freedesktop.secrets: No such file or directory`, NOT_STARTED, 'KWallet'],
      ['Error return with empty body: ', 'denied: the keyring prompt was dismissed', 'answer it'],
      [
        'Message recipient disconnected from message bus without replying',
        'failed: the keyring ended before it answered',
        'again',
      ],
      [
        'Did not receive a reply. Possible causes include: the remote application did not send a reply',
        LATE,
        'unlock it',
      ],
      ['Timeout was reached', LATE, 'unlock it'],
      [`${START}Timeout was reached`, LATE, 'unlock it'],
    ] as const)
      it(`reports "${expected}" for "${words.slice(0, 60)}", after one call`, async () => {
        const calls = join(sandbox.root, 'calls')
        const said = join(sandbox.root, 'said')
        await writeFile(said, `secret-tool: ${words}\n`)
        const keychain = await brokenBy(`echo $1 >>'${calls}'; cat '${said}' >&2; exit 1`)
        for (const action of [
          () => keychain.get(ada),
          () => keychain.accounts(),
          () => keychain.set({account: ada, token: 'HRKU-1'}),
          () => keychain.remove(ada),
        ]) {
          const failure = await failureOf(action())
          expect(`${failure.problem}: ${failure.message}`).to.equal(expected)
          expect(failure.hint).to.include(hint)
        }
        expect(await readFile(calls, 'utf8')).to.match(/^search\nsearch\nstore\n[a-z]+\n$/u)
      })

    it('gives up on a tool that prints without end', async () => {
      const keychain = await brokenBy('exec yes HRKU-leak')
      expect(await failureOf(keychain.get(ada))).to.include({problem: 'failed'})
    })

    it('ends a hanging tool and its children', async () => {
      const marker = join(sandbox.root, 'survived')
      const keychain = await brokenBy(`(trap '' TERM; sleep 1.5; touch '${marker}') & sleep 100`)
      const slow = openSecretService({
        run: runIn(sandbox.env),
        timeoutMs: 300,
        program: join(sandbox.bin, 'secret-tool'),
      })
      expect(await failureOf(slow.get(ada))).to.include({problem: 'timed-out'})
      expect(keychain.name).to.equal('secret-service')
      expect((await sandbox.run('pgrep', ['-f', sandbox.root])).stdout).to.equal('')
      expect(existsSync(marker)).to.equal(false)
    })
  })
})

/** The result, or the kind of failure. */
const outcomeOf = (action: Promise<unknown>) =>
  action.then(
    (answer) => answer,
    (error: unknown) => {
      if (!(error instanceof StorageError)) throw error
      return error.problem
    },
  )

describe('secret-service on other providers', () => {
  let sandbox: Sandbox
  beforeEach(() => {
    sandbox = openSandbox()
  })
  afterEach(() => sandbox.close())

  /** Runs an action on a provider, and counts the prompts. */
  const on = async (behaviour: Behaviour, act: (keychain: Backend) => Promise<unknown>) => {
    const provider = await startProvider(sandbox, behaviour, {label: 'Heroku CLI', attributes: adas})
    try {
      const env = {...sandbox.env, ...provider.env}
      const outcome = await outcomeOf(act(openSecretService({run: runIn(env), timeoutMs: 10_000, program})))
      return {outcome, prompts: provider.prompts()}
    } finally {
      await provider.stop()
    }
  }

  const peek = (keychain: Backend) => keychain.peek?.(ada) ?? Promise.reject(new Error('there is no peek'))
  const set = (keychain: Backend) => keychain.set({account: ada, token: 'HRKU-1'})
  for (const [behaviour, verbs] of Object.entries({
    dismissed: {
      get: ['locked', 1],
      peek: ['locked', 0],
      set: ['locked', 1],
      login: ['locked', 1],
      remove: ['locked', 0],
    },
    kwallet: {get: ['denied', 1], peek: ['denied', 1], set: ['locked', 1], login: ['denied', 1], remove: ['denied', 0]},
    keepassxc: {
      get: ['denied', 1],
      peek: ['locked', 0],
      set: ['denied', 1],
      login: ['denied', 1],
      remove: ['locked', 0],
    },
    closed: {get: [undefined, 0], peek: [{}, 0], set: ['locked', 1], login: ['locked', 1], remove: [false, 0]},
    ignoring: {get: [undefined, 0], peek: [{}, 0], set: ['denied', 0], login: ['denied', 0], remove: [false, 0]},
    confirming: {
      get: ['HRKU-held', 1],
      peek: ['locked', 0],
      set: [undefined, 1],
      login: [undefined, 1],
      remove: ['locked', 0],
    },
  } satisfies Record<Behaviour, Record<string, [unknown, number]>>))
    it(`shows at most one prompt if the provider is ${behaviour}, and is never taken for empty`, async () => {
      const acts: Record<keyof typeof verbs, (keychain: Backend) => Promise<unknown>> = {
        get: (keychain) => keychain.get(ada),
        peek,
        set,
        login: (keychain) => peek(keychain).then(() => set(keychain)),
        remove: (keychain) => keychain.remove(ada),
      }
      const seen: Record<string, unknown> = {}
      for (const [verb, act] of Object.entries(acts)) {
        const {outcome, prompts} = await on(behaviour as Behaviour, act)
        seen[verb] = [outcome, prompts]
      }
      expect(seen).to.deep.equal(verbs)
    })

  it('has a hint if KeePassXC returns the token after a confirmation, but refuses to remove it', async () => {
    const provider = await startProvider(sandbox, 'confirming', {label: 'Heroku CLI', attributes: adas})
    try {
      const keychain = openSecretService({run: runIn({...sandbox.env, ...provider.env}), timeoutMs: 10_000, program})
      expect(await keychain.get(ada)).to.equal('HRKU-held')
      const failure = await failureOf(keychain.remove(ada))
      expect(failure).to.include({
        problem: 'denied',
        message: 'the keyring gave the token, but does not let secret-tool remove it',
      })
      expect(failure.hint).to.include('KeePassXC').and.to.include('delete the entry')
      expect(provider.prompts()).to.equal(1)
    } finally {
      await provider.stop()
    }
  })
})

describe('secret-service with an item of the account in another, locked collection', () => {
  let sandbox: Sandbox
  let keyring: Keyring
  let other: Collection
  let keychain: Backend
  let notices: string[]
  const stale = {label: 'Heroku CLI', attributes: adas, secret: 'HRKU-stale'}
  const secrets = async () => (await keyring.items()).map(({secret}) => secret).sort()

  beforeEach(async () => {
    sandbox = openSandbox()
    keyring = await startKeyring(sandbox, {activation: true})
    notices = []
    other = await keyring.addCollection()
    await other.store(stale)
    const notify = (line: string) => notices.push(line)
    keychain = openSecretService({run: runIn({...sandbox.env, ...keyring.env}), timeoutMs: 10_000, program, notify})
  })
  afterEach(async () => {
    await keyring.stop()
    await sandbox.close()
  })

  const LEFT =
    'a locked collection of the keyring still holds an item of ada@example.com; to remove it, unlock the collection ' +
    "and run: secret-tool clear service heroku-cli account 'ada@example.com'"

  for (const [when, lock] of [
    ['that was unlocked before', () => other.lock()],
    [
      'that was never unlocked',
      async () => {
        // The next call starts another daemon, with all collections locked.
        await keyring.stopDaemon()
        await keyring.unlock()
      },
    ],
  ] as const)
    it(`stores into, reads from and removes from the default collection (${when})`, async () => {
      await lock()
      expect(await keychain.peek?.(ada)).to.equal('locked')
      expect(await outcomeOf(keychain.get(ada))).to.equal('locked')
      await keychain.set({account: ada, token: 'HRKU-1'})
      expect(await keychain.get(ada)).to.equal('HRKU-1')
      expect(await keychain.peek?.(ada)).to.deep.equal({token: 'HRKU-1'})
      expect(await keychain.accounts()).to.deep.equal([ada])
      expect(notices).to.deep.equal([])
      expect(await keychain.remove(ada)).to.equal(true)
      expect(notices).to.deep.equal([LEFT])
      expect(await outcomeOf(keychain.remove(ada))).to.equal('locked')
      await other.unlock()
      expect(await secrets()).to.deep.equal(['HRKU-stale'])
    })

  it('replaces the item if its collection is unlocked, so that it is not read instead of the new one', async () => {
    await keychain.set({account: ada, token: 'HRKU-1'})
    expect(await keychain.get(ada)).to.equal('HRKU-1')
  })

  it('removes both if both are unlocked, and reports it', async () => {
    await keyring.store({...stale, secret: 'HRKU-1'})
    expect(await secrets()).to.deep.equal(['HRKU-1', 'HRKU-stale'])
    expect(await keychain.remove(ada)).to.equal(true)
    expect(await secrets()).to.deep.equal([])
    expect(notices).to.deep.equal(['removed 2 items of ada@example.com from the keyring'])
  })
})
