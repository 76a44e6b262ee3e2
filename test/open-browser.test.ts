import {expect} from 'chai'
import {openBrowser} from '../src/open-browser.js'
import {openSandbox, type Sandbox} from './support/sandbox.js'
import {until} from './support/listen.js'
import {thrownBy} from './support/thrown-by.js'
import {UserError} from '../src/user-error.js'
import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'

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

  for (const url of ['https://cli-auth.heroku.com/auth/browser/x?y=z', 'http://127.0.0.1:5000/x'])
    it(`opens ${url}`, async () => {
      expect(await visit(url)).to.deep.equal([])
      await until(() => existsSync(note))
      expect(readFileSync(note, 'utf8')).to.equal(url)
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
