import {expect} from 'chai'
import {
  exportHint,
  fromFileHint,
  type System,
  terminalHint,
  unsetHint,
  withVariableHint,
} from '../../../src/ui/shell-hints.js'

const POSIX = [
  'unset HEROKU_API_KEY',
  'export HEROKU_ACCOUNT=ACCOUNT',
  'HEROKU_NETRC_WRITE=true heroku logout',
  'heroku login --with-token < token.txt',
]
const WINDOWS = [
  'unset HEROKU_API_KEY (PowerShell: Remove-Item Env:HEROKU_API_KEY; cmd: set HEROKU_API_KEY=)',
  "$env:HEROKU_ACCOUNT = 'ACCOUNT' (cmd: set HEROKU_ACCOUNT=ACCOUNT)",
  'cmd /c "set HEROKU_NETRC_WRITE=true&& heroku logout"',
  'type token.txt | heroku login --with-token',
]
const hints = (system: System) => [
  unsetHint('HEROKU_API_KEY', system),
  exportHint('HEROKU_ACCOUNT', 'ACCOUNT', system),
  withVariableHint('HEROKU_NETRC_WRITE', 'true', 'heroku logout', system),
  fromFileHint('heroku login --with-token', 'token.txt', system),
]

describe('hints for a shell', () => {
  for (const platform of ['linux', 'darwin'] as const)
    it(`are for a POSIX shell on ${platform}`, () => {
      expect(hints({env: {}, platform})).to.deep.equal(POSIX)
      expect(hints({env: {PSModulePath: '/opt/powershell/Modules'}, platform})).to.deep.equal(POSIX)
    })

  for (const [what, env] of [
    ['nothing', {}],
    ['PSModulePath, which is no proof of PowerShell,', {PSModulePath: String.raw`C:\Modules`}],
  ] as const)
    it(`are for PowerShell and cmd on Windows where ${what} is set`, () => {
      expect(hints({env, platform: 'win32'})).to.deep.equal(WINDOWS)
    })

  for (const env of [{MSYSTEM: 'MINGW64'}, {SHELL: '/usr/bin/bash'}])
    it(`are for a POSIX shell on Windows where ${Object.keys(env).join()} is set`, () => {
      expect(hints({env, platform: 'win32'})).to.deep.equal(POSIX)
    })
})

describe('the hint where there is no terminal', () => {
  const PIPE = 'pipe a token to heroku login --with-token, or set HEROKU_API_KEY'

  it('is winpty in Git Bash', () => {
    expect(terminalHint('heroku', {env: {MSYSTEM: 'MINGW64'}, platform: 'win32'})).to.equal('winpty heroku login')
  })

  it('is to pipe a token anywhere else, and in a CI job in Git Bash', () => {
    for (const system of [
      {env: {}, platform: 'win32'},
      {env: {MSYSTEM: 'MINGW64', CI: 'true'}, platform: 'win32'},
      {env: {MSYSTEM: 'MINGW64'}, platform: 'linux'},
    ] as const)
      expect(terminalHint('heroku', system)).to.equal(PIPE)
  })
})
