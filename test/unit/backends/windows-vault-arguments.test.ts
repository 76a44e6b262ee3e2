import {expect} from 'chai'
import {readFileSync} from 'node:fs'
import {openWindowsVault} from '../../../src/backends/windows-vault.js'
import {ARGUMENTS, SCRIPT} from '../../../src/backends/windows-vault-script.js'

const page = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8')

describe('what powershell.exe gets as arguments', () => {
  it('is the same for every operation, account and token', async () => {
    const seen: (readonly string[])[] = []
    const vault = openWindowsVault({
      timeoutMs: 1000,
      run(_file, args) {
        seen.push(args)
        return Promise.resolve({status: 'exited', code: 0, stdout: 'heroku-keychain absent\n', stderr: ''})
      },
    })
    await vault.get('ada@example.com')
    await vault.get('bob@example.com')
    await vault.remove('ada@example.com')
    await vault.accounts()
    await vault.set({account: 'ada@example.com', token: 'HRKU-1'}).catch(() => undefined)
    expect(seen).to.deep.equal(Array(5).fill(ARGUMENTS))
  })

  it('decodes as docs/security.md says', () => {
    expect(page).to.include('[Text.Encoding]::Unicode.GetString([Convert]::FromBase64String(')
    expect(Buffer.from(ARGUMENTS.at(-1) ?? '', 'base64').toString('utf16le')).to.equal(SCRIPT)
    const [, beginning = 'none'] = /The text begins with `([^`]+)`/u.exec(page) ?? []
    expect(SCRIPT.startsWith(beginning)).to.equal(true)
  })
})
