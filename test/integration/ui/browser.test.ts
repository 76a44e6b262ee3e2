import {expect} from 'chai'
import {openBrowser} from '../../../src/ui/browser.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'
import {until} from '../../support/listen.js'
import {thrownBy} from '../../support/thrown-by.js'
import {UserError} from '../../../src/errors.js'
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'

const OPEN = fileURLToPath(new URL('../../fixtures/heroku/open-browser.ts', import.meta.url))

describe('opening a browser', () => {
  let sandbox: Sandbox
  let note: string

  beforeEach(() => {
    sandbox = openSandbox()
    note = join(sandbox.root, 'opened')
    const browser = join(sandbox.bin, 'a-browser')
    writeFileSync(browser, `#!/bin/sh\nprintf '%s' "$1" >'${note}.part'; mv '${note}.part' '${note}'\n`, {mode: 0o755})
  })
  afterEach(() => sandbox.close())

  const visit = (url: string) => {
    const problems: string[] = []
    return openBrowser(url, join(sandbox.bin, 'a-browser'), (problem) => problems.push(problem)).then(() => problems)
  }

  /** In a new process: resolves once all its children have exited. */
  const started = async (url: string, browser: string, platform: string = process.platform, env = {}) => {
    const args = ['--import', import.meta.resolve('tsx'), OPEN, url, browser, platform]
    const {exitCode, stderr, stdout} = await sandbox.run('node', args, {env})
    expect(exitCode, stderr).to.equal(0)
    return stdout
  }

  for (const url of ['https://cli-auth.heroku.com/auth/browser/x?y=z', 'http://127.0.0.1:5000/x'])
    it(`opens ${url}`, async () => {
      expect(await visit(url)).to.deep.equal([])
      await until(() => existsSync(note))
      expect(readFileSync(note, 'utf8')).to.equal(url)
    })

  for (const [url, opened] of [
    ['https://sso.example.com/$(touch PWNED)?a=b&c=d#e', 'https://sso.example.com/%24%28touch%20PWNED%29?a=b&c=d#e'],
    ["https://sso.example.com/';calc;'", 'https://sso.example.com/%27%3Bcalc%3B%27'],
    ['https://sso.example.com/?x=`calc`"|^<>{}', 'https://sso.example.com/?x=%60calc%60%22%7C%5E%3C%3E%7B%7D'],
    ['https://$(calc)@sso.example.com/', 'https://%24%28calc%29@sso.example.com/'],
    [
      'https://sso.example.com/\u2019;calc;\u2018\n$env:X',
      'https://sso.example.com/%E2%80%99%3Bcalc%3B%E2%80%98%24env:X',
    ],
    ['https://sso.example.com/100%', 'https://sso.example.com/100%'],
  ] as const) {
    it(`percent-encodes characters that a shell interprets: ${JSON.stringify(url)}`, async () => {
      expect(await visit(url)).to.deep.equal([])
      await until(() => existsSync(note))
      expect(readFileSync(note, 'utf8')).to.equal(opened)
    })

    it(`passes PowerShell only a quoted URL: ${JSON.stringify(url)}`, async () => {
      // The program that `open` starts on Windows; here it is the name of one file.
      const powershell = `${sandbox.root}/windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe`
      writeFileSync(powershell, `#!/bin/sh\nfor last; do :; done; printf '%s' "$last" >'${note}'\n`, {mode: 0o755})
      await started(url, '', 'win32', {SYSTEMROOT: `${sandbox.root}/windows`})
      const script = Buffer.from(readFileSync(note, 'utf8'), 'base64').toString('utf16le')
      expect(script).to.equal(`$ProgressPreference = 'SilentlyContinue'; Start '${opened}'`)
    })
  }

  for (const variable of ['SYSTEMROOT', 'windir'])
    it(`starts no PowerShell of the current folder if ${variable} is relative`, async () => {
      const powershell = join(sandbox.home, String.raw`windows\System32\WindowsPowerShell\v1.0\powershell.exe`)
      writeFileSync(powershell, `#!/bin/sh\n: >'${note}'\n`, {mode: 0o755})
      // `open` looks for a path, so not on PATH, only with a slash in it.
      await started('https://cli-auth.heroku.com/', '', 'win32', {[variable]: './windows'})
      expect(existsSync(note)).to.equal(false)
    })

  for (const name of [
    'firefox; calc',
    "x'; calc; '",
    '$(calc)',
    '`calc`',
    '"x"',
    '-x',
    'a\nb',
    'x|y',
    'a&b',
    '%PATH%',
    '',
  ])
    it(`rejects ${JSON.stringify(name)} as a browser's name`, async () => {
      const error = await thrownBy(openBrowser('https://cli-auth.heroku.com/', name, () => undefined))
      expect(error).to.be.instanceOf(UserError)
      expect(error).to.include({
        message: '--browser takes the name of a browser, such as firefox',
        hint: 'heroku login --browser firefox',
      })
    })

  for (const name of ['Google Chrome', 'firefox-esr', 'C:\\Program Files (x86)\\Google\\chrome.exe', 'Пример'])
    it(`accepts ${name} as a name, and reports that it cannot be started`, async () => {
      expect(await started('https://cli-auth.heroku.com/', name)).to.include('cannot open a browser')
    })

  for (const path of ['', '.', './', 'here', '..'])
    for (const [what, browser] of [
      ['that is looked for', ''],
      ['by name', 'w3m'],
    ] as const)
      it(`starts no browser ${what} of the current folder, as with ${JSON.stringify(path)} in PATH`, async () => {
        const planted = `#!/bin/sh\ntouch '${note}'\n`
        mkdirSync(join(sandbox.home, 'here'))
        for (const folder of [sandbox.home, sandbox.root, join(sandbox.home, 'here')])
          writeFileSync(join(folder, 'w3m'), planted, {mode: 0o755})
        const PATH = [path, ...(sandbox.env.PATH ?? '').split(':'), path].join(':')
        const other = join(sandbox.root, 'other')
        writeFileSync(join(sandbox.bin, 'a-browser'), `#!/bin/sh\ntouch '${other}'\n`, {mode: 0o755})
        // xdg-open tries the browsers of the list one after the other.
        const env = {PATH, BROWSER: 'w3m:a-browser'}
        const said = await started('https://cli-auth.heroku.com/', browser, process.platform, env)
        if (browser === '') await until(() => existsSync(other) || existsSync(note))
        else expect(said).to.include('cannot open a browser')
        expect(existsSync(note)).to.equal(false)
      })

  for (const url of [
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    'ftp://example.com/',
    'smb://example.com/x',
    'mailto:ada@example.com',
    'x-apple.systempreferences:',
    '/etc/passwd',
    '--new-window',
    '',
  ])
    it(`does not open ${JSON.stringify(url)}`, async () => {
      const error = await thrownBy(visit(url))
      expect(error).to.be.instanceOf(UserError)
      expect(error.message).to.include('not an http(s) URL')
      expect(existsSync(note)).to.equal(false)
    })
})
