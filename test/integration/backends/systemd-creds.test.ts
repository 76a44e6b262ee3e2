// What the real systemd-creds cannot be made to do; test/debian13 has the contract and the other outcomes, on the real one.
import {expect} from 'chai'
import {chmodSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {join} from 'node:path'
import {openSystemdCreds} from '../../../src/backends/systemd-creds.js'
import {findSystemdCreds} from '../../../src/backends/systemd-creds-available.js'
import type {RunTool} from '../../../src/process/run.js'
import {runIn} from '../../support/run-in.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'
import {refusalOf} from '../../support/thrown-by.js'

const ada = 'ada@example.com'
const token = 'HRKU-0123-the-token'

describe('systemd-creds with a stand-in for the program', () => {
  let sandbox: Sandbox
  let folder: string
  let calls: Parameters<RunTool>[]

  beforeEach(() => {
    sandbox = openSandbox()
    folder = join(sandbox.home, 'data', 'sealed')
    calls = []
  })
  afterEach(() => sandbox.close())

  const ENCRYPT = 'base64'
  const DECRYPT = 'base64 --decode'

  /** @param encrypt, decrypt shell commands, from stdin to stdout */
  const open = ({encrypt = ENCRYPT, decrypt = DECRYPT, timeoutMs = 10_000} = {}) => {
    const program = join(sandbox.bin, 'systemd-creds')
    writeFileSync(program, `#!/bin/sh\ncase $1 in encrypt) ${encrypt};; decrypt) ${decrypt};; esac\n`, {mode: 0o755})
    return openSystemdCreds({run: runIn(sandbox.env, calls), timeoutMs, program, folder})
  }
  const failing = (message: string) => `cat >/dev/null; echo "${message}" >&2; exit 1`

  for (const [what, message, expected, hint] of [
    [
      'the service cannot be reached',
      'Failed to connect to io.systemd.Credentials: Connection refused',
      "unavailable: systemd-creds cannot reach systemd's credential service",
      'sudo systemctl start systemd-creds.socket',
    ],
    [
      'it is older than 256',
      "systemd-creds: unrecognized option '--user'",
      'unavailable: systemd-creds needs systemd 256 or later',
      'heroku login --store pass',
    ],
    [
      'it fails for another reason',
      'Failed to decrypt: io.systemd.Credentials.TPMInDictionaryLockout',
      'failed: systemd-creds could not decrypt the token (exit 1)',
      'heroku login',
    ],
  ] as const)
    it(`reports "${expected}" if ${what}`, async () => {
      await open().set({account: ada, token})
      const error = await refusalOf(open({decrypt: failing(message)}).get(ada))
      expect(`${error.problem}: ${error.message}`).to.equal(expected)
      expect(error.hint).to.equal(hint)
    })

  it('is timed-out if there is no answer', async () => {
    expect(await refusalOf(open({encrypt: 'sleep 100', timeoutMs: 300}).set({account: ada, token}))).to.include({
      problem: 'timed-out',
    })
  })

  for (const [what, broken, message] of [
    ['the token cannot be encrypted', {encrypt: failing('x')}, 'systemd-creds could not encrypt the token (exit 1)'],
    [
      'what was encrypted cannot be decrypted',
      {decrypt: failing('x')},
      'systemd-creds could not decrypt the token (exit 1)',
    ],
    [
      'what was encrypted is another token',
      {encrypt: 'cat >/dev/null; echo aaaa'},
      'systemd-creds did not keep the token as it was stored',
    ],
  ] as const)
    it(`keeps the old token if ${what}`, async () => {
      await open().set({account: ada, token})
      const error = await refusalOf(open(broken).set({account: ada, token: 'HRKU-new'}))
      expect(`${error.problem}: ${error.message}`).to.equal(`failed: ${message}`)
      expect(await open().get(ada)).to.equal(token)
      expect(readdirSync(folder)).to.deep.equal([`${ada}.cred`])
    })

  it('calls the program with the hash of the account, and keeps the token out of arguments and environment', async () => {
    const creds = open()
    await creds.set({account: ada, token})
    await creds.get(ada)
    const name = '--name=heroku-cli-b5fc85e55755f9e0d030a10ab4429b6b'
    expect(calls.map(([, args]) => args.join(' '))).to.deep.equal([
      `encrypt --user ${name} - -`,
      `decrypt --user ${name} --newline=no - -`,
      `decrypt --user ${name} --newline=no - -`,
    ])
    const seen = calls.flatMap(([file, args, {env}]) => [file, ...args, JSON.stringify(env)])
    expect(seen.filter((word) => word.includes(token))).to.deep.equal([])
  })

  it('sees the messages of systemd-creds whatever the user logs', async () => {
    const program = open({decrypt: '[ "$SYSTEMD_LOG_LEVEL,$SYSTEMD_LOG_TARGET" = err,console ] && base64 --decode'})
    const env = {...sandbox.env, SYSTEMD_LOG_LEVEL: 'emerg', SYSTEMD_LOG_TARGET: 'null'}
    await program.set({account: ada, token})
    const path = join(sandbox.bin, 'systemd-creds')
    expect(await openSystemdCreds({run: runIn(env), timeoutMs: 10_000, program: path, folder}).get(ada)).to.equal(token)
  })

  it('removes what a save that was killed a minute ago has left', async () => {
    const creds = open()
    await creds.set({account: ada, token})
    const leftover = join(folder, `${ada}.cred.heroku-keychain-1.tmp`)
    writeFileSync(leftover, 'x')
    utimesSync(leftover, 0, 0)
    expect(await creds.remove(ada)).to.equal(true)
    expect(readdirSync(folder)).to.deep.equal([])
  })

  it('creates a folder and files that only the user can read', async () => {
    await open().set({account: ada, token})
    const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)
    expect([modeOf(folder), modeOf(join(folder, `${ada}.cred`))]).to.deep.equal(['700', '600'])
  })

  it('starts no program for an absent token, to remove one and to list the accounts', async () => {
    const creds = open()
    expect(await creds.get(ada)).to.equal(undefined)
    expect(await creds.accounts()).to.deep.equal([])
    expect(await creds.remove(ada)).to.equal(false)
    mkdirSync(folder, {recursive: true})
    for (const name of [
      `${ada}.cred`,
      '%2Deve.cred',
      'bad%name.cred',
      '.cred',
      'eve.txt',
      `${ada}.cred.heroku-keychain-1.tmp`,
    ])
      writeFileSync(join(folder, name), 'x')
    expect((await creds.accounts()).sort()).to.deep.equal(['-eve', ada])
    expect(await creds.remove(ada)).to.equal(true)
    expect(await creds.accounts()).to.deep.equal(['-eve'])
    expect(calls).to.deep.equal([])
  })

  it('reports a file that is a folder, and a folder that is a file', async () => {
    mkdirSync(join(folder, `${ada}.cred`), {recursive: true})
    expect(await refusalOf(open().get(ada))).to.include({problem: 'failed'})
    expect(await refusalOf(open().remove(ada)))
      .to.have.property('message')
      .that.includes('could not remove')
    folder = join(sandbox.home, 'file')
    writeFileSync(folder, '')
    expect(await refusalOf(open().accounts())).to.include({problem: 'failed'})
    expect(await refusalOf(open().set({account: ada, token})))
      .to.have.property('message')
      .that.includes('could not write')
  })

  it('refuses an account whose name is too long for a file', async () => {
    expect(await refusalOf(open().set({account: `${'a'.repeat(240)}@example.com`, token}))).to.include({
      problem: 'refused',
    })
    expect(calls).to.deep.equal([])
  })

  describe('on this machine', () => {
    it('is found if the program and the socket are there', async () => {
      open()
      const socket = join(sandbox.root, 'socket')
      const server = createServer().listen(socket)
      await new Promise((resolve) => server.once('listening', resolve))
      try {
        expect(findSystemdCreds(sandbox.env, socket)).to.deep.equal({program: join(sandbox.bin, 'systemd-creds')})
      } finally {
        await new Promise((resolve) => server.close(resolve))
      }
    })

    it('is missing without the socket', () => {
      open()
      const missing = {missing: 'systemd 256 or later is not running'}
      expect(findSystemdCreds(sandbox.env, join(sandbox.root, 'socket'))).to.deep.equal(missing)
      writeFileSync(join(sandbox.root, 'socket'), '')
      expect(findSystemdCreds(sandbox.env, join(sandbox.root, 'socket'))).to.deep.equal(missing)
      expect(findSystemdCreds(sandbox.env, join(sandbox.root, 'socket', 'x'))).to.deep.equal(missing)
    })

    it('is missing without the program', () => {
      open()
      chmodSync(join(sandbox.bin, 'systemd-creds'), 0o644)
      expect(findSystemdCreds({PATH: sandbox.bin}, '/')).to.deep.equal({missing: 'systemd-creds is not installed'})
    })
  })
})
