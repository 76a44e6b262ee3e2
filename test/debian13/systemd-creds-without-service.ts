// systemd-creds of systemd 257 where systemd's credential service does not run, as in a container: `npm run test:debian13`.
import {expect} from 'chai'
import {existsSync, mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {openSystemdCreds} from '../../src/backends/systemd-creds.js'
import {findSystemdCreds} from '../../src/backends/systemd-creds-available.js'
import {run} from '../../src/process/run.js'
import {openSandbox, type Sandbox} from '../support/sandbox.js'
import {refusalOf} from '../support/thrown-by.js'

const program = '/usr/bin/systemd-creds'
const ada = 'ada@example.com'

describe('systemd-creds of Debian 13 without its service', () => {
  let sandbox: Sandbox
  beforeEach(() => {
    sandbox = openSandbox()
  })
  afterEach(() => sandbox.close())

  const open = () => openSystemdCreds({run, timeoutMs: 10_000, program, folder: join(sandbox.home, 'sealed')})
  const unavailable = {
    problem: 'unavailable',
    message: "systemd-creds cannot reach systemd's credential service",
    hint: 'sudo systemctl start systemd-creds.socket',
  }

  it('is not found', () => {
    expect(findSystemdCreds(process.env)).to.deep.equal({missing: 'systemd 256 or later is not running'})
  })

  it('is unavailable, and stores nothing', async () => {
    expect(await refusalOf(open().set({account: ada, token: 'HRKU-1'}))).to.include(unavailable)
    expect(existsSync(join(sandbox.home, 'sealed'))).to.equal(false)
  })

  it('is unavailable, and not empty, if there is a file', async () => {
    mkdirSync(join(sandbox.home, 'sealed'))
    writeFileSync(join(sandbox.home, 'sealed', `${ada}.cred`), 'x'.repeat(200))
    expect(await refusalOf(open().get(ada))).to.include(unavailable)
  })
})
