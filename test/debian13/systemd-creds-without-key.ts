// systemd-creds of systemd 257 on a machine that has encrypted nothing yet, with a file of another machine: `npm run test:debian13`.
import {expect} from 'chai'
import {join} from 'node:path'
import {copyFileSync, mkdirSync} from 'node:fs'
import {openSystemdCreds} from '../../src/backends/systemd-creds.js'
import {run} from '../../src/process/run.js'
import {openSandbox, type Sandbox} from '../support/sandbox.js'
import {refusalOf} from '../support/thrown-by.js'

const {CREDENTIALS: credentials = ''} = process.env
const ada = 'ada@example.com'

describe('systemd-creds of Debian 13 without a key', () => {
  let sandbox: Sandbox
  before(() => {
    sandbox = openSandbox()
  })
  after(() => sandbox.close())

  it('decrypts no token of a file that was encrypted on another machine, and replaces it', async () => {
    const folder = join(sandbox.home, 'sealed')
    mkdirSync(folder)
    copyFileSync(join(credentials, 'other-machine.cred'), join(folder, `${ada}.cred`))
    const creds = openSystemdCreds({run, timeoutMs: 10_000, program: '/usr/bin/systemd-creds', folder})
    expect(await refusalOf(creds.get(ada))).to.include({
      problem: 'failed',
      message: 'the token was encrypted for another user or on another machine',
      hint: 'heroku login',
    })
    await creds.set({account: ada, token: 'HRKU-new'})
    expect(await creds.get(ada)).to.equal('HRKU-new')
  })
})
