// What the contract does not reach of the script, in a real PowerShell 7: `npm run test:powershell`.
import {expect} from 'chai'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import type {Backend} from '../../src/backends/backend.js'
import {openWindowsVault} from '../../src/backends/windows-vault.js'
import {ARGUMENTS, SCRIPT} from '../../src/backends/windows-vault-script.js'
import {run, type RunTool} from '../../src/process/run.js'
import {
  installPowershell,
  POWERSHELL_ENV,
  pwsh,
  type RealPowershell,
  replacedTypes,
  withoutAssembly,
} from '../support/powershell.js'
import {refusalOf as errorOf} from '../support/thrown-by.js'

const account = 'ada@example.com'
const token = 'HRKU-0123-the-token'
const item = {resource: 'heroku-cli', userName: account, password: token}
const timeoutMs = 30_000
const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('the script for Windows, in PowerShell 7', () => {
  let powershell: RealPowershell
  let vault: Backend
  let printed: string | undefined

  before(() => {
    powershell = installPowershell()
    const record: RunTool = async (...call) => {
      const result = await run(...call)
      printed = result.status === 'exited' ? result.stdout : undefined
      return result
    }
    vault = openWindowsVault({run: record, timeoutMs, program: powershell.program})
  })
  beforeEach(() => {
    powershell.plan({})
  })
  after(() => {
    powershell.uninstall()
  })

  const answerTo = async (input: string, program = powershell.program) => {
    const result = await run(program, [...ARGUMENTS], {input, timeoutMs})
    if (result.status !== 'exited') throw new Error(JSON.stringify(result))
    return {code: result.code, stdout: result.stdout}
  }

  it('is changed in two type literals alone, which name no assembly then', () => {
    const types = ['PasswordVault', 'PasswordCredential'].map((type) => `Windows.Security.Credentials.${type}`)
    expect(replacedTypes(SCRIPT)).to.deep.equal(types)
    let restored = withoutAssembly(SCRIPT)
    expect(restored).not.to.include('WindowsRuntime')
    for (const type of types) {
      expect(restored.split(`[${type}]`)).to.have.length(2)
      restored = restored.replace(`[${type}]`, `[${type},Windows.Security.Credentials,ContentType=WindowsRuntime]`)
    }
    expect(restored).to.equal(SCRIPT)
  })

  it('reports a missing vault with the script and the arguments unchanged', async () => {
    const program = pwsh()
    const unchanged = openWindowsVault({
      run: (file, args, options) => run(file, args, {...options, env: {...options.env, ...POWERSHELL_ENV}}),
      timeoutMs,
      program,
    })
    expect(await errorOf(unchanged.get(account))).to.include({
      problem: 'unavailable',
      message: 'this Windows has no password vault (0x80131501)',
    })
  })

  it('stores the plain token under the resource heroku-cli, and leaves other items alone', async () => {
    const other = {resource: 'https://example.com', userName: account, password: 'x'}
    powershell.plan({}, other)
    await vault.set({account, token})
    expect(await vault.accounts()).to.deep.equal([account])
    expect(powershell.items()).to.deep.equal([other, item])
  })

  it('lists no accounts of an empty vault', async () => {
    expect(await vault.accounts()).to.deep.equal([])
  })

  describe('with a vault that ignores case and soft hyphens in names', () => {
    for (const name of [account.toUpperCase(), 'a\u00ADda@example.com']) {
      const shown = JSON.stringify(name)

      it(`finds no token under ${shown}, and removes none`, async () => {
        powershell.plan({fold: true}, item)
        expect(await vault.get(name)).to.equal(undefined)
        expect(await vault.remove(name)).to.equal(false)
        expect(powershell.items()).to.deep.equal([item])
      })

      it(`refuses to store under ${shown}, and keeps the other account's token`, async () => {
        powershell.plan({fold: true}, item)
        expect(await errorOf(vault.set({account: name, token: 'HRKU-new'}))).to.include({
          problem: 'refused',
          message: 'the Windows password vault holds an account whose name differs in case alone',
        })
        expect(powershell.items()).to.deep.equal([item])
      })
    }

    it('replaces the token of the same name', async () => {
      powershell.plan({fold: true}, item)
      await vault.set({account, token: 'HRKU-new'})
      expect(powershell.items()).to.deep.equal([{...item, password: 'HRKU-new'}])
    })
  })

  describe('reports the HRESULT of each step', () => {
    const set = () => vault.set({account, token})
    const get = () => vault.get(account)
    const remove = () => vault.remove(account)
    const accounts = () => vault.accounts()
    const steps: [step: string, call: string, action: () => Promise<unknown>][] = [
      ['open', 'PasswordVault 1', get],
      ['add', 'PasswordCredential 1', set],
      ['add', 'Add 1', set],
      ['look', 'Retrieve 2', set],
      ['look', 'Retrieve 1', get],
      ['look', 'Retrieve 1', remove],
      ['look', 'FindAllByResource 1', accounts],
      ['remove', 'Remove 1', remove],
      ['gone', 'Retrieve 2', remove],
    ]
    for (const [step, call, action] of steps)
      it(`${step}, by ${call}, of ${action.name}`, async () => {
        powershell.plan({fail: {[call]: ['80004005', '800706BA']}}, item)
        expect(await errorOf(action())).to.include(
          step === 'open'
            ? {problem: 'unavailable', message: 'this Windows has no password vault (0x800706BA)'}
            : {problem: 'failed', message: 'the Windows password vault failed (0x800706BA)'},
        )
        expect(printed).to.equal(`heroku-keychain error ${step} 80131501 80004005 800706BA\n`)
      })

    it('leaves the report of a failed search for a twin to Add', async () => {
      powershell.plan({fail: {'Retrieve 1': ['800706BA'], 'Add 1': ['80070005']}})
      expect(await errorOf(set())).to.include({message: 'the Windows password vault failed (0x80070005)'})
    })

    for (const [verb, action] of Object.entries({get, set, remove, accounts}))
      it(`0x80070520, in a logon session without a vault: ${verb}`, async () => {
        const fail = Object.fromEntries(
          ['Add 1', 'Retrieve 1', 'FindAllByResource 1'].map((call) => [call, ['80070520']]),
        )
        powershell.plan({fail}, item)
        expect(await errorOf(action())).to.include({
          problem: 'unavailable',
          message: 'the Windows password vault is closed to this logon session (SSH, WinRM or a service)',
        })
      })

    it('0x80070490 of Remove, if another program was faster', async () => {
      powershell.plan({fail: {'Remove 1': ['80070490']}}, item)
      expect(await remove()).to.equal(true)
    })

    it('0x80070490 of Add, which is no missing item', async () => {
      powershell.plan({fail: {'Add 1': ['80070490']}})
      expect(await errorOf(set())).to.include({message: 'the Windows password vault failed (0x80070490)'})
    })

    for (const [what, input] of Object.entries({
      nothing: '',
      'a request cut short': `remove ${base64(account)}`,
      'no base64': 'get ??? \n',
    }))
      it(`start, if stdin has ${what}, and changes nothing`, async () => {
        powershell.plan({}, item)
        const {code, stdout} = await answerTo(input)
        expect(code).to.equal(0)
        expect(stdout).to.match(/^heroku-keychain error start(?: [\dA-F]{8})+\n$/u)
        expect(powershell.items()).to.deep.equal([item])
      })
  })

  it('fails to store if Add silently keeps the old token', async () => {
    powershell.plan({dropAdd: true}, {...item, password: 'HRKU-old'})
    expect(await errorOf(vault.set({account, token}))).to.include({
      message: 'the Windows password vault did not keep the token as it was stored',
    })
  })

  it('fails to remove if the token is still there', async () => {
    powershell.plan({dropRemove: true}, item)
    expect(await errorOf(vault.remove(account))).to.include({
      message: 'the Windows password vault still holds the token',
    })
  })

  it('ends in constrained language mode with a clear error, before any answer', async () => {
    const constrained = installPowershell({
      prelude: `$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'`,
    })
    try {
      expect(await answerTo(`get ${base64(account)} \n`, constrained.program)).to.deep.equal({code: 77, stdout: ''})
      const closed = openWindowsVault({run, timeoutMs, program: constrained.program})
      expect(await errorOf(closed.get(account))).to.include({
        problem: 'denied',
        message: 'a policy keeps Windows PowerShell in constrained language mode',
      })
    } finally {
      constrained.uninstall()
    }
  })

  it('runs in another culture, with other rules for letters and another code page for text', async () => {
    const turkish = installPowershell({
      prelude: `
        [System.Globalization.CultureInfo]::CurrentCulture = 'tr-TR'
        $codePage = [System.Text.CodePagesEncodingProvider]::Instance.GetEncoding(857)
        [System.Console]::OutputEncoding = $codePage
        [System.Console]::InputEncoding = $codePage`,
    })
    try {
      const there = openWindowsVault({run, timeoutMs, program: turkish.program})
      const name = 'Işık.İLK.日本.\u{1F600}@example.com'
      await there.set({account: name, token})
      expect(await there.get(name)).to.equal(token)
      expect(await there.accounts()).to.deep.equal([name])
      expect(await there.get('IŞIK.İLK.日本.\u{1F600}@example.com')).to.equal(undefined)
      expect(turkish.items()).to.deep.equal([{...item, userName: name}])
    } finally {
      turkish.uninstall()
    }
  })

  it('sends and returns a token with letters that are not ASCII, which src refuses before', async () => {
    const odd = 'HRKÜ-日本-\u{1F600}'
    const input = `set ${base64(account)} ${base64(odd)}\n`
    expect(await answerTo(input)).to.deep.equal({code: 0, stdout: `heroku-keychain token ${base64(odd)}\n`})
    expect(powershell.items()).to.deep.equal([{...item, password: odd}])
  })

  describe('reads stdin', () => {
    it('in pieces of one byte, which split each letter of the account', async () => {
      const slow = openWindowsVault({run, timeoutMs, program: powershell.slowly})
      const name = 'åda.日本.\u{1F600}@пример.рф'
      await slow.set({account: name, token})
      expect(await slow.get(name)).to.equal(token)
      expect(powershell.items()).to.deep.equal([{...item, userName: name}])
    })

    it('up to the newline, and answers while stdin is still open', async () => {
      powershell.plan({}, item)
      const child = spawn(powershell.program, [...ARGUMENTS], {stdio: ['pipe', 'pipe', 'ignore']})
      child.stdin.write(`get ${base64(account)} \n`)
      const chunks: Buffer[] = []
      child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
      expect(await once(child, 'close')).to.deep.equal([0, null])
      expect(Buffer.concat(chunks).toString()).to.equal(`heroku-keychain token ${base64(token)}\n`)
    })

    it('with a carriage return before the newline', async () => {
      powershell.plan({}, item)
      expect(await answerTo(`get ${base64(account)} \r\n`)).to.deep.equal({
        code: 0,
        stdout: `heroku-keychain token ${base64(token)}\n`,
      })
    })
  })
})
