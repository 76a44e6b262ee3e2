// auth:exec as a user, a script and a supervisor see it, by the plugin's own program; test/e2e/matrix.test.ts has the hosts.
import {expect} from 'chai'
import {copyFile, mkdir, readFile, writeFile} from 'node:fs/promises'
import {constants} from 'node:os'
import {join} from 'node:path'
import {recordFor} from '../../src/credentials/token-record.js'
import {endpointsFrom} from '../../src/heroku/endpoints.js'
import {recordLogin} from '../support/login-record.js'
import {REPOSITORY} from '../support/npm.js'
import {type Machine, startOwnProgram} from '../support/plugged-host.js'
import {type Running, start} from '../support/running.js'
import {inTerminal, keys} from '../support/terminal.js'
import {traced} from '../support/trace.js'

const ada = 'ada@example.com'
const grace = 'grace@example.com'
const COMMAND = join(REPOSITORY, 'test', 'fixtures', 'exec', 'command.mjs')
const CTRL_Z = '\u001A'

/** A command's stderr on one line, without the line breaks of oclif. */
const words = (text: string) => text.replaceAll(/[\s›]+/gu, ' ').trim()

describe('auth:exec', function () {
  this.timeout(60_000)
  let machine: Machine
  let running: Running[]

  before(async function () {
    this.timeout(600_000)
    machine = await startOwnProgram()
    await copyFile(COMMAND, join(machine.sandbox.home, 'command.mjs'))
  })
  after(() => machine.stop())
  beforeEach(async () => {
    await machine.reset()
    running = []
  })
  afterEach(() => {
    for (const program of running)
      try {
        program.signalGroup('SIGKILL')
      } catch {
        // It has ended, as expected.
      }
  })

  /** Stores a token of the account, which is then the current one. */
  async function loggedIn(account = ada, expiresInMinutes?: number): Promise<string> {
    const {token} = machine.heroku.issue({account})
    await machine.keyring.store({label: 'Heroku CLI', attributes: {service: 'heroku-cli', account}, secret: token})
    const expiresAt =
      expiresInMinutes === undefined ? undefined : new Date(Date.now() + expiresInMinutes * 60_000).toISOString()
    const record = recordFor({account, token, expiresAt}, endpointsFrom(machine.env).api, {name: 'secret-service'})
    await mkdir(machine.dataDir, {recursive: true})
    await recordLogin(machine.dataDir, record, true)
    return token
  }

  const exec = (args: readonly string[], env: Record<string, string> = {}, input = '') =>
    machine.run(['auth:exec', ...args], {env, input})
  const printToken = ['--', 'printenv', 'HEROKU_API_KEY']

  function started(args: readonly string[], input?: string): Running {
    const program = start(machine.bin, ['auth:exec', '--', ...args], {
      cwd: machine.sandbox.home,
      env: {...machine.env},
      ...(input === undefined ? {} : {input}),
    })
    running.push(program)
    return program
  }

  describe('gives the command', () => {
    it('the token, and our environment as it is', async () => {
      const token = await loggedIn()
      const env = {COLOUR: 'a b', EMPTY: '', LC_ALL: 'C'}
      const ours = (await machine.sandbox.run('env', ['-0'], {env: {...machine.env, ...env}})).stdout.split('\0')
      const {exitCode, stderr, stdout} = await exec(['--', 'env', '-0'], env)
      expect({exitCode, stderr}).to.deep.equal({exitCode: 0, stderr: ''})
      expect(stdout.split('\0').sort()).to.deep.equal([...ours, `HEROKU_API_KEY=${token}`].sort())
    })

    it('HEROKU_API_KEY as it is, if it is set, and starts no keychain', async () => {
      await loggedIn()
      await machine.secretTool('touch "$HOME/started"; exit 1')
      const {stderr, stdout} = await exec(printToken, {HEROKU_API_KEY: 'HRKU-a key of mine'})
      expect({stderr, stdout}).to.deep.equal({stderr: '', stdout: 'HRKU-a key of mine\n'})
      expect(await machine.read('started')).to.equal(undefined)
    })

    it('the token of --account, even if HEROKU_API_KEY is set, and changes no login', async () => {
      const adas = await loggedIn(ada)
      const graces = await loggedIn(grace)
      const before = await machine.read('.local/share/heroku/login.json')
      for (const [account, token] of [
        [ada, adas],
        [grace, graces],
      ] as const) {
        expect((await exec(['--account', account, ...printToken])).stdout).to.equal(`${token}\n`)
        expect((await exec([`--account=${account}`, ...printToken], {HEROKU_API_KEY: 'other'})).stdout).to.equal(
          `${token}\n`,
        )
        expect((await machine.run(['auth:token', '--account', account])).stdout).to.equal(`${token}\n`)
      }
      expect(await machine.read('.local/share/heroku/login.json')).to.equal(before)
    })

    it('every argument after the first -- as it is', async () => {
      await loggedIn()
      const args = [
        '--',
        '-x',
        '--help',
        '-h',
        '--app',
        'x',
        '--json',
        '--account',
        grace,
        '',
        'a  b\n',
        '$(id)',
        '*',
        '"',
      ]
      const {exitCode, stdout} = await exec(['--', 'printf', String.raw`[%s]\0`, ...args, '--'])
      expect(exitCode).to.equal(0)
      expect(stdout).to.equal([...args, '--'].map((arg) => `[${arg}]\0`).join(''))
    })

    it('stdin, to the last byte; and may close it, or leave it unread', async () => {
      await loggedIn()
      const bytes = 'x'.repeat(1_000_000)
      expect((await exec(['--', 'cat'], {}, bytes)).stdout).to.equal(bytes)
      expect((await exec(['--', 'sh', '-c', 'exec <&-; echo closed'], {}, bytes)).stdout).to.equal('closed\n')
      expect((await exec(['--', 'sh', '-c', 'echo unread'], {}, bytes)).stdout).to.equal('unread\n')
    })

    it('a token that another auth:exec in it passes on', async () => {
      const token = await loggedIn()
      const nested = await exec(['--', machine.bin, 'auth:exec', '--', machine.bin, 'auth:token'])
      expect(nested).to.deep.equal({stdout: `${token}\n`, stderr: '', exitCode: 0})
    })
  })

  describe('shows the token', () => {
    it('to the command alone: in no argument, and in no environment of another process', async () => {
      const token = await loggedIn()
      const args = ['auth:exec', '--', 'sh', '-c', 'printenv HEROKU_API_KEY']
      const {executed, stdout} = await traced(machine.sandbox, machine.bin, args, {env: machine.env})
      expect(stdout).to.equal(`${token}\n`)
      expect(executed.filter(({argv}) => argv.some((arg) => arg.includes(token)))).to.deep.equal([])
      const holders = executed.filter(({env}) => env.some((each) => each.includes(token)))
      expect(holders.map(({argv}) => argv[0])).to.deep.equal(['sh', 'printenv'])
      expect(holders.flatMap(({env}) => env.filter((each) => each.includes(token)))).to.deep.equal([
        `HEROKU_API_KEY=${token}`,
        `HEROKU_API_KEY=${token}`,
      ])
    })

    it('not in the debug output of node', async () => {
      const token = await loggedIn()
      const {exitCode, stderr, stdout} = await exec(['--', 'true'], {DEBUG: '*', NODE_DEBUG: '*'})
      expect({exitCode, stdout}).to.deep.equal({exitCode: 0, stdout: ''})
      expect(stderr).to.include('CHILD_PROCESS').and.not.to.include(token)
    })

    it('not in a core file of ours, if the command ended by SIGQUIT', async function () {
      const pattern = (await readFile('/proc/sys/kernel/core_pattern', 'utf8').catch(() => '|')).trim()
      const token = await loggedIn()
      const folder = join(machine.sandbox.home, 'cores')
      await mkdir(folder)
      const command = 'ulimit -c 0; unset HEROKU_API_KEY; kill -QUIT $$'
      const script = `cd cores && ulimit -c unlimited && exec "$0" auth:exec -- sh -c '${command}'`
      const program = start('bash', ['-c', script, machine.bin], {cwd: machine.sandbox.home, env: {...machine.env}})
      expect(await program.ended).to.equal('SIGQUIT')
      const found = await machine.sandbox.run('grep', ['-rcF', token, folder]).catch(() => undefined)
      // Elsewhere the system gives it to a program, or a program's name is in the pattern.
      if (pattern === 'core') expect(found?.stdout).to.match(/^\S+\/core[.\d]*:0\n$/u)
      else expect(found?.stdout).to.equal('')
    })
  })

  describe('ends as the command does', () => {
    beforeEach(() => loggedIn())

    for (const status of [0, 1, 7, 100, 255])
      it(`with exit status ${status}`, async () => {
        const {exitCode, stderr, stdout} = await exec(['--', 'sh', '-c', `echo out; echo err >&2; exit ${status}`])
        expect({exitCode, stderr, stdout}).to.deep.equal({exitCode: status, stderr: 'err\n', stdout: 'out\n'})
      })

    for (const signal of [
      'SIGTERM',
      'SIGKILL',
      'SIGINT',
      'SIGHUP',
      'SIGQUIT',
      'SIGPIPE',
      'SIGUSR1',
      'SIGSEGV',
    ] as const)
      it(`by ${signal}`, async () => {
        const program = started(['sh', '-c', `kill -${signal.slice(3)} $$`])
        expect(await program.ended).to.equal(signal)
        expect(program.output()).to.deep.equal({stdout: '', stderr: ''})
      })

    it('by SIGPIPE, where its reader has enough', async () => {
      const {stdout} = await machine.sandbox.run(
        'bash',
        ['-c', `"$0" auth:exec -- yes | head -n 1; echo "\${PIPESTATUS[*]}"`, machine.bin],
        {env: machine.env},
      )
      expect(stdout).to.equal(`y\n${128 + constants.signals.SIGPIPE} 0\n`)
    })
  })

  describe('starts nothing', () => {
    const touch = ['touch', 'started']
    const nothingStarted = async () => {
      expect(await machine.read('started')).to.equal(undefined)
    }

    it('without a command, or without --: exit status 2, and the usage', async () => {
      await loggedIn()
      for (const [args, message] of [
        [[], 'there is no -- before the command to run'],
        [touch, 'there is no -- before the command to run'],
        [['--'], 'there is no command after --'],
        [['--', '', ...touch], 'there is no command after --'],
        [['--account', ada, '--'], 'there is no command after --'],
      ] as const) {
        const {exitCode, stderr} = await exec(args)
        expect(exitCode, stderr).to.equal(2)
        expect(words(stderr)).to.include(message).and.to.include('auth:exec [--account ACCOUNT]')
      }
      for (const args of [
        ['touch', '--', 'started'],
        ['--app', 'x', '--', ...touch],
      ])
        expect((await exec(args)).exitCode).to.equal(2)
      await nothingStarted()
    })

    it('if the command is not found: 127; or cannot be started: 126', async () => {
      await loggedIn()
      await writeFile(join(machine.sandbox.home, 'plain'), '#!/bin/sh\n')
      for (const [command, status, message] of [
        ['no-such-program', 127, 'cannot run no-such-program: not found'],
        ['./none/such', 127, 'cannot run ./none/such: not found'],
        ['./plain', 126, 'cannot run ./plain: permission denied'],
        ['/', 126, 'cannot run /: permission denied'],
      ] as const) {
        const {exitCode, stderr} = await exec(['--', command])
        expect({exitCode, command}).to.deep.equal({exitCode: status, command})
        expect(words(stderr)).to.include(message)
      }
    })

    it('if not logged in: 100', async () => {
      for (const args of [[], ['--account', ada], ['--account', 'nickname']]) {
        const {exitCode, stderr} = await exec([...args, '--', ...touch])
        expect(exitCode, stderr).to.equal(100)
        expect(words(stderr)).to.include('Error: not logged in')
      }
      await nothingStarted()
    })

    it('if the keychain fails: 1, with its reason', async () => {
      await loggedIn()
      await machine.secretTool('echo no >&2; exit 1')
      const {exitCode, stderr} = await exec(['--', ...touch])
      expect(exitCode).to.equal(1)
      expect(words(stderr)).to.include('Error: ')
      await nothingStarted()
    })

    it('if the token expires before --min-ttl is over, or it is not known when: 1; so does auth:token', async () => {
      for (const [minutes, message] of [
        [25, 'Error: the token expires in 24 minutes, sooner than --min-ttl 30m Try this: heroku login'],
        [undefined, 'Error: it is not known when the token expires, as --min-ttl 30m requires Try this: heroku login'],
      ] as const) {
        await machine.reset()
        await loggedIn(ada, minutes)
        for (const args of [
          ['auth:exec', '--min-ttl', '30m', '--', ...touch],
          ['auth:exec', '--min-ttl=30m', '--account', ada, '--', ...touch],
          ['auth:token', '--min-ttl', '30m'],
        ]) {
          const {exitCode, stderr, stdout} = await machine.run(args)
          expect({exitCode, stdout, said: words(stderr)}).to.deep.equal({exitCode: 1, stdout: '', said: message})
        }
      }
      await nothingStarted()
      const known = await exec(['--min-ttl', '30m', '--', ...touch], {HEROKU_API_KEY: 'HRKU-a key of mine'})
      expect(known.exitCode).to.equal(1)
      expect((await exec(['--min-ttl', 'soon', '--', ...touch])).exitCode).to.equal(2)
      await nothingStarted()
    })
  })

  it('starts the command if the token lives longer than --min-ttl, and warns of one with under three days left', async () => {
    const DAY = 24 * 60
    const token = await loggedIn(ada, 3 * DAY - 5)
    const soon = await exec(['--min-ttl', '2d', ...printToken])
    expect(soon).to.deep.equal({
      exitCode: 0,
      stdout: `${token}\n`,
      stderr: `${machine.bin}: the token expires in 2 days; to renew it: heroku login\n`,
    })
    const later = await loggedIn(ada, 3 * DAY + 5)
    expect(await exec(['--min-ttl', '71h', ...printToken])).to.deep.equal({
      exitCode: 0,
      stdout: `${later}\n`,
      stderr: '',
    })
  })

  describe('passes', () => {
    beforeEach(() => loggedIn())

    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)
      it(`${signal} on to the command, and waits for it`, async () => {
        const program = started(['node', 'command.mjs'])
        await program.says('ready')
        program.signal(signal)
        await program.says(`${signal} after 0 SIGINT`)
        expect(await program.ended).to.equal(40 + constants.signals[signal])
      })

    it('no SIGINT on that it gets alone, and is not ended by it', async () => {
      const program = started(['node', 'command.mjs'])
      await program.says('ready')
      program.signal('SIGINT')
      // The kernel would have given the command this one after a SIGINT.
      program.signal('SIGTERM')
      await program.says('SIGTERM after 0 SIGINT')
      expect(await program.ended).to.equal(40 + constants.signals.SIGTERM)
    })
  })

  describe('at a terminal', () => {
    beforeEach(() => loggedIn())
    const command = ['auth:exec', '--', 'node', 'command.mjs']
    const parent = async () => Number(await machine.read('parent'))

    it('leaves Ctrl-C to the command, which gets it once, and waits for it', async () => {
      const session = await machine.inTerminal(command, [
        {expect: 'ready', send: keys.ctrlC},
        {expect: 'SIGINT 1', then: async () => process.kill(await parent(), 'SIGTERM')},
        {expect: 'SIGTERM after 1 SIGINT'},
      ])
      expect(session.exitCode).to.equal(40 + constants.signals.SIGTERM)
      expect(session.left).to.deep.equal([])
    })

    it('ends by SIGINT where Ctrl-C ended the command', async () => {
      const session = await machine.inTerminal(
        ['auth:exec', '--', 'sh', '-c', 'echo ready; exec cat'],
        [{expect: 'ready', send: keys.ctrlC}],
      )
      expect(session).to.include({exitCode: null, signal: 'SIGINT'})
      expect(session.left).to.deep.equal([])
    })

    it('ends with the command when the terminal is closed', async () => {
      const session = await machine.inTerminal(
        ['auth:exec', '--', 'sh', '-c', 'echo ready; exec cat'],
        [{expect: 'ready', signal: 'SIGHUP'}],
      )
      expect(session).to.include({exitCode: null, signal: 'SIGHUP'})
      expect(session.left).to.deep.equal([])
    })

    it('stops at Ctrl-Z, and goes on with fg', async () => {
      const session = await inTerminal('bash', ['--norc', '--noprofile', '-i'], {
        env: {...machine.env, PS1: 'prompt> '},
        cwd: machine.sandbox.home,
        steps: [
          {expect: 'prompt> ', send: `${machine.bin} ${command.join(' ')}${keys.enter}`},
          {expect: 'ready', send: CTRL_Z},
          {expect: /\[1\]\+\s+Stopped/u},
          {expect: 'prompt> ', send: `fg${keys.enter}`},
          {expect: `${machine.bin} auth:exec`, send: `on we go${keys.enter}`},
          {expect: 'read on we go', send: `end${keys.enter}`},
          {expect: 'prompt> ', send: `echo "status $?"; exit${keys.enter}`},
          {expect: /status \d/u},
        ],
      })
      expect(session.screen).to.match(/^status 5$/mu)
      expect(session.screen).not.to.include('SIGINT')
      expect(session.left).to.deep.equal([])
    })
  })
})
