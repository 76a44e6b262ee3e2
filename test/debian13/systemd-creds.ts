// systemd-creds of systemd 257, as an ordinary user: `npm run test:debian13`, whose script starts systemd's credential service and
// makes the files of another user and of another machine.
import {expect} from 'chai'
import {copyFileSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Backend} from '../../src/backends/backend.js'
import {openSystemdCreds} from '../../src/backends/systemd-creds.js'
import {findSystemdCreds} from '../../src/backends/systemd-creds-available.js'
import {run} from '../../src/process/run.js'
import {spawnTool} from '../../src/process/spawn.js'
import {describeKeychain} from '../contract/keychain-contract.js'
import {openSandbox, type Sandbox} from '../support/sandbox.js'
import {refusalOf} from '../support/thrown-by.js'

const {CREDENTIALS: credentials = ''} = process.env
const program = '/usr/bin/systemd-creds'
const ada = 'ada@example.com'
const eve = 'eve@example.com'
const token = 'HRKU-0123-the-token'

describe('systemd-creds of Debian 13', () => {
  let sandbox: Sandbox
  let folder: string
  let creds: Backend
  const pathOf = (account: string) => join(folder, `${account}.cred`)

  before(() => {
    expect(process.getuid?.(), 'an ordinary user').to.be.greaterThan(0)
  })
  beforeEach(() => {
    sandbox = openSandbox()
    folder = join(sandbox.home, 'sealed')
    creds = openSystemdCreds({run, timeoutMs: 10_000, program, folder})
  })
  afterEach(() => sandbox.close())

  describe('in one folder', () => {
    let shared: Sandbox
    before(() => {
      shared = openSandbox()
    })
    after(() => shared.close())

    const open = () =>
      Promise.resolve(
        openSystemdCreds({run: spawnTool, timeoutMs: 10_000, program, folder: join(shared.home, 'sealed')}),
      )
    describeKeychain('systemd-creds', open, {longestToken: () => 8192})
  })

  it('is found', () => {
    expect(findSystemdCreds(process.env)).to.deep.equal({program})
  })

  it('stores the token encrypted', async () => {
    await creds.set({account: ada, token})
    const text = readFileSync(pathOf(ada), 'utf8')
    const bytes = Buffer.from(text, 'base64').toString('latin1')
    expect(text).not.to.include(token)
    expect(bytes).not.to.include(token)
    expect(bytes.length).to.be.greaterThan(token.length)
    expect(await creds.get(ada)).to.equal(token)
  })

  const plant = (account: string, content: string) => {
    mkdirSync(folder, {recursive: true})
    writeFileSync(pathOf(account), content)
  }

  const OTHERS = 'failed: the token was encrypted for another user or on another machine'
  for (const [what, prepare, expected] of [
    [
      "another account's file",
      async () => {
        await creds.set({account: eve, token})
        copyFileSync(pathOf(eve), pathOf(ada))
      },
      'failed: the token was encrypted for another account',
    ],
    [
      "another user's file",
      () => {
        plant(ada, readFileSync(join(credentials, 'other-user.cred'), 'utf8'))
      },
      OTHERS,
    ],
    [
      'an empty file',
      () => {
        plant(ada, '')
      },
      OTHERS,
    ],
    [
      'a file with other data',
      () => {
        plant(ada, Buffer.from('other data').toString('base64'))
      },
      OTHERS,
    ],
    [
      'a file that is not base64',
      () => {
        plant(ada, 'not base64!')
      },
      'failed: systemd-creds could not decrypt the token (exit 1)',
    ],
    [
      'a file that was encrypted on another machine',
      () => {
        plant(ada, readFileSync(join(credentials, 'other-machine.cred'), 'utf8'))
      },
      OTHERS,
    ],
  ] as const)
    it(`decrypts no token of ${what}, and replaces it`, async () => {
      await prepare()
      const error = await refusalOf(creds.get(ada))
      expect(`${error.problem}: ${error.message}`).to.equal(expected)
      expect(error.hint).to.equal('heroku login')
      await creds.set({account: ada, token: 'HRKU-new'})
      expect(await creds.get(ada)).to.equal('HRKU-new')
    })
})
