// What `open` passes to PowerShell on Windows, in a real PowerShell 7: `npm run test:powershell`.
import {expect} from 'chai'
import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {run} from '../../src/process/run.js'
import {encodeCommand, POWERSHELL_ENV, pwsh} from '../support/powershell.js'
import {openSandbox, type Sandbox} from '../support/sandbox.js'

const OPEN = fileURLToPath(new URL('../fixtures/heroku/open-browser.ts', import.meta.url))
const page = 'https://cli-auth.heroku.com/auth/browser/x?y=z&a=b#c'

/** What Start-Process got. */
interface Started {
  FilePath: string
  ArgumentList: string[] | null
}

describe('opening a browser on Windows, in PowerShell 7', () => {
  let sandbox: Sandbox
  let given: string
  let started: string

  beforeEach(() => {
    sandbox = openSandbox()
    given = join(sandbox.root, 'given')
    started = join(sandbox.root, 'started')
    // The program that `open` starts on Windows; here it is the name of one file. It records its arguments.
    const powershell = `${sandbox.root}/windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe`
    writeFileSync(powershell, `#!/bin/sh\nprintf '%s\\n' "$@" >'${given}'\n`, {mode: 0o755})
  })
  afterEach(() => sandbox.close())

  const argumentsOf = async (url: string, browser: string) => {
    const args = ['--import', import.meta.resolve('tsx'), OPEN, url, browser, 'win32']
    const result = await sandbox.run('node', args, {env: {SYSTEMROOT: `${sandbox.root}/windows`}})
    return {...result, args: existsSync(given) ? readFileSync(given, 'utf8').split('\n').slice(0, -1) : []}
  }

  /** Runs the arguments, the last of which is an encoded script, and returns the programs that it starts. */
  const programsOf = async (args: string[]) => {
    // `Start` is an alias of Start-Process on Windows alone.
    const prelude = `
      function Start-Process { param([string] $FilePath, [string[]] $ArgumentList)
        $one = ConvertTo-Json -Compress -InputObject @{FilePath = $FilePath; ArgumentList = $ArgumentList}
        [System.IO.File]::AppendAllText('${started}', $one + [char]10) }
      function calc { Start-Process calc }
      Set-Alias Start Start-Process
      `
    const script = Buffer.from(args.at(-1) ?? '', 'base64').toString('utf16le')
    const changed = [...args.slice(0, -1), encodeCommand(prelude + script)]
    const result = await run(pwsh(), changed, {env: POWERSHELL_ENV, timeoutMs: 30_000})
    expect(result).to.deep.equal({status: 'exited', code: 0, stdout: '', stderr: ''})
    const lines = readFileSync(started, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as Started)
  }

  for (const [url, opened] of [
    [page, page],
    ["https://sso.example.com/';calc;'", 'https://sso.example.com/%27%3Bcalc%3B%27'],
    ['https://sso.example.com/";calc;"', 'https://sso.example.com/%22%3Bcalc%3B%22'],
    ['https://sso.example.com/\u2019;calc;\u2018', 'https://sso.example.com/%E2%80%99%3Bcalc%3B%E2%80%98'],
    ['https://sso.example.com/$(calc)?x=$env:PATH', 'https://sso.example.com/%24%28calc%29?x=%24env:PATH'],
    ['https://sso.example.com/?x=`calc`&calc|calc', 'https://sso.example.com/?x=%60calc%60&calc%7Ccalc'],
    ['https://sso.example.com/@(calc)?[x]=%PATH%&{calc}', 'https://sso.example.com/@%28calc%29?[x]=%PATH%&%7Bcalc%7D'],
    ['https://sso.example.com/\ncalc\r\n?x=\ty', 'https://sso.example.com/calc?x=y'],
    ['https://sso.example.com/ -Verb RunAs', 'https://sso.example.com/%20-Verb%20RunAs'],
  ] as const)
    it(`starts one program, and gives it the URL alone: ${JSON.stringify(url)}`, async () => {
      const {args, exitCode, stderr} = await argumentsOf(url, '')
      expect(exitCode, stderr).to.equal(0)
      expect(await programsOf(args)).to.deep.equal([{FilePath: opened, ArgumentList: null}])
    })

  for (const browser of ['firefox', String.raw`C:\Program Files (x86)\Browser\a-browser.exe`])
    it(`starts the browser of --browser with the URL as its one argument: ${browser}`, async () => {
      const {args, exitCode, stderr} = await argumentsOf(page, browser)
      expect(exitCode, stderr).to.equal(0)
      expect(await programsOf(args)).to.deep.equal([{FilePath: browser, ArgumentList: [page]}])
    })

  for (const url of [
    'calc',
    'file:///C:/Windows/System32/calc.exe',
    "ms-settings:';calc;'",
    '-Verb\nRunAs',
    'javascript:calc',
  ])
    it(`starts no PowerShell for what is no http(s) URL: ${JSON.stringify(url)}`, async () => {
      const {args, exitCode, stderr} = await argumentsOf(url, '')
      expect(exitCode).not.to.equal(0)
      expect(stderr).to.include('not an http(s) URL')
      expect(args).to.deep.equal([])
    })

  it('would see a second program, which a curly quote starts where it is not percent-encoded', async () => {
    const script = `Start 'https://sso.example.com/\u2019;calc #'`
    const programs = await programsOf(['-NoProfile', '-NonInteractive', '-EncodedCommand', encodeCommand(script)])
    expect(programs.map(({FilePath}) => FilePath)).to.deep.equal(['https://sso.example.com/', 'calc'])
  })
})
