import {expect} from 'chai'
import {randomUUID} from 'node:crypto'
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import type {Backend} from '../../../src/backends/backend.js'
import {StorageError} from '../../../src/errors.js'
import {openMacosKeychain} from '../../../src/backends/macos-keychain.js'
import {addCommand, LONGEST_LINE_BYTES} from '../../../src/backends/macos-security.js'
import {type RunTool, run} from '../../../src/process/run.js'
import {describeKeychain} from '../../contract/keychain-contract.js'
import type {Item} from '../../fixtures/macos/security-language.mjs'

const FAKE = fileURLToPath(new URL('../../fixtures/fake-security.mjs', import.meta.url))
const ACCOUNT = 'ada@example.com'
const UNLOCK = 'security unlock-keychain ~/Library/Keychains/login.keychain-db'

interface SecurityCall {
  argv: string[]
  env: Record<string, string>
  stdin: string
}

const bytes = (text: string) => Buffer.from(text).toString('latin1')
const entry = (account: string | undefined, secret: string, service = 'heroku-cli'): Item => ({
  itemClass: 'genp',
  attributes: {...(account === undefined ? {} : {acct: bytes(account)}), svce: service, '\0\0\0\x07': service},
  secret: bytes(secret),
})

const longestToken = (account: string) =>
  Math.floor((LONGEST_LINE_BYTES - Buffer.byteLength(addCommand({account, token: ''}))) / 2)

// Two keychains: the user's, which is the default, and a later one of the search list.
class FakeMac {
  private constructor(private readonly home: string) {}

  static async make(): Promise<FakeMac> {
    const mac = new FakeMac(await mkdtemp(join(tmpdir(), 'fake-security-')))
    await mac.holds([])
    return mac
  }

  remove = () => rm(this.home, {recursive: true})

  async holds(login: Item[], behind: Item[] = [], defaultKeychain: number | null = 0): Promise<void> {
    const keychains = [
      {path: '/Users/ada/Library/Keychains/login.keychain-db', items: login},
      {path: '/Library/Keychains/System.keychain', items: behind},
    ]
    await writeFile(join(this.home, 'keychains.json'), JSON.stringify({keychains, defaultKeychain}))
    await writeFile(join(this.home, 'calls.jsonl'), '')
  }

  async secrets(): Promise<string[]> {
    const world = JSON.parse(await readFile(join(this.home, 'keychains.json'), 'utf8')) as {
      keychains: {items: Item[]}[]
    }
    return world.keychains.flatMap(({items}) => items.map(({secret}) => secret))
  }

  async calls(): Promise<SecurityCall[]> {
    const lines = (await readFile(join(this.home, 'calls.jsonl'), 'utf8')).trimEnd().split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as SecurityCall)
  }

  open(faults = '', timeoutMs = 10_000): Backend {
    // Node 20 reads NODE_EXTRA_CA_CERTS at every start, which more than doubles the time of a call.
    const env = {FAKE_SECURITY_HOME: this.home, FAKE_SECURITY_FAULTS: faults, NODE_EXTRA_CA_CERTS: undefined}
    const runHere: RunTool = (file, args, options) => run(file, args, {...options, env: {...options.env, ...env}})
    return openMacosKeychain({run: runHere, timeoutMs, program: FAKE})
  }
}

async function failureOf(action: Promise<unknown>): Promise<StorageError> {
  const error: unknown = await action.then(
    (value) => expect.fail(`nothing was thrown, but ${String(value)} answered`),
    (error: unknown) => error,
  )
  expect(error).to.be.instanceOf(StorageError)
  return error as StorageError
}

/** Runs all at once: each starts processes, and the order does not matter. */
const failuresOf = (actions: Promise<unknown>[]) => Promise.all(actions.map((action) => failureOf(action)))

describe('macos-keychain', () => {
  let mac: FakeMac

  beforeEach(async () => {
    mac = await FakeMac.make()
  })

  afterEach(() => mac.remove())

  describeKeychain('macos-keychain (fake security)', () => Promise.resolve(mac.open()), {
    longestToken,
  })

  it("calls the system's security by its absolute path, with an account that begins with a dash", async () => {
    const called: unknown[] = []
    const absent: RunTool = (file, args) => {
      called.push([file, ...args])
      return Promise.resolve({status: 'exited', code: 44, stdout: '', stderr: ''})
    }

    const keychain = openMacosKeychain({run: absent, timeoutMs: 1000})
    expect(keychain.name).to.equal('macos-keychain')
    expect(await keychain.get('-w@example.com')).to.equal(undefined)
    expect(called).to.deep.equal([
      ['/usr/bin/security', 'find-generic-password', '-s', 'heroku-cli', '-a', '-w@example.com', '-w'],
    ])
  })

  it('stores with one line on stdin, and reads back', async () => {
    await mac.open().set({account: ACCOUNT, token: 'HRKU-1'})
    const calls = (await mac.calls()).map(({argv, stdin}) => ({argv, stdin}))
    expect(calls).to.deep.equal([
      {
        argv: ['-i'],
        stdin: 'add-generic-password -U -s "heroku-cli" -a "ada@example.com" -X 48524b552d31\n',
      },
      {argv: ['find-generic-password', '-s', 'heroku-cli', '-a', ACCOUNT, '-w'], stdin: ''},
    ])
  })

  it('keeps the token out of the arguments and the environment, in plain text, hexadecimal and base64', async () => {
    const token = `HRKU-${randomUUID()}`
    const keychain = mac.open()
    await keychain.set({account: ACCOUNT, token})
    await keychain.get(ACCOUNT)
    await keychain.accounts()
    await keychain.remove(ACCOUNT)

    const calls = await mac.calls()
    expect(calls).to.have.lengthOf(7)
    const visible = JSON.stringify(calls.map(({argv, env}) => ({argv, env})))
    const buffer = Buffer.from(token)
    for (const form of [token, buffer.toString('hex'), buffer.toString('base64').replace(/=+$/u, '')])
      expect(visible.toLowerCase()).not.to.include(form.toLowerCase())
  })

  it('refuses a token with too many bytes, and starts nothing', async () => {
    const account = `${'ł'.repeat(100)}@example.com`
    const token = 'x'.repeat(longestToken(account) + 1)
    const error = await failureOf(mac.open().set({account, token}))
    expect(error).to.include({problem: 'refused', hint: 'set HEROKU_NETRC_WRITE=true to use ~/.netrc'})
    expect(await mac.calls()).to.deep.equal([])
  })

  it('shows no prompt while it lists accounts, and dumps nothing if there is none', async () => {
    await mac.holds([entry('someone', 'secret', 'another-service')])
    expect(await mac.open().accounts()).to.deep.equal([])
    expect((await mac.calls()).map(({argv}) => argv)).to.deep.equal([['find-generic-password', '-s', 'heroku-cli']])
  })

  it('lists an account of two keychains once, and leaves out names that are not valid', async () => {
    await mac.holds(
      [entry(ACCOUNT, 'HRKU-1'), entry(undefined, 'x'), entry('', 'x'), entry('a\nb', 'x'), entry('łu@x.pl', 'HRKU-2')],
      [entry(ACCOUNT, 'HRKU-old')],
    )
    expect(await mac.open().accounts()).to.have.members([ACCOUNT, 'łu@x.pl'])
    expect((await mac.calls()).map(({argv}) => argv)).to.deep.equal([
      ['find-generic-password', '-s', 'heroku-cli'],
      ['dump-keychain'],
    ])
  })

  it('removes all copies from all keychains, and nothing else', async () => {
    const others = [entry('other@example.com', 'HRKU-2'), entry(ACCOUNT, 'HRKU-3', 'heroku-cli2')]
    await mac.holds([entry(ACCOUNT, 'HRKU-1'), ...others], [entry(ACCOUNT, 'HRKU-old')])
    expect(await mac.open().remove(ACCOUNT)).to.equal(true)
    expect(await mac.open().get(ACCOUNT)).to.equal(undefined)
    expect(await mac.secrets()).to.deep.equal(['HRKU-2', 'HRKU-3'])
  })

  it("reads an item that the Heroku CLI's credential manager stored", async () => {
    await mac.holds([entry(ACCOUNT, 'HRKU-of-the-cli')])
    expect(await mac.open().get(ACCOUNT)).to.equal('HRKU-of-the-cli')
  })

  describe('on a failure', () => {
    const statuses = {
      locked: {osStatus: -25308, problem: 'locked'},
      'in need of a dialog': {osStatus: -25315, problem: 'locked'},
      'in dark wake': {osStatus: -25320, problem: 'locked'},
      denied: {osStatus: -25293, problem: 'denied'},
      cancelled: {osStatus: -128, problem: 'denied'},
      'read-only': {osStatus: -25292, problem: 'denied'},
      'without a default keychain': {osStatus: -25307, problem: 'unavailable'},
      'without any keychain': {osStatus: -25291, problem: 'unavailable'},
      broken: {osStatus: -2070, problem: 'failed'},
    }
    for (const [what, {osStatus, problem}] of Object.entries(statuses)) {
      it(`fails as '${problem}' in every method while it is ${what}, with a hint, and loses nothing`, async () => {
        await mac.holds([entry(ACCOUNT, 'HRKU-1')])
        const keychain = mac.open(`status=${osStatus}`)
        const fresh = {account: 'new@example.com', token: 'HRKU-2'}
        const actions = [keychain.get(ACCOUNT), keychain.remove(ACCOUNT), keychain.set(fresh)]
        for (const error of await failuresOf(actions)) {
          expect(error.problem).to.equal(problem)
          expect(error.hint).to.match(/\S/u)
          if (problem === 'locked') expect(error.hint).to.equal(`unlock it: ${UNLOCK}`)
        }

        expect(await mac.secrets()).to.deep.equal(['HRKU-1'])
      })
    }

    it('lists the accounts while it is locked, since their names are readable', async () => {
      await mac.holds([entry(ACCOUNT, 'HRKU-1')])
      expect(await mac.open('status=-25308').accounts()).to.deep.equal([ACCOUNT])
    })

    it('fails if an update is refused, which macOS reports as a duplicate, and keeps the old token', async () => {
      await mac.holds([entry(ACCOUNT, 'HRKU-old')])
      const error = await failureOf(mac.open('refused-update').set({account: ACCOUNT, token: 'HRKU-new'}))
      expect(error).to.include({
        problem: 'failed',
        message: 'the macOS keychain refused to replace the token that it holds',
        hint: 'delete the entry "heroku-cli" in Keychain Access, then log in again: heroku login',
      })
      expect(await mac.open().get(ACCOUNT)).to.equal('HRKU-old')
    })

    it('fails if a refused update made a second item that is never found', async () => {
      await mac.holds([entry(ACCOUNT, 'HRKU-old')], [], 1)
      const error = await failureOf(mac.open('refused-update').set({account: ACCOUNT, token: 'HRKU-new'}))
      expect(error.problem).to.equal('failed')
    })

    it('is unavailable if there is no keychain for a new token', async () => {
      await mac.holds([], [], null)
      const error = await failureOf(mac.open().set({account: ACCOUNT, token: 'HRKU-1'}))
      expect(error).to.include({problem: 'unavailable', message: 'there is no default macOS keychain'})
      expect(error.hint).to.include('HEROKU_NETRC_WRITE=true')
    })

    it('is unavailable, and not empty, if no search can start', async () => {
      const keychain = mac.open('failed-search')
      for (const error of await failuresOf([keychain.get(ACCOUNT), keychain.remove(ACCOUNT), keychain.accounts()]))
        expect(error.problem).to.equal('unavailable')
    })

    it('fails if the token was not kept', async () => {
      const error = await failureOf(mac.open('dropped-write').set({account: ACCOUNT, token: 'HRKU-1'}))
      expect(error).to.include({
        problem: 'failed',
        message: 'the macOS keychain did not keep the token as it was stored',
      })
    })

    it('fails if the read-back does not match', async () => {
      const error = await failureOf(mac.open('wrong-token').set({account: ACCOUNT, token: 'HRKU-1'}))
      expect(error.problem).to.equal('failed')
    })

    it('fails if an item cannot be removed, after a bounded number of tries', async () => {
      await mac.holds([entry(ACCOUNT, 'HRKU-1')])
      const error = await failureOf(mac.open('dropped-write').remove(ACCOUNT))
      expect(error).to.include({
        problem: 'failed',
        message: 'the macOS keychain still holds the token after it was removed',
      })
      expect(await mac.calls()).to.have.lengthOf(20)
    })

    it('fails for an empty secret', async () => {
      await mac.holds([entry(ACCOUNT, '')])
      expect((await failureOf(mac.open().get(ACCOUNT))).problem).to.equal('failed')
    })

    it('fails for truncated output', async () => {
      await mac.holds([entry(ACCOUNT, 'HRKU-1')])
      expect((await failureOf(mac.open('cut-short').get(ACCOUNT))).problem).to.equal('failed')
    })

    it('fails for invalid output, and repeats none of it', async () => {
      await mac.holds([entry(ACCOUNT, 'HRKU-1')])
      const keychain = mac.open('garbage')
      const actions = [
        keychain.get(ACCOUNT),
        keychain.set({account: ACCOUNT, token: 'HRKU-2'}),
        keychain.remove(ACCOUNT),
        keychain.accounts(),
      ]
      for (const error of await failuresOf(actions)) {
        expect(error.problem).to.equal('failed')
        expect(`${error.message}${error.hint ?? ''}`).to.match(/^[ -~]+$/u)
      }
    })

    it('fails for a truncated list', async () => {
      await mac.holds([entry(ACCOUNT, 'HRKU-1')])
      const error = await failureOf(mac.open('failed-dump').accounts())
      expect(error).to.include({problem: 'failed', message: 'security could not list the accounts (exit 1)'})
    })

    it('fails for an endless list, with a hint', async () => {
      await mac.holds([entry(ACCOUNT, 'HRKU-1')])
      const error = await failureOf(mac.open('flood').accounts())
      expect(error.problem).to.equal('failed')
      expect(error.hint).to.include('Keychain Access')
    })

    it('repeats no output of a failed write, which can contain the token', async () => {
      const token = `HRKU-${randomUUID()}`
      const error = await failureOf(mac.open('telltale').set({account: ACCOUNT, token}))
      const {problem, message, hint, cause} = error
      expect({problem, message, hint, cause}).to.deep.equal({
        problem: 'failed',
        message: 'security could not store the token (exit 1)',
        hint: 'look at the entry "heroku-cli" in Keychain Access, or set HEROKU_NETRC_WRITE=true to use ~/.netrc',
        cause: undefined,
      })
      expect(error.stack).not.to.include(Buffer.from(token).toString('hex'))
    })

    it('times out if a dialog is never answered, with a hint', async () => {
      const keychain = mac.open('hang', 500)
      const began = performance.now()
      const actions = [
        keychain.get(ACCOUNT),
        keychain.set({account: ACCOUNT, token: 'HRKU-1'}),
        keychain.remove(ACCOUNT),
        keychain.accounts(),
      ]
      for (const error of await failuresOf(actions)) {
        expect(error).to.include({problem: 'timed-out', message: 'the macOS keychain did not answer within 0.5 s'})
        expect(error.hint).to.include(UNLOCK)
      }

      expect(performance.now() - began).to.be.within(450, 2500)
    })

    it('is unavailable without security, with a hint', async () => {
      const keychain = openMacosKeychain({run, timeoutMs: 5000, program: '/nowhere/security'})
      const error = await failureOf(keychain.get(ACCOUNT))
      expect(error.problem).to.equal('unavailable')
      expect(error.hint).to.include('HEROKU_NETRC_WRITE=true')
    })
  })
})
