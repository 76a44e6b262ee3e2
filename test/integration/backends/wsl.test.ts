// The Windows password vault from WSL, with drives and a PowerShell that only look like those of Windows.
import {expect} from 'chai'
import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {openWindowsVault} from '../../../src/backends/windows-vault.js'
import {findWindows, FROM_WSL_MS} from '../../../src/backends/wsl.js'
import {run} from '../../../src/process/run.js'
import {describeKeychain} from '../../contract/keychain-contract.js'
import {type FakePowershell, installFakePowershell, runInThread} from '../../fixtures/windows/fake-powershell.js'
import {runIn} from '../../support/run-in.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'
import {refusalOf} from '../../support/thrown-by.js'

const POWERSHELL = 'Windows/System32/WindowsPowerShell/v1.0/powershell.exe'
const ada = 'ada@example.com'
const token = 'HRKU-0123-the-token'
const inWsl = {WSL_DISTRO_NAME: 'Debian'}

describe('Windows from WSL', () => {
  let sandbox: Sandbox
  let drive: string
  let fake: FakePowershell

  beforeEach(() => {
    sandbox = openSandbox()
    drive = join(sandbox.root, 'c')
    fake = installFakePowershell()
  })
  afterEach(async () => {
    fake.uninstall()
    await sandbox.close()
  })

  const addPowershell = (folder: string) => {
    mkdirSync(dirname(join(folder, POWERSHELL)), {recursive: true})
    symlinkSync(fake.program, join(folder, POWERSHELL))
    return {drive: folder, program: join(folder, POWERSHELL)}
  }

  /** A line of /proc/self/mounts. */
  const mount = (folder: string, {type = '9p', source = 'C:\\134', options = 'rw,noatime'} = {}) =>
    `${source} ${folder.replaceAll(' ', '\\040')} ${type} ${options} 0 0\n`
  const OTHERS =
    'proc /proc proc rw 0 0\nC:\\134 /none ext4 rw 0 0\nnone /usr/lib/wsl/drivers 9p ro,aname=drivers 0 0\n'

  describe('is found', () => {
    const lines = {
      'on WSL 2': () => mount(drive, {options: 'rw,dirsync,aname=drvfs;path=C:\\134;uid=1000;gid=1000,trans=fd,rfd=5'}),
      'on WSL 1': () => mount(drive, {type: 'drvfs', options: 'rw,noatime,uid=1000,gid=1000,case=off'}),
      'without a backslash': () => mount(drive, {source: 'C:', type: 'drvfs'}),
      'by its source alone': () => mount(drive),
      'by an option alone': () => mount(drive, {source: 'drvfs', options: 'rw,aname=drvfs;path=C:\\;uid=1000'}),
      'on virtiofs': () => mount(drive, {source: 'drvfsC1', type: 'virtiofs', options: 'rw,path=C:\\134'}),
      'after another drive': () => mount(sandbox.home, {source: 'D:\\134'}) + mount(drive),
      'with a drive letter in lower case': () => mount(drive, {source: 'c:\\134'}),
    }
    for (const [what, lineOf] of Object.entries(lines))
      it(what, () => {
        const windows = addPowershell(drive)
        expect(findWindows(inWsl, OTHERS + lineOf())).to.deep.equal(windows)
      })

    it('in a folder with a blank', () => {
      const windows = addPowershell(join(sandbox.root, 'my drive'))
      expect(findWindows({WSL_INTEROP: '/run/WSL/1_interop'}, OTHERS + mount(windows.drive))).to.deep.equal(windows)
    })
  })

  describe('is not found', () => {
    const lines = {
      'on another file system': () => mount(drive, {type: 'ext4'}),
      "in a folder of Windows' drive": () => mount(drive, {source: 'C:\\134Users'}),
      "in a folder of Windows' drive, by an option": () => mount(drive, {source: 'x', options: 'path=C:\\134Users'}),
      'in a share of a container': () => mount(drive, {source: 'share', options: 'rw,trans=virtio'}),
      'on a line that is cut short': () => 'C:\\134',
      'without mounts': () => '',
    }
    for (const [what, lineOf] of Object.entries(lines))
      it(what, () => {
        addPowershell(drive)
        expect(findWindows(inWsl, OTHERS + lineOf())).to.equal(undefined)
      })

    it('outside of WSL', () => {
      addPowershell(drive)
      for (const env of [{}, {WSL_DISTRO_NAME: '', WSL_INTEROP: ''}])
        expect(findWindows(env, mount(drive))).to.equal(undefined)
    })

    it('without PowerShell on the drive', () => {
      expect(findWindows(inWsl, mount(drive))).to.equal(undefined)
      mkdirSync(join(drive, POWERSHELL), {recursive: true})
      expect(findWindows(inWsl, mount(drive)), 'a folder').to.equal(undefined)
    })

    it('if the mounts of this process have no such drive', () => {
      expect(findWindows(inWsl)?.drive).not.to.equal(drive)
    })
  })

  const open = (tool = run, timeoutMs = FROM_WSL_MS) =>
    openWindowsVault({run: tool, timeoutMs, env: sandbox.env, ...addPowershell(drive)})

  describe('has the vault', () => {
    const shared = installFakePowershell()
    after(shared.uninstall)
    const openShared = () =>
      Promise.resolve(openWindowsVault({run: runInThread, timeoutMs: FROM_WSL_MS, drive: '/', program: shared.program}))
    describeKeychain('windows-vault from WSL', openShared, {longestToken: () => 512})

    it('and runs PowerShell in the root of its drive, with the constant script, and without WSLENV', async () => {
      const env = {...sandbox.env, WSLENV: 'HEROKU_DEBUG:PATH/l', WSL_DISTRO_NAME: 'Debian'}
      const vault = open(runIn(env))
      await vault.set({account: ada, token})
      expect(await vault.get(ada)).to.equal(token)
      expect(await vault.remove(ada)).to.equal(true)
      const calls = fake.calls()
      expect(calls.map(({cwd}) => cwd)).to.deep.equal([drive, drive, drive])
      expect(calls.map(({env}) => 'WSLENV' in env)).to.deep.equal([false, false, false])
      expect(calls.every(({env}) => env.WSL_DISTRO_NAME === 'Debian')).to.equal(true)
      const words = calls.flatMap(({args, env}) => [...args, ...Object.values(env)])
      expect(words.filter((word) => word.includes(token))).to.deep.equal([])
    })
  })

  describe('is unavailable', () => {
    /** A relay that fails. */
    const failing = (script: string) => {
      const vault = open()
      fake.uninstall()
      mkdirSync(dirname(fake.program), {recursive: true})
      writeFileSync(fake.program, script, {mode: 0o755})
      return vault
    }
    const unreachable = {
      problem: 'unavailable',
      message: 'cannot reach Windows from this WSL',
      hint: 'try again in a new WSL terminal, or run: wsl.exe --shutdown',
    }

    for (const [what, script] of [
      [
        'the interoperability is disabled',
        '#!/bin/sh\necho "<3>WSL (1) ERROR: UtilAcceptVsock:250: accept4 failed 110" >&2; exit 1\n',
      ],
      [
        'WSL_INTEROP is stale',
        '#!/bin/sh\necho "<3>WSL (1) ERROR: UtilConnectToInteropServer:300: connect failed 2" >&2; exit 1\n',
      ],
      ['the relay says nothing', '#!/bin/sh\nexit 1\n'],
      ["Linux does not know Windows' programs, and a shell reads them", 'MZ\u0090\u0000\u0003\n\u0004(\n(\n'],
    ] as const)
      it(`if ${what}`, async () => {
        const vault = failing(script)
        expect(await refusalOf(vault.get(ada))).to.include(unreachable)
        expect(await refusalOf(vault.set({account: ada, token}))).to.include(unreachable)
      })

    it('if PowerShell is gone', async () => {
      const vault = open()
      fake.uninstall()
      expect(await refusalOf(vault.get(ada))).to.include({problem: 'unavailable'})
    })
  })

  it('is denied, and not unavailable, if a policy restricts PowerShell', async () => {
    fake.plan({exitCode: 77})
    expect(await refusalOf(open().get(ada))).to.include({problem: 'denied'})
  })

  it('is timed-out if Windows does not answer', async () => {
    fake.plan({hang: true})
    expect(await refusalOf(open(run, 1000).get(ada))).to.include({problem: 'timed-out'})
  })
})
