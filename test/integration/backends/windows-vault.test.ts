import {expect} from 'chai'
import type {Backend} from '../../../src/backends/backend.js'
import {StorageError} from '../../../src/errors.js'
import {openWindowsVault} from '../../../src/backends/windows-vault.js'
import {type RunTool, run} from '../../../src/process/run.js'
import {describeKeychain} from '../../contract/keychain-contract.js'
import {
  type FakePowershell,
  installFakePowershell,
  type Plan,
  runInThread,
} from '../../fixtures/windows/fake-powershell.js'

const account = 'ada@example.com'
const token = 'HRKU-0123-the-token'
const item = {resource: 'heroku-cli', userName: account, password: token}

describe('windows-vault', () => {
  let fake: FakePowershell
  let vault: Backend

  beforeEach(() => {
    fake = installFakePowershell()
    vault = openWindowsVault({run, timeoutMs: 10_000, program: fake.program})
  })

  afterEach(() => {
    fake.uninstall()
  })

  const errorOf = async (action: Promise<unknown>): Promise<StorageError> => {
    const error: unknown = await action.then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(error, 'nothing was thrown').to.be.instanceOf(StorageError)
    return error as StorageError
  }

  describe('with a case-sensitive PasswordVault', () => {
    const shared = installFakePowershell()
    after(shared.uninstall)
    const open = () => Promise.resolve(openWindowsVault({run, timeoutMs: 10_000, program: shared.program}))
    describeKeychain('windows-vault', open, {longestToken: () => 512})
  })

  describe('with a case-insensitive PasswordVault', () => {
    const shared = installFakePowershell({foldCase: true})
    after(shared.uninstall)
    const open = () => Promise.resolve(openWindowsVault({run: runInThread, timeoutMs: 10_000, program: shared.program}))
    describeKeychain('windows-vault', open, {longestToken: () => 512, mayFoldCase: true})

    it('refuses to replace an account that differs only in case, and leaves it unchanged', async () => {
      fake.plan({foldCase: true})
      fake.put(item)
      const error = await errorOf(vault.set({account: account.toUpperCase(), token: 'HRKU-new'}))
      expect(error).to.include({problem: 'refused'})
      expect(fake.items()).to.deep.equal([item])
    })

    it('does not remove an account that differs only in case', async () => {
      fake.plan({foldCase: true})
      fake.put(item)
      expect(await vault.remove(account.toUpperCase())).to.equal(false)
      expect(fake.items()).to.deep.equal([item])
    })
  })

  it('stores the plain token like the Heroku CLI: resource heroku-cli, user name = account', async () => {
    await vault.set({account, token})
    expect(fake.items()).to.deep.equal([item])
  })

  it('lists no accounts of an empty vault', async () => {
    expect(await vault.accounts()).to.deep.equal([])
  })

  it("does not list other programs' items", async () => {
    fake.put(item, {resource: 'https://example.com', userName: 'bob@example.com', password: 'x'})
    expect(await vault.accounts()).to.deep.equal([account])
  })

  it('starts one process for each operation', async () => {
    await vault.set({account, token})
    await vault.get(account)
    await vault.remove(account)
    await vault.accounts()
    expect(fake.calls()).to.have.length(4)
  })

  it('keeps the token out of arguments and environment, and sends it as base64 on stdin', async () => {
    await vault.set({account, token})
    await vault.get(account)
    await vault.remove(account)
    const encoded = (encoding: BufferEncoding) => Buffer.from(token).toString(encoding)
    const utf16 = Buffer.from(token, 'utf16le')
    const forms = [token, encoded('base64'), encoded('hex'), utf16.toString('base64'), utf16.toString('hex')]
    for (const {args, env} of fake.calls()) {
      const script = Buffer.from(args.at(-1) ?? '', 'base64').toString('utf16le')
      const visible = [...args, script, ...Object.keys(env), ...Object.values(env)].join('\n')
      for (const form of forms) expect(visible).not.to.include(form)
      expect(visible).not.to.include(account)
    }
    const b64Account = Buffer.from(account).toString('base64')
    expect(fake.calls().map(({input}) => input)).to.deep.equal([
      `set ${b64Account} ${encoded('base64')}\n`,
      `get ${b64Account} \n`,
      `remove ${b64Account} \n`,
    ])
  })

  it('removes PSModulePath, in any case, and HEROKU_API_KEY from the environment', async () => {
    const ours = {PSModulePath: 'a', PSMODULEPATH: 'b', psmodulepath: 'c', HEROKU_API_KEY: token}
    Object.assign(process.env, ours)
    try {
      await vault.get(account)
    } finally {
      for (const name of Object.keys(ours)) Reflect.deleteProperty(process.env, name)
    }
    const names = Object.keys(fake.calls()[0]?.env ?? {})
    expect(names).to.include('PATH')
    expect(names.filter((name) => /^(psmodulepath|heroku_api_key)$/iu.test(name))).to.deep.equal([])
  })

  it('starts nothing for a token of over 512 characters', async () => {
    expect(await errorOf(vault.set({account, token: 'x'.repeat(513)}))).to.include({problem: 'refused'})
    expect(fake.calls()).to.deep.equal([])
  })

  it('ignores progress on stderr', async () => {
    fake.plan({noise: true})
    await vault.set({account, token})
    expect(await vault.get(account)).to.equal(token)
  })

  it('fails to store if Add silently keeps the old token', async () => {
    fake.put({...item, password: 'HRKU-old'})
    fake.plan({dropAdd: true})
    expect(await errorOf(vault.set({account, token}))).to.include({problem: 'failed'})
  })

  it('fails to store if Add silently stores nothing', async () => {
    fake.plan({dropAdd: true})
    expect(await errorOf(vault.set({account, token}))).to.include({problem: 'failed'})
  })

  it('fails to store if the read-back does not match', async () => {
    fake.plan({changeToken: true})
    expect(await errorOf(vault.set({account, token}))).to.include({problem: 'failed'})
  })

  it('fails to remove if the token is still there', async () => {
    fake.put(item)
    fake.plan({dropRemove: true})
    const error = await errorOf(vault.remove(account))
    expect(error).to.include({problem: 'failed', message: 'the Windows password vault still holds the token'})
  })

  it('reports a token as removed if another program removes it at the same moment', async () => {
    fake.put(item)
    fake.plan({hresults: {remove: ['80131501', '80070490']}})
    expect(await vault.remove(account)).to.equal(true)
  })

  it('has a hint for a logon session without a vault', async () => {
    fake.plan({hresults: {look: ['80131501', '80070520'], add: ['80131501', '80070520', '80004005']}})
    const verbs = [vault.get(account), vault.set({account, token}), vault.remove(account), vault.accounts()]
    for (const error of await Promise.all(verbs.map(errorOf))) {
      expect(error).to.include({problem: 'unavailable'})
      expect(error.hint).to.match(/HEROKU_API_KEY.*HEROKU_NETRC_WRITE=true/u)
    }
  })

  it('reports constrained language mode', async () => {
    fake.plan({stdout: '', exitCode: 77})
    const error = await errorOf(vault.get(account))
    expect(error).to.include({problem: 'denied'})
    expect(error.message).to.include('constrained language mode')
  })

  it('is unavailable on a Windows without the type', async () => {
    fake.plan({hresults: {open: ['80131501']}})
    expect(await errorOf(vault.get(account))).to.include({
      problem: 'unavailable',
      message: 'this Windows has no password vault (0x80131501)',
    })
  })

  it('is unavailable without powershell.exe', async () => {
    const none = openWindowsVault({run, timeoutMs: 10_000, program: `${fake.program}.none`})
    expect(await errorOf(none.get(account))).to.include({problem: 'unavailable'})
  })

  it('names the innermost HRESULT of any other failure', async () => {
    fake.plan({hresults: {look: ['80131501', '80004005', '800706BA']}})
    expect(await errorOf(vault.get(account))).to.include({
      problem: 'failed',
      message: 'the Windows password vault failed (0x800706BA)',
    })
  })

  it('does not take not-found for a missing item after Add', async () => {
    fake.plan({hresults: {add: ['80131501', '80070490']}})
    expect(await errorOf(vault.set({account, token}))).to.include({problem: 'failed'})
  })

  it('ends a PowerShell that does not answer', async () => {
    const hasty = openWindowsVault({run, timeoutMs: 600, program: fake.program})
    fake.plan({hang: true})
    expect(await errorOf(hasty.get(account))).to.include({problem: 'timed-out'})
  })

  const b64 = Buffer.from(token).toString('base64')
  const garbage: Record<string, Plan> = {
    nothing: {stdout: ''},
    'something else': {stdout: 'Windows PowerShell\r\nCopyright (C) Microsoft Corporation.\r\n'},
    'an answer without its newline': {cut: -1},
    'half an answer': {cut: 30},
    'a line before the answer': {stdout: `hello\nheroku-keychain token ${b64}\n`},
    'a line after the answer': {stdout: `heroku-keychain token ${b64}\nhello\n`},
    'two answers': {stdout: `heroku-keychain token ${b64}\nheroku-keychain absent\n`},
    'a byte order mark before the answer': {stdout: `\uFEFFheroku-keychain token ${b64}\n`},
    'two tokens': {stdout: `heroku-keychain token ${b64} ${b64}\n`},
    'a token that is no base64': {stdout: `heroku-keychain token ${b64.slice(0, -1)}\n`},
    'a token that is no UTF-8': {stdout: 'heroku-keychain token //79\n'},
    'an empty token': {stdout: 'heroku-keychain token \n'},
    'absent, and more': {stdout: `heroku-keychain absent ${b64}\n`},
    'an unknown answer': {stdout: 'heroku-keychain perhaps\n'},
    'an answer to another question': {stdout: `heroku-keychain accounts ${b64}\n`},
    'an error without HRESULT': {stdout: 'heroku-keychain error look\n'},
    'an error with a HRESULT that is none': {stdout: `heroku-keychain error look ${b64}\n`},
    'an answer and exit code 1': {exitCode: 1},
    'exit code 1 and nothing': {stdout: '', exitCode: 1},
  }
  for (const [what, plan] of Object.entries(garbage)) {
    it(`fails on ${what}, without repeating it`, async () => {
      fake.put(item)
      fake.plan(plan)
      const error = await errorOf(vault.get(account))
      expect(error).to.include({problem: 'failed'})
      const shown = JSON.stringify([error.message, error.hint, error.stack, error.cause, error])
      for (const secret of [token, b64, 'hello', 'Copyright']) expect(shown).not.to.include(secret)
    })
  }

  describe('looks for powershell.exe', () => {
    const programFor = async (env: NodeJS.ProcessEnv) => {
      let program = ''
      const record: RunTool = (file) => {
        program = file
        return Promise.resolve({status: 'not-started', code: 'ENOENT'})
      }
      await errorOf(openWindowsVault({run: record, timeoutMs: 1000, env}).accounts())
      return program
    }

    const tail = String.raw`\System32\WindowsPowerShell\v1.0\powershell.exe`

    it("under SystemRoot, in any case of the variable's name", async () => {
      expect(await programFor({SystemRoot: String.raw`D:\WINNT`})).to.equal(String.raw`D:\WINNT` + tail)
      expect(await programFor({SYSTEMROOT: 'E:\\Win\\'})).to.equal(String.raw`E:\Win` + tail)
    })

    for (const root of [
      undefined,
      '',
      'Windows',
      '\\Windows',
      'C:Windows',
      '\\\\server\\share',
      '\\\\?\\C:\\x',
      '/c/Windows',
    ])
      it(`under C:\\Windows if SystemRoot is ${root ?? 'not set'}`, async () => {
        expect(await programFor(root === undefined ? {} : {SystemRoot: root})).to.equal(String.raw`C:\Windows` + tail)
      })
  })
})
